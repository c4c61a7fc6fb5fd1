/* A chat completion as OpenAI's first protocol prints it. */
#ifndef COMPLETIONS_ANSWER_H
#define COMPLETIONS_ANSWER_H

#include <stdbool.h>

#include <json-c/json.h>

struct buf;
struct chat_tap;
struct completions;

/* The answer of one request, a stream or a whole, which goes on to that tap. */
struct completions *completions_create(bool stream, const struct chat_tap *);
void	completions_destroy(void *);

/* A chat's tap: each chunk, or the whole, goes out as text_completion. */
void	completions_print(void *, json_object *chat, struct buf *out);

#endif
