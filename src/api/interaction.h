/*
 * X-Interaction-Id: which conversation a request is part of. Copilot keys its
 * prompt cache by it, so it has to be the same in all turns of a conversation,
 * whichever process, host or CGI run serves them, and another one in others.
 * These decide, in this order:
 *
 *	1. the client's own X-Interaction-Id, as it is;
 *	2. what names its session: x-session-affinity, x-session-id, session-id
 *	   or session_id, x-claude-code-session-id; the session in
 *	   metadata.user_id; prompt_cache_key;
 *	3. the conversation; or what the response that it goes on from was part
 *	   of, which is what the first of that chain was;
 *	4. the first instructions and the first message of the user's.
 *
 * All but the first are made a UUID by an HMAC whose key is the client's key.
 * That is what processes and hosts share that serve a client, it never leaves
 * them, and no two clients have the same. Nobody can read the content or the
 * key in the UUID; who has the content, as Copilot does, could try keys, so
 * they should be long, as those of "auth keys" are.
 */
#ifndef INTERACTION_H
#define INTERACTION_H

#include <json-c/json.h>

struct exchange;

/*
 * Fill in x->call's; "obj" is the request, with what was restored in it. NULL:
 * no conversation is named, or no response is gone on from (or it isn't known
 * what that was part of).
 */
void	interaction_find(struct exchange *x, json_object *obj,
	    const char *conversation, const char *previous);

/* Then: the prompt_cache_key of a request that has none; NULL: it gets none. */
const char *interaction_key(const struct exchange *);

#endif
