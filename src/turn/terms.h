/*
 * Errors in the client's terms. Upstream complains about the request that it
 * was sent, by the names and the indexes of its own protocol; what the client
 * sent has others.
 *
 * Each protocol says once what it calls things (struct terms_side), and each
 * writer of a request notes which of its messages or items came from what. So
 * nobody has to know two protocols.
 */
#ifndef TURN_TERMS_H
#define TURN_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "turn/turn.h"

struct err;

/* --- What a protocol calls things. */

enum term {
	TERM_LIST,		/* of messages or items */
	TERM_LIMIT,		/* of output tokens */
	TERM_FORMAT,
	TERM_FORMAT_INNER,	/* the object that has name and schema */
	TERM_FORMAT_NAME,
	TERM_FORMAT_DESCRIPTION,
	TERM_FORMAT_SCHEMA,
	TERM_FORMAT_STRICT,
	TERM_VERBOSITY,
	TERM_EFFORT,
	TERM_TOOLS,
	TERM_CHOICE,
	TERM_CHOICE_NAME,
	TERM_CHOICE_TOOLS,	/* the list of allowed ones */
	TERM_CHOICE_MODE,
	TERM_LOGPROBS,
	TERM_PATH,		/* of the endpoint */
	TERM__MAX
};

struct terms_word {
	enum term	 term;
	const char	*name;
	bool		 english;	/* a name only where it stands alone */
};

/* A member of an item, behind "LIST[N]"; '#' is the index of a part in it. */
enum terms_member_of {
	TERMS_ITEM,		/* all of it */
	TERMS_CONTENT,
	TERMS_ID,
	TERMS_NAME,
	TERMS_ARGUMENTS,
	TERMS_SEAL
};

struct terms_member {
	enum turn_kind		 kind;
	enum terms_member_of	 member;
	const char		*name;
	bool			 custom;	/* of a custom tool's call */
};

struct terms_side {
	/* The first of several names for a term is the client's. */
	const struct terms_word		*words;
	size_t				 nwords;
	const struct terms_member	*members;
	size_t				 nmembers;
	const char	*beside;	/* what TURN_INSTRUCTIONS is called */
	const char	*function;	/* a function's members, in its tool */
	const char	*custom;	/* likewise of a custom tool */
	const char	*image;		/* an image's address, in its part */
};

/* The client's word for TERM; never NULL. */
const char *terms_name(const struct terms_side *, enum term);

/*
 * Where the client wrote an item, a member of it, or its part "at" (-1: none):
 * "input[3].output[1]".
 */
#define TERMS_PLACE_SIZE 128
void	terms_place(const struct terms_side *, const struct turn_item *,
	    enum terms_member_of, int64_t at, char out[TERMS_PLACE_SIZE]);

/* --- What became of a request. */

/* Zeroed memory changes nothing. Refers to nothing of the turn. */
struct terms {
	const struct terms_side	*from, *to;	/* upstream's, the client's */
	const char	*limit;		/* if the client used another; static */
	size_t		 before; /* elements that were put before all others */
	struct terms_item {
		enum turn_kind		 kind;
		bool			 custom;
		struct turn_origin	 origin;
	}		*items;
	size_t		 nitems;
	/* The origin of each message or item that upstream got. */
	struct terms_element {
		size_t	first, n;	/* items; n == 0: none in particular */
		int64_t	index;		/* of the client's, then */
	}		*elements;
	size_t		 nelements;
	struct terms_tool {
		int64_t	at;		/* the client's index; -1: elsewhere */
		bool	inner;		/* one of a namespace there */
		bool	custom;		/* for the client */
	}		*tools;
	size_t		 ntools;
};

/* Begin with what a turn says; "from" is the side that is written. */
void	terms_begin(struct terms *, const struct turn *,
	    const struct terms_side *from);
/* The next element was made of n items from "first" on. */
void	terms_note(struct terms *, size_t first, size_t n);
/* It was made of what belongs to this item but is no member of it. */
void	terms_note_extra(struct terms *, size_t item);
void	terms_note_tool(struct terms *, const struct tool *);
/* The member "tools" of a request, of the turn's in order; each is noted. */
void	terms_put_tools(struct terms *, const struct turn *, json_object *to,
	    json_object *(*print)(const struct tool *));
void	terms_finish(struct terms *);

/* A call without its result, or the other way round. Always false. */
bool	terms_unpaired(const struct turn *, size_t item, struct err *);

/* Change param and text of an error of upstream's. */
void	terms_apply(const struct terms *, struct err *);

/*
 * "LIST[N]" in an error counts from behind n elements that the client didn't
 * send: "by", a member's name, asked for them and stands for each; NULL: nobody
 * did, and the first of the client's does.
 */
void	terms_shift(const char *list, size_t n, const char *by, struct err *);

#endif
