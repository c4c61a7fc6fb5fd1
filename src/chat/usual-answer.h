/*
 * Whole answers of the usual form: upstream sends hardly any others, and little
 * of their text has to be changed. So the client's is put together from pieces
 * of it (base/peek.h), in a fraction of the time that its tree takes. What this
 * does not know goes the general way, by chat/pieces.h and collect.h;
 * tests/chat-whole-t compares both.
 */
#ifndef CHAT_USUAL_ANSWER_H
#define CHAT_USUAL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct chat_wanted;
struct usage;

/*
 * Append what the client gets for a whole answer of upstream's, and note its
 * usage. False, and nothing is done, when it or what the client wants is not of
 * the usual form, or something has to be kept of it.
 */
bool	chat_usual_answer(const struct chat_wanted *, const char *text,
	    size_t n, struct usage *, struct buf *out);

#endif
