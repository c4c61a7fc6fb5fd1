/* The texts of upstream that hosts share: copilot/shared.h's questions. */
#ifndef SHARING_H
#define SHARING_H

struct copilot_shared;
struct server;
struct state_place;

/*
 * NULL: there is one host. It answers when the server has its loop and, unless
 * that is CGI, its workers.
 */
struct copilot_shared *sharing_create(struct server *,
	    const struct state_place *);
void	sharing_destroy(struct copilot_shared *);

#endif
