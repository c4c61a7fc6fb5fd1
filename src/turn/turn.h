/*
 * A turn in no API's words: what a client asks of a model. The reader of the
 * client's protocol fills it in (chat/request-read.h and its like), the writer
 * of upstream's protocol makes a request of it; neither knows the other.
 *
 * Strings are references to those of the request that was parsed, so that a
 * conversation of megabytes is not copied. A value that has the same form
 * everywhere, as numbers have, stays the JSON that the client sent; NULL is
 * absent.
 * json-c counts references without a lock: a turn stays on one thread.
 */
#ifndef TURN_H
#define TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "turn/tools.h"

struct terms_side;

/* --- Items, in the order of the conversation. */

enum turn_kind {
	TURN_SYSTEM,		/* the system's words, the developer's too */
	TURN_USER,
	TURN_SAID,		/* the model's words, */
	TURN_THOUGHT,		/* what it thought, */
	TURN_CALL,		/* a tool that it called; */
	TURN_RESULT,		/* and what the tool said */
	TURN_KIND__MAX
};

enum turn_part_kind {
	TURN_TEXT,
	TURN_IMAGE,		/* an address or a data URL */
	TURN_DOCUMENT,		/* likewise */
	TURN_REFUSAL,
	TURN_PART_KIND__MAX
};

struct turn_part {
	enum turn_part_kind	 kind;
	json_object		*text;	/* the words, the address */
	json_object		*name;	/* of a document */
	const char		*detail; /* of an image: static; NULL: any */
	int64_t			 at;	/* in the client's list; -1: in none */
	bool			 mark;	/* a cache mark stands behind it */
};

/* Only its maker can read it: it is given back as it is. */
struct turn_seal {
	json_object	*text;
	unsigned	 endpoint;	/* that made it: MODEL_CHAT, ... */
	json_object	*vendor;	/* of the model that did */
	bool		 redacted;	/* in place of words that are shown */
};

enum {				/* in place of an item's index */
	TURN_INSTRUCTIONS	= -1,	/* beside the list */
	TURN_WHOLE_INPUT	= -2	/* a string in place of the list */
};

/* Where the client said it, so that complaints can name the place. */
struct turn_origin {
	int64_t	index;		/* in the client's list, or one of the above */
	int64_t	part;		/* in there: which block or call; -1: all */
};

struct turn_item {
	enum turn_kind		 kind;
	struct turn_origin	 origin;
	struct turn_part	*parts;		/* of a THOUGHT: shown words */
	size_t			 nparts;
	json_object		*id;		/* CALL, RESULT: ties them */
	json_object		*space;		/* CALL: the tool's namespace */
	json_object		*name;		/* CALL: the tool's */
	/* CALL: JSON as text, or a custom tool's input. */
	json_object		*arguments;
	json_object		*phase;		/* SAID: Responses' word */
	struct turn_seal	 seal;		/* THOUGHT */
	bool			 custom;	/* CALL, RESULT: of one */
	bool			 is_error;	/* RESULT */
	bool			 developer;	/* SYSTEM, by its newer name */
	bool			 listed;	/* the content was a list */
	bool			 mark;		/* a cache mark, see above */
};

/* --- The rest of the request. */

enum turn_choice_kind {
	TURN_CHOICE_UNSAID,
	TURN_CHOICE_AUTO,
	TURN_CHOICE_NONE,
	TURN_CHOICE_REQUIRED,
	TURN_CHOICE_TOOL		/* the first of "names" */
};

struct turn_name {
	json_object	*space, *name;
	bool		 custom;
};

struct turn_choice {
	enum turn_choice_kind	 kind;
	bool			 limited;	/* to "names" */
	struct turn_name	*names;
	size_t			 n;
};

/* Upstream shall search the web where it can. */
struct turn_search {
	bool		 wanted;
	json_object	*hosts;		/* these only, an array; NULL: any */
	json_object	*place;		/* the user's, the same everywhere */
	json_object	*size;		/* "low", "medium", "high"; or NULL */
};

enum turn_format_kind {
	TURN_FORMAT_UNSAID,
	TURN_FORMAT_TEXT,
	TURN_FORMAT_OBJECT,
	TURN_FORMAT_SCHEMA
};

struct turn_format {
	enum turn_format_kind	 kind;
	json_object		*name, *description, *schema, *strict;
};

struct turn {
	const struct terms_side	*side;		/* the client's words */
	struct turn_item	*items;
	size_t			 n;
	struct tools		 tools;
	struct turn_choice	 choice;
	struct turn_search	 search;
	struct turn_format	 format;
	json_object		*parallel;	/* calls: a boolean */
	json_object		*effort, *verbosity;
	json_object		*temperature, *top_p, *top_k;
	json_object		*limit;		/* of output tokens */
	json_object		*top_logprobs;
	json_object		*stop;		/* a string or a list */
	json_object		*cache_key;
	bool			 logprobs;
	bool			 summaries;	/* of thoughts are wanted */
	bool			 stream;
	bool			 agent;		/* the last one is no user's */
	bool			 vision;	/* there is an image */
};

/* Zeroed memory is an empty turn. */
void	turn_finish(struct turn *);

/*
 * Add an item or a part; both are the turn's, until the next one is added.
 * "text" is borrowed.
 */
struct turn_item *turn_add(struct turn *, enum turn_kind, int64_t index,
	    int64_t part);
struct turn_part *turn_add_part(struct turn *, struct turn_item *,
	    enum turn_part_kind, json_object *text, int64_t at);
/* The item that was added last turned out to be none. */
void	turn_drop_last(struct turn *);
void	turn_add_name(struct turn_choice *, json_object *space,
	    json_object *name, bool custom);

/* The one name of a tool, see tools.h. */
void	turn_flat(const struct turn_name *, char flat[static TOOLS_NAME_SIZE]);

/* An image's "detail" as all know it, static; NULL: any. */
const char *turn_detail(json_object *image);

/*
 * The words that OpenAI's APIs have for a choice: "auto", "none", "required".
 * Any other word is TURN_CHOICE_UNSAID, which has none.
 */
enum turn_choice_kind turn_mode(json_object *word);
const char *turn_mode_word(enum turn_choice_kind);

/*
 * The "type" of a format, as OpenAI's APIs call it; any other one is
 * TURN_FORMAT_UNSAID.
 */
enum turn_format_kind turn_format_kind(json_object *format);

/* Set a member to another reference to "v", which may be NULL. */
void	turn_set(json_object **member, json_object *v);

/*
 * For an upstream that knows no choice among some of the tools: the others are
 * left out.
 */
void	turn_limit(struct turn *);

/*
 * The result of each call: an array of t->n indexes, t->n for none. When calls
 * share an id, their results belong to them in order.
 */
size_t	*turn_pairs(const struct turn *);

#endif
