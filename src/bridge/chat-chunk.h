/* Chunks of a chat completion, made of what a response has. */
#ifndef BRIDGE_CHAT_CHUNK_H
#define BRIDGE_CHAT_CHUNK_H

#include <stdint.h>

#include <json-c/json.h>

/* A chunk with one choice. "delta" is taken; "reason" may be NULL. */
json_object *bridge_chat_chunk(json_object *delta, const char *reason);

/*
 * Add log probabilities to its choice. The list (may be NULL) is shared, and
 * completed with what OpenAI's other endpoint leaves out.
 */
void	bridge_chat_chunk_logprobs(json_object *chunk, json_object *list);

/* A delta with a piece of a tool call; "call" and "function" are taken. */
json_object *bridge_chat_call(int64_t index, json_object *call,
	    json_object *function);
/* A delta with more arguments; "text" is taken. */
json_object *bridge_chat_arguments(int64_t index, json_object *text);

/* A response's usage by the names of chat completions; NULL if it has none. */
json_object *bridge_chat_usage(json_object *response);
/* Why a response ended. Tool calls are for chat-choice.c to notice. */
const char *bridge_chat_reason(json_object *response);

#endif
