/*
 * From JSON text to json-c's tree and back, as json-c does it and in a fraction
 * of its time: its tokener takes each byte on its own, for a text may come in
 * pieces and be anything; ours are whole, and scan.h has accepted them.
 * tests/js-t and tests/fuzz compare every tree and every print with json-c's.
 */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct buf;
struct peek;
struct peek_text;
struct scan_marks;

/*
 * The tree of a text that scan_json() accepted; yours. "unique": no name comes
 * twice in an object (SCAN_ONE_READING), else the last one counts.
 */
json_object *tree_build(const char *, size_t n, bool unique);

/*
 * The same, read as far as somebody looks: containers and long strings below
 * the first level wait, empty, until tree_open(). "marks" are the scan's, with
 * its rules SCAN_ONE_READING; their list is taken. The text has to stay until
 * everything was opened, or the tree is gone.
 */
json_object *tree_build_lazy_take(const char *, size_t n,
	    struct scan_marks *marks);

/*
 * The same of a text that may go: with a copy of it, which lives as long as
 * anything in it waits. The scan's rules were SCAN_ANY.
 */
json_object *tree_build_own_take(const char *, size_t n,
	    struct scan_marks *marks);

/*
 * Read a value that waits: a string, or a container's first level. Any other
 * value stays as it is. Only what is empty may wait.
 */
void	 tree_open(json_object *);

/*
 * A look into a value that waits, of a text in which no name comes twice; it
 * goes on waiting. False: it does not.
 */
bool	 tree_peek(json_object *, struct peek *);

/*
 * The same at the first byte of a whole text: "obj", its object, was built, but
 * for some member. False: nothing of it waits.
 */
bool	 tree_peek_text(json_object *obj, const char *text, struct peek *);

/*
 * The string whose quote is at p, n bytes with the quotes, escapes undone; *len
 * bytes. They are in the text or in "space", until the next one.
 */
const char *tree_text(const char *p, size_t n, struct buf *space, size_t *len);

/* The tree of the value at the cursor, which goes behind it; yours. */
json_object *tree_build_peeked(struct peek *);

/*
 * How many elements an array has, and those from one on, at most n, as a new
 * array. One that waits goes on waiting.
 */
size_t	 tree_count(json_object *array);
json_object *tree_slice(json_object *array, size_t from, size_t n);

/*
 * The text of a value that waits, as it came, if that is how tree_print()
 * writes it; else NULL.
 */
const char *tree_as_it_came(json_object *, size_t *n);

/*
 * Appends the compact text; slashes are not escaped. No serializer but json-c's
 * own is honoured.
 */
void	 tree_print(json_object *, struct buf *);
/* A string, of these bytes. */
void	 tree_print_text(const char *, size_t n, struct buf *);
/*
 * The value at the cursor as tree_print() would write it, without a tree where
 * it stands so already; the cursor goes behind it.
 */
void	 tree_print_peeked(struct peek *, struct buf *);
/* A member's name as it stands there, behind a comma or bracket: ,"name": */
void	 tree_print_name(char before, const struct peek_text *, struct buf *);

#endif
