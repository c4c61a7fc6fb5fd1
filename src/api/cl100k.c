/*
 * Text from the tokens of cl100k_base. The vocabulary is data/cl100k_base.bin,
 * linked into the program (cl100k-data.S): there is no file to be found at run
 * time, all processes share it, and it is read from the disk when first needed.
 */
#include "config.h"

#include <stddef.h>

#include "api/cl100k.h"
#include "base/buf.h"
#include "base/util.h"

#define TOKENS	100256		/* ranks from 0, as data/README has it */
#define STEP	64		/* tokens between two known offsets */
#define OFFSETS	((TOKENS + STEP - 1) / STEP)

/*
 * OFFSETS numbers of 32 bits, least significant byte first: where among the
 * bytes every STEPth token begins; then the length of each token; then the
 * bytes of all tokens.
 */
extern const unsigned char	cl100k_data[];

/* The tokens that stand for no text of their own. */
static const struct {
	int64_t		 token;
	const char	*text;
} special[] = {
	{ 100257, "<|endoftext|>" },
	{ 100258, "<|fim_prefix|>" },
	{ 100259, "<|fim_middle|>" },
	{ 100260, "<|fim_suffix|>" },
	{ 100276, "<|endofprompt|>" }
};

static bool
decode_special(int64_t token, struct buf *out)
{
	size_t i;

	for (i = 0; i < COUNT(special); i++)
		if (special[i].token == token) {
			buf_puts(out, special[i].text);
			return true;
		}
	return false;
}

bool
cl100k_decode(int64_t token, struct buf *out)
{
	const unsigned char	*lengths = cl100k_data + OFFSETS * 4;
	const unsigned char	*p;
	size_t			 i, at;

	if (token < 0 || token >= TOKENS)
		return decode_special(token, out);
	p = cl100k_data + (size_t)token / STEP * 4;
	at = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 |
	    (size_t)p[3] << 24;
	for (i = (size_t)token / STEP * STEP; i < (size_t)token; i++)
		at += lengths[i];
	buf_append(out, lengths + TOKENS + at, lengths[token]);
	return true;
}
