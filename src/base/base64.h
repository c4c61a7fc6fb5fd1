/* Base64 (RFC 4648). */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Append the n bytes as base64, padded (section 4). */
void	base64_encode(const void *, size_t n, struct buf *out);

/* The alphabet for URLs, without padding (section 5). */
void	base64_encode_url(const void *, size_t n, struct buf *out);
/* False when a character is none of it; then "out" has what was before. */
bool	base64_decode_url(const char *, struct buf *out);

#endif
