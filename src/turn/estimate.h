/*
 * About what an answer took, where upstream was not heard out and so did not
 * say: the client left, a stop string came that is honoured here, the stream
 * broke. Rather too much than too little: nobody shall spend more than his
 * budget by leaving early.
 */
#ifndef TURN_ESTIMATE_H
#define TURN_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct model;
struct usage;

struct estimate {
	int64_t	sent;		/* tokens, about */
	int64_t	heard;		/* bytes of what the model said */
};

/* This was sent, the text of a request. Calls for one answer add up. */
void	estimate_request(struct estimate *, const char *, size_t);
/* This came: the data of an event of any protocol, and its name or NULL. */
void	estimate_event(struct estimate *, const char *name, const char *data,
	    size_t);

/*
 * Fill in what isn't known of the usage. The input counts as not cached, unless
 * upstream has said that it is; what was thought in secret counts as far as it
 * came, sealed. The price is that of the list; without one, or with a NULL
 * model, the price stays unknown.
 */
void	estimate_usage(const struct estimate *, const struct model *,
	    struct usage *);

#endif
