/*
 * Tool calls in the history of a conversation, mended so that every upstream
 * takes them. A call that a model once damaged is sent again with each later
 * turn: unmended, it ends the conversation.
 */
#ifndef TURN_CALLS_H
#define TURN_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct buf;
struct peek;
struct peek_text;

/*
 * A call's arguments as the text of a JSON object, a new reference: "v" itself
 * if it is one, "{}" for nothing. A text that can't be read is kept, as the
 * member "unparsed" of an object.
 */
json_object *calls_arguments(json_object *v);

/*
 * The input of a custom tool as the arguments of the function that stands for
 * it, and back from their text; what is no such object is the input itself. A
 * new reference.
 */
json_object *calls_of_input(json_object *input);
json_object *calls_input(const char *arguments, size_t n);

/* Is it such a text, which nobody has to change? A NUL or a quote is behind. */
bool	calls_is_object(const char *, size_t n);
/* Is such a text there? "space" is for its escapes, and yours. */
bool	calls_peek_arguments(struct peek *, struct buf *space);

/* Is it no arguments at all: absent, "" or "null"? */
bool	calls_are_none(json_object *v);

/*
 * The ids that tie results to their calls, as upstream takes them: 1 to 64 of
 * [A-Za-z0-9_-] (OpenAI's limit of length, Anthropic's of characters), none
 * used twice. Whatever id a client sends gets the same one each time that the
 * conversation is sent, so that a prompt cache finds it again.
 */
struct call_ids;

bool	 calls_fine_id(const char *, size_t n);	/* upstream takes it */
/* Is such an id there? */
bool	 calls_peek_id(struct peek *, struct peek_text *id);
struct call_ids *call_ids_create(void);
void	 call_ids_destroy(struct call_ids *);

/*
 * The id of the next call, and of the next result, in the order of the
 * conversation; "id" may be NULL. Results of an id that was used more than once
 * belong to its calls in their order. A new reference; "id" itself if it is
 * fine.
 */
json_object *call_ids_call(struct call_ids *, json_object *id);
json_object *call_ids_result(struct call_ids *, json_object *id);

#endif
