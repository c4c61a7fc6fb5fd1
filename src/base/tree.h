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

/*
 * The tree of a text that scan_json() accepted; yours. "unique": no name comes
 * twice in an object (SCAN_ONE_READING), else the last one counts.
 */
json_object *tree_build(const char *, size_t n, bool unique);

/*
 * Appends the compact text; slashes are not escaped. No serializer but json-c's
 * own is honoured.
 */
void	 tree_print(json_object *, struct buf *);

#endif
