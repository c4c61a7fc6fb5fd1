/*
 * Whole answers of the usual form: all that is changed of them are members of
 * Copilot's own and the cost, so that the client's is put together from pieces
 * of upstream's text (base/peek.h), in a fraction of the time that its tree
 * takes. What this does not know goes the general way; tests/messages-whole-t
 * compares both.
 */
#ifndef MESSAGES_USUAL_ANSWER_H
#define MESSAGES_USUAL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct usage;

#define MESSAGES_PRIVATE "copilot_" /* how names begin of what Copilot adds */

/*
 * Append what the client gets for a whole Message of upstream's, and note its
 * usage. False, and nothing is done, when it is not of the usual form.
 */
bool	messages_usual_answer(const char *text, size_t n, struct usage *,
	    struct buf *out);

#endif
