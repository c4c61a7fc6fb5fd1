/*
 * The tools of a request in no API's words, and the way back from a function's
 * name to what the client calls it. Where upstream has no namespaces the tools
 * of one bear its name in theirs; where it has no custom tools, each is a
 * function with one string argument, "input".
 */
#ifndef TURN_TOOLS_H
#define TURN_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#define TOOLS_NAME_SIZE 65	/* 64 is the longest that models take */

struct tool {
	char		*space;		/* its namespace; NULL: none */
	char		*name;		/* as the client says it */
	bool		 custom;
	bool		 search;	/* finds others, which the client has */
	bool		 mark;		/* a cache mark stands behind it */
	bool		 sealed;	/* arguments of it could be encrypted */
	int64_t		 at;		/* in the client's list; -1: not */
	/* They are the request's, until it was written: */
	json_object	*description;
	json_object	*schema;	/* of a function's arguments */
	json_object	*strict;
	json_object	*format;	/* a custom tool's: Responses' object */
};

/* Zeroed memory is an empty list. */
struct tools {
	struct tool	*list;
	size_t		 n;
	json_object	*names;	/* flat name -> index; NULL: none */
};

/* The one name for a tool, of a namespace or not (NULL). */
void	tools_flat(const char *space, const char *name,
	    char flat[static TOOLS_NAME_SIZE]);

/*
 * Add one, which gets its values from whoever asked: they are zero. NULL when
 * there is one of that name: models refuse the pair, so the first one counts.
 */
struct tool *tools_add(struct tools *, const char *space, const char *name);

/*
 * A custom tool as a function, where upstream has functions only: the schema
 * of its one argument, and its description (which may be NULL) with the
 * grammar, which can only be asked for. "format" is Responses' or chat's, or
 * NULL. Both are new; no description is NULL.
 */
json_object *tools_custom_schema(void);
json_object *tools_custom_description(json_object *description,
	    json_object *format);

/* By the flat name; NULL: the request has none like that. */
const struct tool *tools_find(const struct tools *, const char *flat);

/* Keep those whose flat name is a member of "names". */
void	tools_keep(struct tools *, json_object *names);

/* The request has been written: forget the tools, but not their names. */
void	tools_settle(struct tools *);
void	tools_finish(struct tools *);

#endif
