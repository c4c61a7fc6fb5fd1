/* The sessions of an account's conversations. On the loop's thread. */
#ifndef AUTOS_H
#define AUTOS_H

struct auto_session;
struct auto_wish;
struct conf;
struct copilot;
struct http;
struct loop;
struct fetch_waiter;

struct autos;

struct autos *autos_create(struct loop *, struct http *, struct copilot *);
void	autos_destroy(struct autos *);

/*
 * Have a session for that conversation that is good for some minutes; the
 * waiter is told once, and then autos_find() has it.
 */
void	autos_want(struct autos *, const struct auto_wish *, struct conf *,
	    struct fetch_waiter *);
const struct auto_session *autos_find(struct autos *,
	    const char *conversation);

#endif
