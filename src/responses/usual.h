/*
 * Items and tools of the usual form, in the text of a request, as
 * chat/usual.h has it for chat completions: no item refers to a stored one or
 * is a compaction, and responses/input.h and tools.h would refuse nothing and
 * change nothing. tests/usual-t compares both ways.
 */
#ifndef RESPONSES_USUAL_H
#define RESPONSES_USUAL_H

#include <stdbool.h>

#include <json-c/json.h>

/* Are the items? Then *agent says whether the last one is no user's message. */
bool	responses_usual(json_object *items, bool *agent);

/* Are the tools? There is one at least. */
bool	responses_usual_tools(json_object *tools);

#endif
