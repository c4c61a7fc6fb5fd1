/*
 * Stored responses: whole turns of the Responses API, kept so that the next
 * request can go on from them although upstream keeps nothing. In a database
 * that all processes share, isolated per client key. And what
 * models thought before they called a tool, for clients that don't give it
 * back.
 *
 * Used on workers only: it waits for the disk, or for another machine. The
 * struct may be NULL, which has nothing and keeps nothing.
 */
#ifndef STORED_H
#define STORED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "state/found.h"
#include "state/place.h"

struct buf;
struct conf;

#define STORED_FILE "responses.sqlite"	/* in the data directory */

#define STATE_OWNER_SIZE 65

/*
 * The owner of responses: a hash of the client key, so that the key itself is
 * not on the disk; "" where no keys are configured (NULL).
 */
void	state_owner(const char *key, char[static STATE_OWNER_SIZE]);

struct stored;

/* It is opened with the first use. NULL: built without what it takes. */
struct stored *stored_create(const struct state_place *);
void	stored_destroy(struct stored *);
/*
 * A process that was killed left its log behind, in which there may be what a
 * client has deleted: empty it, on a thread. NULL is fine.
 */
void	stored_tidy(struct stored *);

/* Is it a database elsewhere, which may be away and comes back? */
bool	stored_is_shared(const struct stored *);

/* How far it can be used now. */
enum stored_state {
	STORED_OFF,	/* nothing: it isn't there, or is switched off */
	STORED_BROKEN,		/* it can't be opened, for a while */
	STORED_READABLE,	/* only to be read: a full disk, say */
	STORED_USABLE
};
/*
 * "why" tells a client, unless it is usable; what is wrong with a disk or a
 * database the log has told already.
 */
#define STORED_WHY_SIZE 200
enum stored_state stored_state(struct stored *, const struct conf *,
	    char why[static STORED_WHY_SIZE]);

/* One turn. */
struct stored_turn {
	const char	*owner;
	const char	*id;		/* "resp_..." */
	const char	*previous;	/* previous_response_id or NULL */
	const struct buf *input;	/* array of items, each with an id */
	json_object	*ids;		/* their ids: null for references */
	json_object	*response;	/* the final response object */
	const char	*conversation;	/* that it is part of, or NULL */
	json_object	*joined;	/* the items that it adds to that */
	const char	*interaction;	/* that it was part of, or NULL */
};

/*
 * Keep a turn, at once or not at all; drops what is too old or too much.
 * False when the disk refuses: logged, and stored_state() says so.
 */
bool	stored_put(struct stored *, const struct conf *,
	    const struct stored_turn *);

/*
 * All that read say in *found why it is NULL: whoever is told that something
 * isn't there drops it, which is not to be said of a disk that can't be read.
 * "found" may be NULL.
 *
 * A response as it was given.
 */
json_object *stored_response(struct stored *, const char *owner,
	    const char *id, enum stored_found *found);
/* The input items of its turn alone, with references as they were. */
json_object *stored_input(struct stored *, const char *owner, const char *id,
	    enum stored_found *found);
/*
 * All items up to and with a response: inputs and outputs of its ancestors and
 * its own, oldest first. The reasoning of other models than "model" is missing,
 * since only they can read it. STORED_NONE when one of the turns is missing.
 * "room" is how many bytes of text there may be, and are left then; 0 with
 * STORED_FULL when that is too little: a few bytes ask for megabytes.
 */
json_object *stored_chain(struct stored *, const char *owner, const char *id,
	    const char *model, size_t *room, enum stored_found *found);
/* The interaction that a response was part of upstream; NULL: not known. */
char	*stored_interaction(struct stored *, const char *owner,
	    const char *id);
/*
 * Items by their ids, of inputs or outputs: each turn is read once, however
 * many of its items are asked for. One that finds no room is STORED_FULL.
 */
struct stored_wanted {
	const char		*id;
	json_object		*item;	/* yours, or NULL */
	enum stored_found	 found;
};
void	stored_find(struct stored *, const char *owner, struct stored_wanted *,
	    size_t n, size_t *room);
/* One of them. */
json_object *stored_item(struct stored *, const char *owner, const char *id,
	    size_t *room, enum stored_found *found);

enum stored_found stored_delete(struct stored *, const char *owner,
	    const char *id);

/* A model's thought before a tool call. */
struct reasoning_row {
	const char	*owner;
	const char	*call;		/* its id */
	const char	*model;
	const char	*opaque;
	const char	*text;		/* or NULL */
};

/* Only the newest thousands are remembered. */
bool	reasoning_row_put(struct stored *, const struct reasoning_row *);
/* {"model":..,"reasoning_opaque":..,"reasoning_text":..} or NULL. */
/* Is there any of this model's? Asked once, before its calls are looked up. */
bool	reasoning_row_any(struct stored *, const char *owner,
	    const char *model);
json_object *reasoning_row_get(struct stored *, const char *owner,
	    const char *call);

/*
 * For the command line: numbers of responses and conversations, -1 on trouble,
 * which is logged.
 */
int64_t	stored_count(struct stored *, int64_t *bytes);
int64_t	stored_delete_all(struct stored *);
/* Each turn as {"id","owner","previous_response_id","input","response"}. */
bool	stored_each(struct stored *, bool (*each)(json_object *, void *),
	    void *);

#endif
