/* The tools of a turn, and its calls, as chat completions'. */
#ifndef CHAT_REQUEST_TOOLS_H
#define CHAT_REQUEST_TOOLS_H

#include <json-c/json.h>

struct terms;
struct turn;
struct turn_item;

/* Add tools, tool_choice and parallel_tool_calls to a request. */
void	chat_write_tools(const struct turn *, struct terms *,
	    json_object *to);

/* A call as an element of tool_calls, new. */
json_object *chat_write_call(const struct turn_item *);

#endif
