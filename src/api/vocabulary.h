/* Tokens of text, by OpenAI's vocabularies, as its models are billed for it. */
#ifndef VOCABULARY_H
#define VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct vocabulary;

extern const struct vocabulary vocabulary_cl100k; /* embeddings, GPT-4 */
extern const struct vocabulary vocabulary_o200k;  /* GPT-4o and later */

/* That of one of OpenAI's models, by its name. */
const struct vocabulary *vocabulary_of(const char *model);
const char *vocabulary_name(const struct vocabulary *);	/* "o200k_base" */

/*
 * Append the bytes of a token, which need not be whole characters. False when
 * there is no such token. Any thread; VOCABULARY_TOKEN_MAX bytes at the most.
 */
#define VOCABULARY_TOKEN_MAX 128
bool	vocabulary_decode(const struct vocabulary *, int64_t token,
	    struct buf *out);
/* How many bytes that would be; 0: there is no such token. */
size_t	vocabulary_bytes(const struct vocabulary *, int64_t token);

/*
 * How many tokens a text has; "each", which may be NULL, is told them in their
 * order. A text that looks like a special token is text, as in a request. Any
 * thread. The time is that of the length, whatever the text; a run of letters
 * or the like beyond VOCABULARY_PIECE_MAX bytes is cut there.
 */
#define VOCABULARY_PIECE_MAX (32u << 10)
int64_t	vocabulary_encode(const struct vocabulary *, const char *text,
	    size_t n, void (*each)(void *arg, int64_t token), void *arg);

#endif
