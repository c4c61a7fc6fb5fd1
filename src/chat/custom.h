/*
 * OpenAI's custom tools in chat completions: a call's input is a text in place
 * of JSON. Copilot's chat completions carry functions only, so there a custom
 * tool is a function with one string, "input".
 */
#ifndef CHAT_CUSTOM_H
#define CHAT_CUSTOM_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * One as a function; its description and its format, as Responses or as chat
 * completions write it, may be NULL.
 */
json_object *chat_custom_function(const char *name, json_object *description,
	    json_object *format);

/* {"type":"function","function":..}: a tool, or the choice of one. */
json_object *chat_function_take(json_object *function);

/* The names of a request's custom tools, an object; NULL: there are none. */
json_object *chat_custom_names(json_object *tools);

/* The tools, the choice among them: new, with functions only. */
json_object *chat_custom_tools(json_object *tools);
json_object *chat_custom_choice(json_object *choice);

/* The same of the calls in the messages, in place. Was there any? */
bool	chat_custom_messages(json_object *messages);

#endif
