/* The tools of a Responses request, and the choice among them, as a turn's. */
#ifndef RESPONSES_REQUEST_TOOLS_H
#define RESPONSES_REQUEST_TOOLS_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct tools;
struct turn;

/*
 * Add an array of tools. What runs at OpenAI is left out where a client can do
 * without. "members": it is the request's own list, in which other kinds are
 * refused: false with "err" set; else they are left out, too.
 */
bool	responses_read_tools(json_object *tools, bool members,
	    struct tools *, struct err *);

/*
 * Read tool_choice. With "web_search" a choice that forces a search is refused:
 * false with "err" set; else nothing is said about it.
 */
bool	responses_read_choice(json_object *choice, bool web_search,
	    struct turn *, struct err *);

#endif
