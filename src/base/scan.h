/*
 * Is it JSON? One pass over the text says so, by RFC 8259 and nothing else,
 * and tells what a tree of it would cost, before json-c builds one. json-c's
 * own idea of JSON changes with its version: 0.18's strict mode refuses every
 * byte from 0x80 on (json-c issue 892), and without it comments, 'quotes' and
 * NaN pass. All versions of json-c read alike what this accepts.
 */
#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define SCAN_DEPTH 128		/* tool schemas nest deeply */
/* A number or word costs json-c 64 bytes, a container ten times that. */
#define SCAN_VALUES (4u << 20)
#define SCAN_CONTAINER 8	/* counts as so many values */

/* So many digits are a whole number that all readers know, */
#define SCAN_DIGITS 18		/* whose numbers are of 64 bits; */
#define SCAN_DIGITS_DOUBLE 15	/* whose numbers are doubles, as JavaScript's */

enum scan_rules {
	/* Whatever can be read: upstream's answers, texts of our own. */
	SCAN_ANY,
	/*
	 * Two readers read it alike: no name twice in an object, no NUL in a
	 * name, no raw control character in a string.
	 */
	SCAN_ONE_READING
};

struct scan_facts {
	size_t	values;		/* of all types */
	size_t	containers;	/* arrays and objects among them */
	size_t	objects;
	size_t	members;	/* of all objects */
	size_t	text;		/* bytes between quotes */
	bool	half;		/* a \u escape that is half a character */
	bool	poor;		/* there was no memory for the scan */
	/* Where it stops being JSON, and why. */
	size_t		 at;
	const char	*why;
};

bool	scan_json(const char *, size_t n, enum scan_rules, struct scan_facts *);

/*
 * Where an array, an object or a string of some length is, in the order in
 * which they begin; names are none. Zeroed memory is no marks; "list" is yours,
 * whatever scan_json_marks() returns, and paid (base/budget.h). Only for texts
 * below 2 GB.
 */
#define SCAN_LONG 48		/* bytes with the quotes; shorter: a copy */
struct scan_mark {
	uint32_t	begin, end;	/* behind its last byte */
	uint32_t	self;		/* its index */
	uint32_t	next : 31;	/* of the first one behind it */
	uint32_t	same : 1;	/* tree_print() would write its bytes */
};
struct scan_marks {
	struct scan_mark	*list;
	size_t			 n, max;
};
bool	scan_json_marks(const char *, size_t n, enum scan_rules,
	    struct scan_facts *, struct scan_marks *);

/*
 * The hash of a name's bytes. It tells names of up to eight apart; two longer
 * ones may share it, once in 2^64.
 */
uint64_t scan_hash(const char *, size_t n);

/* About what json-c takes for a tree of that, in bytes; never less. */
size_t	scan_cost(const struct scan_facts *);

/* The character that a letter behind a backslash means, plus 1; 0: none. */
extern const unsigned char scan_letters[256];
/*
 * The character of the escape at "i" of a text that was accepted; *len bytes of
 * it. Half a character is U+FFFD.
 */
unsigned scan_escape(const char *, size_t n, size_t i, size_t *len);

/*
 * Half a character (a lone surrogate's \uD83D) becomes \uFFFD, in place. Only
 * for text that was accepted.
 */
void	scan_mend_halves(char *, size_t n);

/*
 * A character whose halves end one text and begin a string of a later one, as
 * when a stream cuts between the escapes of an emoji. The first half is taken
 * out of "text" and waits in "high" ("\\ud83d"; "" is none), the second one is
 * given it back. The text that is appended to "out" is JSON still.
 */
#define SCAN_HALF_SIZE 7
void	scan_join_halves(const char *text, size_t n, char high[SCAN_HALF_SIZE],
	    struct buf *out);

#endif
