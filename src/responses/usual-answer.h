/*
 * Whole answers of the usual form, with all that OpenAI's have: the client's is
 * put together from pieces of upstream's text (base/peek.h) and of the request,
 * in a fraction of the time that its tree takes. What this does not know goes
 * the general way (responses/object.h), as does what somebody keeps;
 * tests/responses-answer-t compares both.
 */
#ifndef RESPONSES_USUAL_ANSWER_H
#define RESPONSES_USUAL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct responses;
struct responses_ids;
struct usage;

/*
 * Append what the client gets for a whole response of upstream's, and note its
 * usage. False, and nothing is done, when it is not of the usual form, or there
 * were events before it.
 */
bool	responses_usual_answer(const char *text, size_t n,
	    const struct responses *, const struct responses_ids *,
	    struct usage *, struct buf *out);

#endif
