/* The tools of a Messages request, as Copilot takes them. */
#ifndef MESSAGES_TOOLS_H
#define MESSAGES_TOOLS_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * Fit the tools of a request in place. A model without "tool_search" does not
 * get the deferred ones until they are "loaded" (an object, by name).
 * True: they were changed; then "tools" of the request is the new list, or
 * absent when none is left.
 */
bool	messages_fit_tools(json_object *req, bool tool_search,
	    json_object *loaded);

/* Is there a tool, or a cache mark of an hour, that needs a beta? */
bool	messages_has_deferred(json_object *tools);

#endif
