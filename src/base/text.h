/* Text of somebody else's that we show to people. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

struct buf;

/*
 * Copy text for a message: valid UTF-8, runs of white space and control bytes
 * as one space, secrets masked, cut at a character so that it fits "size".
 */
void	text_clean(const char *, size_t, char *out, size_t size);

/*
 * Put "***" in place of the user and the password of each address in it
 * ("http://user:password@host"), in place: it never gets longer than "size".
 */
void	text_mask_users(char *, size_t size);

/* How many bytes of it are valid UTF-8, from the beginning. Fast on ASCII. */
size_t	text_utf8_prefix(const char *, size_t);

/* Bytes of the valid UTF-8 character that begins here, 0 when none does. */
size_t	text_utf8_length(const char *, size_t);
/* The characters of valid UTF-8. */
size_t	text_chars(const char *, size_t);
/* A character, not half of one, as UTF-8: the number of bytes, 1 to 4. */
size_t	text_utf8_put(unsigned code, unsigned char utf8[4]);

/*
 * Append it, but U+FFFD for what is not UTF-8: one for each beginning of a
 * character that lacks its end, and for each other byte (Unicode, 3.9).
 */
void	text_utf8_repair(const char *, size_t, struct buf *out);

#endif
