/*
 * JSON text from templates that look like the recorded answers.
 *
 * jt(out, "{'index':%d,'delta':{'content':%s}}", 0, text) writes the template
 * with ' turned into ", and for
 *	%s	const char *, as a JSON string; NULL is null
 *	%d	int
 *	%l	int64_t
 *	%b	int, as true or false
 *	%r	const char *, JSON text that goes in as it is
 *	%j	json_object *, members in their own order
 *	%o	json_object *, members sorted by name
 */
#ifndef JT_H
#define JT_H

#include <stddef.h>

#include <json-c/json.h>

#include "base/buf.h"

void	 jt(struct buf *, const char *tmpl, ...);

void	 jt_string(struct buf *, const char *, size_t);
void	 jt_sorted(struct buf *, json_object *);

/* n random characters of the base64 alphabet, and a NUL. */
void	 random_base64(char *, size_t n);
/* "prefix" and n letters or digits; the name of a call, an answer, ... */
char	*random_id(const char *prefix, size_t n);
void	 base64(struct buf *, const void *, size_t);

/* The longest prefix of at most max bytes that ends between characters. */
size_t	 utf8_prefix(const char *, size_t n, size_t max);
int	 utf8_valid(const char *, size_t);

#endif
