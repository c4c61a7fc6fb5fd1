/*
 * Runs of plain bytes in the strings of JSON. Texts are mostly made of them, so
 * these loops are most of what reading and printing a request costs: 16 bytes
 * at a time where the processor has SSE2, else 8.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buf.h"

#define PLAIN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline bool
plain_is(unsigned char c, bool ascii)
{
	return c >= ' ' && c != '"' && c != '\\' && !(ascii && c >= 0x80);
}

/*
 * Find those of eight bytes, the first in the low bits, that are not plain: the
 * high bit of each is set. A borrow may set more of them, but only above one
 * that is set rightly.
 */
static inline uint64_t
plain_ends(uint64_t v, bool ascii)
{
	uint64_t quote = v ^ PLAIN_EACH('"'), back = v ^ PLAIN_EACH('\\');
	uint64_t ends = ((quote - PLAIN_EACH(1)) & ~quote) |
	    ((back - PLAIN_EACH(1)) & ~back) | ((v - PLAIN_EACH(' ')) & ~v);

	return (ascii ? ends | v : ends) & PLAIN_EACH(0x80);
}

#ifdef __SSE2__
/* A bit for each of sixteen bytes that is not plain. */
static inline unsigned
plain_ends_16(__m128i v, bool ascii)
{
	__m128i ends = _mm_or_si128(
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

	/* Signed: what is below a space, 0x80 and more too. */
	if (ascii)
		ends = _mm_or_si128(ends,
		    _mm_cmplt_epi8(v, _mm_set1_epi8(' ')));
	else
		ends = _mm_or_si128(ends, _mm_cmpeq_epi8(v,
		    _mm_min_epu8(v, _mm_set1_epi8(' ' - 1))));
	return (unsigned)_mm_movemask_epi8(ends);
}
#endif

/*
 * How many of "n" bytes come before the first quote, backslash or control
 * character, or, where "ascii" is true, byte from 0x80 on. Reads no further.
 */
static inline size_t
plain_run(const void *text, size_t n, bool ascii)
{
	const unsigned char	*p = text;
	uint64_t		 eight;
	size_t			 i = 0;
#ifdef __SSE2__
	unsigned		 ends;

	for (; n - i >= 16; i += 16) {
		ends = plain_ends_16(_mm_loadu_si128((const __m128i *)
		    (const void *)(p + i)), ascii);
		if (ends != 0)
			return i + (size_t)__builtin_ctz(ends);
	}
#endif
	for (; n - i >= sizeof(eight); i += sizeof(eight)) {
		memcpy(&eight, p + i, sizeof(eight));
		if ((eight = plain_ends(le64toh(eight), ascii)) != 0)
			return i + (size_t)__builtin_ctzll(eight) / 8;
	}
	while (i < n && plain_is(p[i], ascii))
		i++;
	return i;
}

/*
 * How many of "n" bytes come before the first "c"; "n" when it is not there.
 * Mostly it is near: then this costs less than a call.
 */
static inline size_t
plain_until(const void *text, size_t n, char c)
{
	const char	*p = text, *at;
	size_t		 i = 0;
#ifdef __SSE2__
	unsigned	 found;

	for (; n - i >= 16; i += 16) {
		found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(
		    _mm_loadu_si128((const __m128i *)(const void *)(p + i)),
		    _mm_set1_epi8(c)));
		if (found != 0)
			return i + (size_t)__builtin_ctz(found);
	}
#endif
	at = memchr(p + i, c, n - i);
	return at != NULL ? (size_t)(at - p) : n;
}

#ifdef __SSE2__
/* A bit for each of sixteen places where these two bytes are. */
static inline unsigned
plain_pairs_16(const char *p, const char *two)
{
	return (unsigned)_mm_movemask_epi8(_mm_and_si128(
	    _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p),
	    _mm_set1_epi8(two[0])),
	    _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)
	    (p + 1)), _mm_set1_epi8(two[1]))));
}
#endif

/*
 * Where the "len" bytes of "what" are in it, NULL when they are not. At least
 * two, of which the first one may be frequent.
 */
static inline const char *
plain_find(const void *text, size_t n, const char *what, size_t len)
{
	const char	*p = text, *at;
#ifdef __SSE2__
	size_t		 i;
	unsigned	 found;

	/* The last sixteen places may have been looked at before. */
	for (i = 0; n > 16 && i + len <= n; i += 16) {
		if (i > n - 17)
			i = n - 17;
		for (found = plain_pairs_16(p + i, what); found != 0;
		    found &= found - 1) {
			at = p + i + __builtin_ctz(found);
			if (len <= (size_t)(p + n - at) &&
			    memcmp(at, what, len) == 0)
				return at;
		}
	}
	if (n > 16)
		return NULL;
#endif
	at = memmem(p, n, what, len);
	return at;
}

static inline bool
plain_holds(const void *text, size_t n, const char *what, size_t len)
{
	return plain_find(text, n, what, len) != NULL;
}

/*
 * Append what stands between escapes, mostly a few bytes, and have room for
 * PLAIN_PIECE more behind it. "may" so many bytes can be read from there.
 */
#define PLAIN_PIECE	16	/* copied at once, whatever it is */
static inline void
plain_append(struct buf *out, const char *p, size_t n, size_t may)
{
	if (out->cap < out->len + n + 2 * PLAIN_PIECE)
		buf_reserve(out, n + 2 * PLAIN_PIECE);
	assert(out->p != NULL);
	if (n <= PLAIN_PIECE && may >= PLAIN_PIECE)
		memcpy(out->p + out->len, p, PLAIN_PIECE);
	else
		memcpy(out->p + out->len, p, n);
	out->len += n;
}

#endif
