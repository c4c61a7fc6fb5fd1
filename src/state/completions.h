/*
 * Stored chat completions: what a client asked to keep, to be listed, read and
 * deleted. In the same database, for the same owners and within the same bounds
 * as stored responses; used on workers only. The struct may be NULL.
 */
#ifndef COMPLETIONS_H
#define COMPLETIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "state/stored.h"

/* One of them. All is borrowed. */
struct completion {
	const char	*owner;
	const char	*id;		/* "chatcmpl-..." */
	json_object	*object;	/* as it was answered */
	/*
	 * Texts: an object whose members belong to the stored one, too, in
	 * which "metadata" has its place; that object; and what the client
	 * sent, an array.
	 */
	const struct buf *asked, *metadata, *messages;
};

/*
 * Keep one, at once or not at all; drops what is too old or too much. False
 * when the disk refuses, which is logged, or when it alone is too much.
 */
bool	completion_put(struct stored *, const struct conf *,
	    const struct completion *);

/* NULL unless it is found; yours. */
json_object *completion_get(struct stored *, const char *owner,
	    const char *id, enum stored_found *);
json_object *completion_messages(struct stored *, const char *owner,
	    const char *id, enum stored_found *);
enum stored_found completion_update(struct stored *, const char *owner,
	    const char *id, json_object *metadata);
enum stored_found completion_delete(struct stored *, const char *owner,
	    const char *id);

/* Which of them, how many, in which order, and behind which id. */
struct completion_cursor {
	int64_t		 limit;
	bool		 ascending;
	const char	*after;		/* NULL: from the beginning */
	const char	*model;		/* NULL: any */
	json_object	*metadata;	/* pairs that each has; NULL: any */
};

/*
 * A page of them, oldest first if "ascending", and whether there are more: also
 * because there is no more "room" for their texts, after the first.
 */
struct completion_page {
	json_object	*items;		/* an array, yours */
	bool		 more;
	bool		 no_after; /* there is none of the page's "after" */
};
enum stored_found completion_list(struct stored *, const char *owner,
	    const struct completion_cursor *, size_t room,
	    struct completion_page *);

/* Each as {"id","owner","messages","completion"}, see rows_each(). */
bool	completion_each(struct stored *, bool (*each)(json_object *, void *),
	    void *);

#endif
