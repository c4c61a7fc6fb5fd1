/* Which conversation a request is part of. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/exchange.h"
#include "api/interaction.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/mac.h"
#include "base/util.h"

#define HEAD 8		/* items that are looked at first */
#define TEXT_MAX 65536	/* bytes of a text that count, beside its length */

/* --- What the client sent. */

/* It goes into a header as it is. */
static bool
is_printable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

static bool
take_own(struct exchange *x)
{
	const char *own = x->req.interaction;

	if (own == NULL || *own == '\0' || !is_printable(own) ||
	    strlen(own) >= sizeof(x->call.interaction))
		return false;
	snprintf(x->call.interaction, sizeof(x->call.interaction), "%s", own);
	return true;
}

/*
 * Claude Code says who it is in one string: JSON with a "session_id", of old
 * "user_X_account_Y_session_Z". Appends the session's name.
 */
static void
add_user_session(const char *user, struct buf *out)
{
	static const char	 before[] = "_session_";
	json_object		*obj = NULL;
	const char		*s = strstr(user, before);

	if (*user == '{')
		obj = js_parse_quiet(user, strlen(user));
	if (js_str(obj, "session_id") != NULL)
		buf_puts(out, js_str(obj, "session_id"));
	else if (s != NULL)
		buf_puts(out, s + sizeof(before) - 1);
	json_object_put(obj);
}

/* The name that the client's session has, if any; appended. */
static void
add_session(const struct exchange *x, json_object *obj, struct buf *out)
{
	const char	*user = js_str(js_obj(obj, "metadata"), "user_id");
	const char	*key = js_str(obj, "prompt_cache_key");

	if (x->req.interaction != NULL)
		buf_puts(out, x->req.interaction);
	if (out->len == 0 && x->req.session != NULL)
		buf_puts(out, x->req.session);
	if (out->len == 0 && user != NULL)
		add_user_session(user, out);
	if (out->len == 0 && key != NULL)
		buf_puts(out, key);
}

/* --- How the conversation begins. */

/* A text's length and its beginning: so none runs into the next. */
static void
feed_text(struct mac *m, json_object *text)
{
	size_t	n = (size_t)json_object_get_string_len(text);
	char	length[UTIL_INT_SIZE + 1];
	size_t	len = util_print_int((int64_t)n, length);

	length[len++] = ':';
	mac_add(m, length, len);
	mac_add(m, json_object_get_string(text), n < TEXT_MAX ? n : TEXT_MAX);
}

/* Words alone: marks move from turn to turn, and images are large. */
static void
feed(struct mac *m, json_object *content)
{
	json_object	*part, *text;
	size_t		 i, n = js_len(content);

	if (json_object_is_type(content, json_type_string))
		feed_text(m, content);
	for (i = 0; i < n; i++) {
		part = json_object_array_get_idx(content, i);
		text = js_get(part, "text");
		if (json_object_is_type(text, json_type_string))
			feed_text(m, text);
	}
}

/*
 * The system's words up to the user's first message, and that one, from item i
 * on. False: the user did not speak.
 */
static bool
feed_items(struct mac *m, json_object *list, size_t i)
{
	json_object	*item;
	size_t		 n = js_len(list);
	bool		 user, system;

	for (; i < n; i++) {
		item = json_object_array_get_idx(list, i);
		user = js_is(item, "role", "user");
		system = js_is(item, "role", "system") ||
		    js_is(item, "role", "developer");
		if (user || system)
			feed(m, js_get(item, "content"));
		if (user)
			return true;
	}
	return false;
}

/* Nearly always it is one of the first. */
static void
feed_list(struct mac *m, json_object *list)
{
	json_object *head;

	if (list == NULL)
		return;
	head = js_slice(list, 0, HEAD);
	if (!feed_items(m, head, 0) && js_len(head) == HEAD)
		feed_items(m, list, HEAD);
	json_object_put(head);
}

/* For any protocol; members that it doesn't know are absent. */
static void
feed_head(struct mac *m, json_object *obj)
{
	feed(m, js_get(obj, "instructions"));
	feed(m, js_get(obj, "system"));
	feed_list(m, js_array(obj, "messages"));
	if (js_array(obj, "input") != NULL)
		feed_list(m, js_array(obj, "input"));
	else
		feed(m, js_get(obj, "input"));
}

/* --- The id. */

/*
 * Copilot's own clients send an id of that form. "kind" keeps names of
 * different kinds apart; it ends with its NUL.
 */
static void
make(struct exchange *x, const char *kind, const char *name, json_object *obj)
{
	struct mac	m;
	uint8_t		hash[MAC_SIZE];

	mac_begin(&m, x->key != NULL ? x->key : "");
	mac_add(&m, kind, strlen(kind) + 1);
	if (name != NULL)
		mac_add(&m, name, strlen(name));
	else
		feed_head(&m, obj);
	mac_end(&m, hash);
	util_print_uuid(hash, x->call.interaction);
}

void
interaction_find(struct exchange *x, json_object *obj,
    const char *conversation, const char *previous)
{
	struct buf session = { 0 };

	if (take_own(x) || !x->conf->prompt_cache)
		return;
	add_session(x, obj, &session);
	if (session.len > 0)
		make(x, "session", session.p, NULL);
	else if (conversation != NULL)
		make(x, "conversation", conversation, NULL);
	else if (previous != NULL)
		snprintf(x->call.interaction, sizeof(x->call.interaction), "%s",
		    previous);
	else
		make(x, "head", NULL, obj);
	buf_finish(&session);
}

const char *
interaction_key(const struct exchange *x)
{
	return x->conf->prompt_cache ? x->call.interaction : NULL;
}
