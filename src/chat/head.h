/*
 * All chunks of a chat completion have the same id, created, model and
 * fingerprint. Upstream leaves them out, leaves them empty, or sends them with
 * later chunks only (the first one may have id "" and created 0); clients rely
 * on them. Once the client has seen them they don't change any more.
 */
#ifndef CHAT_HEAD_H
#define CHAT_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

/* Zeroed memory is one that knows nothing yet. */
struct chat_head {
	char		*id;
	char		*model;
	char		*fingerprint;
	int64_t		 created;
	bool		 fixed;		/* the client has seen it */
	struct buf	 text;
};

#define CHAT_ID_PREFIX "chatcmpl-" /* OpenAI's; Claude's id is a UUID */
#define CHAT_CHUNK "chat.completion.chunk"

/* Note what a chunk says and none before it said. */
void	chat_head_note(struct chat_head *, json_object *chunk);

/*
 * What each chunk begins with, and the whole: a new object of that type. What
 * upstream left out is invented. The model is called "asked" when it has to be,
 * or when upstream is silent.
 */
json_object *chat_head_new(struct chat_head *, const char *object,
	    const char *asked, bool has_to);
/* A chunk's as text, without its closing brace; made at the first call. */
const struct buf *chat_head_text(struct chat_head *, const char *asked,
	    bool has_to);

void	chat_head_finish(struct chat_head *);

#endif
