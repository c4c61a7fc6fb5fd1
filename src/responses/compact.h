/*
 * Compaction: a conversation becomes a summary that its model writes, sealed as
 * the item "compaction". No record shows that Copilot takes OpenAI's trigger,
 * and what one model sealed no other could read; so the summary is asked for in
 * words, and its seal (turn/seal.h) is opened here for every model, by whatever
 * process.
 */
#ifndef RESPONSES_COMPACT_H
#define RESPONSES_COMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

struct err;
struct responses;
struct sink;

/*
 * In a request whose "input" is all that the model is to know: the last summary
 * that was sealed here becomes a user's message, and of what came before it
 * only what users and developers said stays. *restored, how many items of the
 * beginning are not the client's, is kept true. Returns whether "input"
 * changed.
 */
bool	responses_compact_open(json_object *obj, size_t *restored);

/*
 * Does the request end with OpenAI's "compaction_trigger"? Then *wanted, and it
 * is taken away, as are those that were restored. False with "err" set when one
 * is elsewhere: OpenAI takes it at the end only.
 */
bool	responses_compact_trigger(json_object *obj, size_t restored,
	    bool *wanted, bool *changed, struct err *);

/*
 * "context_management" of a request whose model compacts nothing by itself:
 * from how many tokens on the conversation shall be compacted, -1 for never. An
 * entry without a threshold means "most", which is 0 where it isn't known.
 * False with "err" set.
 */
bool	responses_compact_threshold(json_object *obj, int64_t most,
	    int64_t *threshold, struct err *);

/* An item that carries a sealed summary. */
json_object *responses_compaction(const char *sealed);
/* Append such a one to "input", which is what comes before it. */
void	responses_compact_add(json_object *obj, const char *sealed);
/* Does "input" end with what is none of a user's? */
bool	responses_compact_agent(json_object *obj);

/* Make the request one for a summary, in which no tool is called. */
void	responses_compact_ask(json_object *obj);

/* A copy of users' messages in "input": what a compacted list begins with. */
json_object *responses_compact_retained(json_object *obj);

/*
 * A sink that collects the summary, and writes a response of that one item; or,
 * if r->retained is there, the object "response.compaction" with those in front
 * of it; or nothing, if the sealed text is to go to r->summary, which stays
 * empty when no summary came. "r" outlives it.
 */
struct sink *responses_compact_create(const struct responses *);

#endif
