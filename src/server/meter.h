/* An exchange is put into the metrics. */
#ifndef METER_H
#define METER_H

struct exchange;
struct server;

/*
 * When it is over: how long it took, what it used, as HTTP's status says; 499
 * for a client that left. Labels name models of the list only.
 */
void	meter(const struct exchange *, int status);
/* Upstream refused it with this status; 0: it did not answer. */
void	meter_refusal(const struct exchange *, int status);
/* It is made again, for this reason. */
void	meter_second(const struct exchange *, const char *reason);
/* How many are under way, and their memory: to be called when it changes. */
void	meter_load(const struct server *);

#endif
