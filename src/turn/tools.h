/*
 * The tools of a Responses request as functions of chat completions, and the
 * way back from a function's name to what the client calls it. A custom tool
 * is a function with one string argument, "input"; the tools of a namespace
 * bear its name in theirs.
 */
#ifndef BRIDGE_RESPONSES_TOOLS_H
#define BRIDGE_RESPONSES_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

struct err;

#define BRIDGE_NAME_SIZE 65	/* 64 is the longest that models take */

struct bridge_tool {
	char		*space;		/* its namespace; NULL: none */
	char		*name;		/* as the client says it */
	bool		 custom;
	int64_t		 at;		/* index in "tools"; -1: elsewhere */
	json_object	*chat;		/* the tool as chat's */
};

/* Zeroed memory is an empty list. */
struct bridge_tools {
	struct bridge_tool	*list;
	size_t			 n;
	json_object		*names;	/* flat name -> index; NULL: none */
};

/* The function's name for a tool, of a namespace or not (NULL). */
void	bridge_tools_flat(const char *space, const char *name,
	    char flat[static BRIDGE_NAME_SIZE]);

/*
 * A custom tool as a function with one string, "input". "tool" has name,
 * description and format, as Responses or as chat completions write it.
 */
json_object *tools_custom_function(const char *flat, json_object *tool);

/*
 * Add an array of tools. What runs at OpenAI is left out where a client can do
 * without. With "strict" other kinds are refused: false with "err" set; else
 * they are left out, too.
 */
bool	bridge_tools_add(struct bridge_tools *, json_object *tools, bool strict,
	    struct err *);

/*
 * What chat calls a tool_choice, *out NULL when nothing needs to be said; may
 * take tools from the list. With "web_search" a choice that forces a search is
 * refused: false with "err" set.
 */
bool	bridge_tools_choose(struct bridge_tools *, json_object *choice,
	    bool web_search, json_object **out, struct err *);

/* The array for chat. */
json_object *bridge_tools_chat(const struct bridge_tools *);

/* The array has been sent: forget the tools, but not their names. */
void	bridge_tools_settle(struct bridge_tools *);

/* By a function's name; NULL: the request has none like that. */
const struct bridge_tool *bridge_tools_find(const struct bridge_tools *,
	    const char *flat);

void	bridge_tools_finish(struct bridge_tools *);

#endif
