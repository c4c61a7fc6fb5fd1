/* The tools of a Responses request, without those that upstream refuses. */
#ifndef RESPONSES_TOOLS_H
#define RESPONSES_TOOLS_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * What upstream's Responses refuse of turn/hosted.h, and what there is of it in
 * requests, all of which goes for a model that is asked otherwise.
 */
unsigned responses_refused(bool web_search);
#define RESPONSES_HOSTED (HOSTED_SEARCH | HOSTED_TOOL_SEARCH | HOSTED_IMAGES)

/*
 * A copy of an array of tools without image generation and, with "web_search"
 * false, without web search. *changed is set when it differs from the array
 * (descriptions are filled in place).
 */
json_object *responses_tools(json_object *tools, bool web_search,
	    bool *changed);

/*
 * The rest of tool_choice when those tools are gone: the same object, a shorter
 * one, or NULL. The result is yours.
 */
json_object *responses_tool_choice(json_object *choice, bool web_search);

/* Does the request insist on a search of the web? */
bool	 responses_wants_search(json_object *request);

/* "include" without what belongs to web search, when that is off. */
json_object *responses_include(json_object *include, bool web_search,
	    bool *changed);

/* Is that in a list of strings, which may be NULL? */
#define RESPONSES_SEALED "reasoning.encrypted_content"
bool	 responses_included(json_object *include, const char *what);

#endif
