/*
 * Stored conversations: lists of items to which clients add, and responses that
 * are part of one (OpenAI's Conversations API). In the same file, for the same
 * owners and within the same bounds as stored responses; used on workers only.
 */
#ifndef CONVERSATIONS_H
#define CONVERSATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "state/stored.h"

#define CONVERSATION_ID_SIZE 64

/* Release with conversation_finish(). */
struct conversation {
	char		 id[CONVERSATION_ID_SIZE];
	int64_t		 created;	/* seconds since 1970 */
	json_object	*metadata;
};

void	conversation_finish(struct conversation *);

/*
 * A new conversation with these items, as for conversation_add(); "metadata" is
 * there, the rest is filled in. STORED_FOUND when it is there from now on.
 */
enum stored_found conversation_create(struct stored *, const struct conf *,
	    const char *owner, struct conversation *, json_object *items,
	    int *twice);
/* Fills in the struct when it is found. */
enum stored_found conversation_get(struct stored *, const char *owner,
	    const char *id, struct conversation *);
enum stored_found conversation_update(struct stored *, const char *owner,
	    const char *id, json_object *metadata);
enum stored_found conversation_delete(struct stored *, const char *owner,
	    const char *id);

/*
 * Add items, each with an id. *twice becomes the index of one whose id is in
 * the conversation already, and then none is added; else -1.
 */
enum stored_found conversation_add(struct stored *, const struct conf *,
	    const char *owner, const char *id, json_object *items, int *twice);

/*
 * All its items, oldest first; without reasoning that other models than "model"
 * put out, since no other can read it. NULL unless it is found, or when there
 * is not so much "room", see stored_chain().
 */
json_object *conversation_items(struct stored *, const char *owner,
	    const char *id, const char *model, size_t *room,
	    enum stored_found *);

/* A page: how many, in which order, and behind which id. */
struct conversation_cursor {
	int64_t		 limit;
	bool		 ascending;
	const char	*after;		/* NULL: from the beginning */
};

/*
 * Some of its items, as a page asks for them, and whether there are more: also
 * because there is no more "room", after the first.
 */
struct conversation_page {
	json_object	*items;		/* an array, yours */
	bool		 more;
	bool		 no_after; /* there is no item of the page's "after" */
};
enum stored_found conversation_list(struct stored *, const char *owner,
	    const char *id, const struct conversation_cursor *, size_t room,
	    struct conversation_page *);

/* One item, NULL when it isn't there, and taking it out. */
json_object *conversation_item(struct stored *, const char *owner,
	    const char *id, const char *item, enum stored_found *);
enum stored_found conversation_item_delete(struct stored *, const char *owner,
	    const char *id, const char *item);

/* Each as {"id","owner","created_at","metadata","items"}. */
bool	conversation_each(struct stored *, bool (*each)(json_object *, void *),
	    void *);

#endif
