/*
 * Errors about a chat request, told to who sent a Responses request: which
 * message was which item, which member had which name.
 */
#ifndef BRIDGE_RESPONSES_TERMS_H
#define BRIDGE_RESPONSES_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bridge_tools;
struct err;

enum {				/* in place of an item's index */
	BRIDGE_INSTRUCTIONS	= -1,
	BRIDGE_INPUT		= -2	/* "input" is a string */
};

/* Where the messages come from. Zeroed memory knows of none. */
struct bridge_terms {
	struct bridge_origin {
		int64_t	item;
		bool	same;		/* its content is the item's */
	}	*messages;
	size_t	 n;
};

/* Note where the next message comes from. */
void	bridge_terms_add(struct bridge_terms *, int64_t item, bool same);
/* Change param and text of an error. */
void	bridge_terms_apply(const struct bridge_terms *,
	    const struct bridge_tools *, struct err *);
void	bridge_terms_finish(struct bridge_terms *);

#endif
