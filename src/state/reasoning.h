/*
 * Thoughts of models before they called a tool. Copilot wants them back with
 * the call (Gemini 3 refuses the next turn without), and most clients of chat
 * completions drop what they don't know: so they are kept here, in memory and,
 * if responses are stored, on the disk for other processes.
 *
 * Used on workers only: it waits for the disk.
 */
#ifndef REASONING_H
#define REASONING_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct conf;
struct stored;
struct reasoning;

struct reasoning *reasoning_create(struct stored *);
void	reasoning_destroy(struct reasoning *);

/* The key and the model of thoughts; all is borrowed, and outlives it. */
struct reasoning_scope {
	struct reasoning	*thoughts;	/* NULL: nothing is kept */
	const struct conf	*conf;
	const char		*key;		/* the client's, or NULL */
	const char		*model;		/* as upstream knows it */
	bool			 memory_only;	/* "store": false */
};

/* --- The answer. */

/*
 * Keep what was thought before these calls, an array of their ids. "text" may
 * be NULL.
 */
void	reasoning_keep(const struct reasoning_scope *, const char *opaque,
	    const char *text, json_object *calls);

/* --- The request. */

/* Are there any that could be put back? No: it isn't worth a look. */
bool	reasoning_any(const struct reasoning_scope *);

/*
 * Put thoughts back into the assistant's messages that come with calls but
 * without them. True when one was changed.
 */
bool	reasoning_restore(const struct reasoning_scope *,
	    json_object *messages);

#endif
