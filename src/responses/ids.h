/*
 * Ids for a response and its items. Upstream gives the same thing another id
 * of 400 bytes in every event and refuses its own ids later; ours are short and
 * stay. output_index is what upstream keeps constant.
 */
#ifndef RESPONSES_IDS_H
#define RESPONSES_IDS_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#define RESPONSES_ID_SIZE 65	/* 64 is the longest that OpenAI takes */
#define RESPONSES_ID_BASE 40

struct peek_text;
struct responses_seen;

struct responses_ids {
	char			 response[RESPONSES_ID_SIZE];
	char			 base[RESPONSES_ID_BASE + 1];
	struct responses_seen	*seen;		/* by output_index */
	size_t			 n;
};

/* A new id for an item of a client's, as OpenAI would have made it. */
void	responses_ids_new(json_object *item,
	    char out[static RESPONSES_ID_SIZE]);

/* "response" is the id of the response; NULL: a new one. */
void	responses_ids_init(struct responses_ids *, const char *response);
void	responses_ids_finish(struct responses_ids *);

/* Give an item, seen in an event with this output_index, its id. */
void	responses_ids_item(struct responses_ids *, int64_t index,
	    json_object *item);
/* The id of an item of this type, in a whole that had no events before it. */
void	responses_ids_whole(const struct responses_ids *,
	    const struct peek_text *type, size_t index,
	    char out[static RESPONSES_ID_SIZE]);
/* The id of the item that an event of this type is about. */
void	responses_ids_event(const struct responses_ids *, int64_t index,
	    const char *type, char out[static RESPONSES_ID_SIZE]);
/* The name of the function or tool that is called there, or NULL. */
const char *responses_ids_name(const struct responses_ids *, int64_t index);

/*
 * Give the items of a whole "output" the ids that they had in the events,
 * also where upstream leaves some out or lists them in another order.
 */
void	responses_ids_output(struct responses_ids *, json_object *output);

#endif
