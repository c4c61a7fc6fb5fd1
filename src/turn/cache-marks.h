/*
 * Cache marks: up to where Claude keeps a prompt for the next turn. On chat
 * completions upstream knows "copilot_cache_control" on a message or a tool;
 * clients write that, or Anthropic's "cache_control" on a message, a part of
 * one, or a tool. Nobody else upstream knows either.
 */
#ifndef CACHE_MARKS_H
#define CACHE_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct model;
struct turn;

#define CACHE_MARKS_MAX 4	/* that Anthropic takes in a request */

/* Has the client marked this message, item or tool, or a part of it? */
bool	cache_marks_has(json_object *piece);
/* Mark a message or a tool as chat completions have it. */
void	cache_marks_set(json_object *piece);

/*
 * How many messages the turn before this one had: those before what the model
 * said last. 0: there was none.
 */
size_t	cache_marks_turn_before(json_object *messages);

struct cache_marks {
	bool	messages, tools;	/* were changed */
};

/*
 * Chat completions: what the client marked is marked as upstream has it, if
 * "claude"; else nothing is. With "add" and no mark of the client's: the last
 * tool, the last of the system's first messages, the message before the model
 * last spoke, where the turn before this ended, and the last one. So upstream
 * finds all that stands between two turns, however much it is.
 */
struct cache_marks cache_marks_chat(json_object *messages, json_object *tools,
	    bool claude, bool add);

/*
 * The prompt_cache_key to add to a request, "key" or NULL: newer GPT models
 * need one, all that serve /responses take one, and the client's "own" wins.
 */
const char *cache_key_for(const struct model *, json_object *own,
	    const char *key);
/* The same of a turn: adds it there. */
void	cache_key_add(struct turn *, const struct model *, const char *key);

#endif
