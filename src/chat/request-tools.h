/* The tools of a turn, the choice among them, calls: chat completions'. */
#ifndef CHAT_REQUEST_TOOLS_H
#define CHAT_REQUEST_TOOLS_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct terms;
struct turn;
struct turn_item;

/*
 * Read the tools of a request and the choice among them, "functions" in the
 * form before there were tools. False with "err" set to a 400.
 */
bool	chat_read_tools(json_object *request, bool functions, struct turn *,
	    struct err *);

/* Add tools, tool_choice and parallel_tool_calls to a request. */
void	chat_write_tools(const struct turn *, struct terms *,
	    json_object *to);

/* A call as an element of tool_calls, new. */
json_object *chat_write_call(const struct turn_item *);

#endif
