/* The tools of a turn, and the choice among them: those of Responses. */
#ifndef RESPONSES_REQUEST_TOOLS_H
#define RESPONSES_REQUEST_TOOLS_H

#include <stdbool.h>

#include <json-c/json.h>

/* A tool of OpenAI's by its type, and as a function by its name. */
#define RESPONSES_TOOL_SEARCH "tool_search"

struct err;
struct terms;
struct tools;
struct turn;

/*
 * Add an array of tools. Tools that run at OpenAI are left out where a client
 * can do without. "members": it is the request's own list, in which other kinds
 * are refused: false with "err" set; else they are left out, too.
 */
bool	responses_read_tools(json_object *tools, bool members,
	    struct tools *, struct err *);

/*
 * Read tool_choice. With "web_search" a choice that forces a search is refused:
 * false with "err" set; else nothing is said about it.
 */
bool	responses_read_choice(json_object *choice, bool web_search,
	    struct turn *, struct err *);

/* Add tools, tool_choice and parallel_tool_calls to a request. */
void	responses_write_tools(const struct turn *, struct terms *,
	    json_object *to);

/* For a function without arguments, or an object of any kind; new. */
json_object *responses_empty_schema(void);

#endif
