/*
 * Auto: Copilot chooses the model. Free and Student accounts have nothing
 * else. A conversation has a session, whose token goes with each of its calls.
 * Pure functions on data.
 */
#ifndef AUTO_H
#define AUTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

/* The request for a session. */
struct auto_wish {
	char	*conversation;	/* names it */
	char	*prompt;	/* its last question */
	bool	 image;		/* there is one in it */
};
void	auto_wish_finish(struct auto_wish *);

struct auto_session {
	char	*token;
	char	*model;		/* an entry as in the list, as text */
	int64_t	 seconds;	/* that it lives */
};
void	auto_session_finish(struct auto_session *);

/*
 * The two forms: POST /auto, and POST /models/session, which is older. "now" is
 * the time by Copilot's clock.
 */
void	auto_ask_new(const struct auto_wish *, struct buf *body);
void	auto_ask_old(struct buf *body);
bool	auto_read(const char *body, size_t n, int64_t now,
	    struct auto_session *, struct err *);

#endif
