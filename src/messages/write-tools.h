/* The tools of a turn as Messages'. */
#ifndef MESSAGES_WRITE_TOOLS_H
#define MESSAGES_WRITE_TOOLS_H

#include <json-c/json.h>

struct terms;
struct turn;

/* Add "tools" and "tool_choice" to a request, where there are tools. */
void	messages_write_tools(const struct turn *, struct terms *,
	    json_object *to);

#endif
