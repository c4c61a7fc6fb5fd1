/*
 * A conversation as Copilot's /v1/messages takes it. Anthropic's own API
 * answers all of these requests; Copilot refuses some with a 400, and then a
 * conversation is over, since its history is sent with each turn.
 */
#ifndef MESSAGES_FIT_H
#define MESSAGES_FIT_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;

struct messages_fit {
	bool		 unsealed;	/* leave out the thoughts */
	bool		 tool_search;	/* the model knows tool_reference */
	bool		 usual;		/* the messages: messages/usual.h */
	/* Found in the request: */
	bool		 vision;	/* there is an image */
	json_object	*loaded; /* an object: names in tool_references */
};

/*
 * Fit "messages" and "system" of a request that was checked; "changed" says
 * which of them had to be. False with "err" set when nothing is left. Release
 * the struct with messages_fit_finish().
 */
bool	messages_fit(struct messages_fit *, json_object *req,
	    bool *changed_messages, bool *changed_system, struct err *);
void	messages_fit_finish(struct messages_fit *);

/* The blocks of a content that may be a string or NULL; a new reference. */
json_object *messages_blocks(json_object *content);
/* The same of the system, without what only Anthropic's servers read. */
json_object *messages_system_blocks(json_object *system);
/* A system message's blocks as a user's that remind of it; new ones. */
json_object *messages_reminders(json_object *content);
/* Has the text a visible character? NULL has none. */
bool	messages_is_blank(json_object *text);
/* Is it a signature of Anthropic's? A NUL or a quote is behind. */
bool	messages_fit_signature(const char *, size_t n);
/* Drop what upstream doesn't know of a cache mark; true: there was some. */
bool	messages_fit_mark(json_object *of);

/*
 * A search that another upstream made, and what it found: Claude can't have
 * back what Anthropic did not seal. It is known by the beginning of its id.
 */
#define MESSAGES_SEARCH_ID "srvtoolu_other_"
bool	messages_is_foreign_search(json_object *block);

#endif
