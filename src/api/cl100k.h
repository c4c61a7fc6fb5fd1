/* Text from tokens of cl100k_base, the vocabulary of OpenAI's embeddings. */
#ifndef CL100K_H
#define CL100K_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/*
 * Append the bytes of a token, which need not be whole characters. False when
 * there is no such token. Any thread; 128 bytes at the most.
 */
bool	cl100k_decode(int64_t token, struct buf *out);

#endif
