/*
 * A look at a whole answer: is it of the usual form, and where is what the
 * client gets of it? chat/usual-answer.h prints that.
 */
#ifndef CHAT_USUAL_LOOK_H
#define CHAT_USUAL_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/peek.h"

struct chat_wanted;

#define CHAT_LOOK_MESSAGES	8	/* Claude has one for each call */
#define CHAT_LOOK_CALLS		16

struct chat_look {
	struct peek		 k;
	const struct chat_wanted *wanted;
	/* Where a value begins; without a text it is not there. */
	struct peek		 usage, bill, content, reasoning, others;
	struct peek		 messages[CHAT_LOOK_MESSAGES];
	size_t			 nmessages;
	struct peek_text	 id, model, fingerprint, created;
	struct peek_text	 calls[CHAT_LOOK_CALLS];	/* their ids */
	size_t			 ncalls;
	const char		*finish;	/* static; NULL: not said */
	size_t			 annotated;	/* the message, by its place */
	bool			 opaque;
	bool			 more;		/* members of the whole */
};

static inline bool
chat_look_is_there(const struct peek *value)
{
	return value->p != NULL;
}

/*
 * Look at the answer at the cursor "k"; "wanted" is set, all else is zeroed.
 * False: it is not of the usual form, or has thoughts that are to be kept.
 */
bool	chat_look(struct chat_look *);

/* Does a member of the message at "others", or of the whole, go on as it is? */
enum chat_look_object { CHAT_LOOK_MESSAGE, CHAT_LOOK_WHOLE };
bool	chat_look_passes(const struct chat_look *, enum chat_look_object,
	    const struct peek_text *name, const struct peek *value);

#endif
