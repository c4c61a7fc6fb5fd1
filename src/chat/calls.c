/* The tool calls of a choice. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/calls.h"
#include "turn/calls.h"

#define CALLS_MAX 1024	/* tool calls in one choice; models make a few */
#define HELD_MAX  (8u << 20) /* bytes of arguments of one call that wait */
#define ID_DIGITS 24

static const char *
nonempty(const char *s)
{
	return s != NULL && s[0] != '\0' ? s : NULL;
}

/* --- Is the text of an object complete? */

static void
text_byte(struct chat_object_text *t, char c)
{
	if (t->escape) {
		t->escape = false;
	} else if (t->string) {
		t->escape = c == '\\';
		t->string = c != '"';
	} else if (c == '"') {
		t->string = true;
	} else if (c == '{' || c == '[') {
		t->depth++;
	} else if ((c == '}' || c == ']') && t->depth > 0) {
		t->closed = --t->depth == 0;
	}
}

static void
text_feed(struct chat_object_text *t, const char *p, size_t n)
{
	size_t i;

	t->begun |= n > 0;
	for (i = 0; i < n; i++)
		text_byte(t, p[i]);
}

/* --- Which call? */

/*
 * Without an id it is the newest call of upstream's index; without an index
 * too, a name begins a new call. A name begins a new call as well where the
 * one of that index has all that it is called with, or another name: some
 * models make parallel calls without ids, all of index 0.
 */
static bool
continues(const struct chat_call *call, int64_t theirs, const char *name,
    bool says)
{
	if (theirs < 0)
		return name == NULL;
	if (call->theirs != theirs)
		return false;
	return name == NULL || call->name == NULL ||
	    (strcmp(call->name, name) == 0 && !(call->text.closed && says));
}

/*
 * The call that a piece continues, NULL for a new one. The id decides: Claude's
 * second call has index 0 like the first, and only a new id marks it.
 */
static struct chat_call *
find(struct chat_calls *c, const char *id, int64_t theirs, const char *name,
    bool says)
{
	struct chat_call	*call;
	size_t			 i;

	for (i = c->n; i > 0; i--) {
		call = &c->list[i - 1];
		if (id != NULL && strcmp(call->id, id) == 0)
			return call;
		if (id == NULL && (theirs < 0 || call->theirs == theirs))
			return continues(call, theirs, name, says) ? call :
			    NULL;
	}
	return NULL;
}

static bool
too_many(struct err *err)
{
	return err_set(err, 502, ERR_SERVER, NULL, NULL,
	    "GitHub Copilot made more tool calls, or longer ones in disorder, "
	    "than can be handled.");
}

char *
chat_call_id(void)
{
	char digits[ID_DIGITS + 1];

	util_random_hex(digits, ID_DIGITS);
	return xasprintf("call_%s", digits);
}

static struct chat_call *
add(struct chat_calls *c, const char *id, int64_t theirs, struct err *err)
{
	struct chat_call *call;

	if (c->n == CALLS_MAX) {
		too_many(err);
		return NULL;
	}
	c->list = util_grow(c->list, c->n, sizeof(*c->list));
	assert(c->list != NULL);	/* made with the first */
	call = &c->list[c->n++];
	*call = (struct chat_call){ .theirs = theirs };
	call->id = id != NULL ? xstrdup(id) : chat_call_id();
	return call;
}

/* --- What goes on. */

/* "null" is how some say that there are no arguments; it may still come. */
static bool
says_nothing(const struct buf *held)
{
	return held->len == 0 || (held->len <= 4 &&
	    strncmp(held->p, "null", held->len) == 0);
}

/* A later piece of a call, when what waited of it goes on. */
static json_object *
piece_new(void)
{
	json_object *piece = json_object_new_object();

	js_add_int(piece, "index", 0);
	js_add_take(piece, "function", json_object_new_object());
	return piece;
}

/* The piece that named the call goes first, with whatever else is in it. */
static json_object *
begin(struct chat_calls *c, struct chat_call *call)
{
	json_object *piece = call->first;

	call->first = NULL;
	call->started = true;
	c->nstarted++;
	js_add_str(piece, "id", call->id);
	js_add_str(piece, "type", "function");
	return piece;
}

/* "piece" is upstream's, in hand, or NULL; a new reference. */
static json_object *
go_on(json_object *piece)
{
	if (piece == NULL)
		return piece_new();
	js_del(piece, "id");
	js_del(piece, "type");
	js_del(js_obj(piece, "function"), "name");
	return json_object_get(piece);
}

/* All of a custom tool's call. */
static json_object *
tell_custom(struct chat_calls *c, struct chat_call *call)
{
	json_object *piece = json_object_new_object();
	json_object *custom = json_object_new_object();

	js_add_int(piece, "index", c->nstarted++);
	js_add_str(piece, "id", call->id);
	js_add_str(piece, "type", "custom");
	js_add_str(custom, "name", call->name);
	js_add_take(custom, "input", call->text_only ?
	    json_object_new_string_len(buf_str(&call->held),
	    (int)call->held.len) :
	    calls_input(buf_str(&call->held), call->held.len));
	js_add_take(piece, "custom", custom);
	call->started = true;
	buf_truncate(&call->held, 0);
	return piece;
}

/* The piece that tells what waits of the call, a new reference. */
static json_object *
tell(struct chat_calls *c, struct chat_call *call, json_object *piece)
{
	if (call->custom)
		return tell_custom(c, call);
	piece = call->started ? go_on(piece) : begin(c, call);
	js_add_int(piece, "index", c->nstarted - 1);
	js_add_take(js_obj(piece, "function"), "arguments",
	    json_object_new_string_len(buf_str(&call->held),
	    (int)call->held.len));
	buf_truncate(&call->held, 0);
	return piece;
}

/* Has the call something to tell? */
static bool
has_news(const struct chat_call *call)
{
	if (call->name == NULL)
		return false;
	if (call->custom)
		return !call->started && call->text.closed;
	return call->started ? call->held.len > 0 : !says_nothing(&call->held);
}

/*
 * The current call goes on until it is complete and there is a next one.
 * Clients want the name in the first piece, so nothing is said before it is
 * known.
 */
static void
drain(struct chat_calls *c, const struct chat_call *of, json_object *piece,
    json_object *out)
{
	struct chat_call *call;

	for (; c->current < c->n; c->current++) {
		call = &c->list[c->current];
		if (has_news(call))
			json_object_array_add(out, tell(c, call,
			    call == of ? piece : NULL));
		if (!call->started || !call->text.closed ||
		    c->current + 1 == c->n)
			return;
	}
}

/* A piece's arguments, as text whatever they are. */
static void
hold_arguments(struct chat_call *call, json_object *function)
{
	json_object	*v = js_get(function, "arguments");
	size_t		 at = call->held.len;

	if (json_object_is_type(v, json_type_string))
		js_append_text(&call->held, v);
	else if (v != NULL)
		js_print(v, &call->held);
	if (call->held.len > at)
		text_feed(&call->text, call->held.p + at,
		    call->held.len - at);
}

/* All of a custom tool's input, where upstream has such tools. */
static void
hold_input(struct chat_call *call, json_object *custom)
{
	json_object *input = js_get(custom, "input");

	call->custom = call->text_only = call->text.closed = true;
	if (json_object_is_type(input, json_type_string))
		js_append_text(&call->held, input);
}

/* Has the piece arguments that say something? */
static bool
has_arguments(json_object *function)
{
	json_object *v = js_get(function, "arguments");

	return v != NULL && (!json_object_is_type(v, json_type_string) ||
	    json_object_get_string_len(v) > 0);
}

static bool
take_one(struct chat_calls *c, json_object *piece, json_object *out,
    struct err *err)
{
	json_object		*custom = js_obj(piece, "custom");
	json_object		*function = custom != NULL ? custom :
				    js_obj(piece, "function");
	const char		*id = nonempty(js_str(piece, "id"));
	const char		*name = nonempty(js_str(function, "name"));
	int64_t			 theirs = js_int(piece, "index", -1);
	struct chat_call	*call;

	if (function == NULL)
		return true;
	call = find(c, id, theirs, name, has_arguments(function));
	if (call == NULL && (call = add(c, id, theirs, err)) == NULL)
		return false;
	if (call->name == NULL && name != NULL)
		call->name = xstrdup(name);
	if (call->first == NULL && !call->started && name != NULL)
		call->first = json_object_get(piece);
	if (custom != NULL)
		hold_input(call, custom);
	else
		hold_arguments(call, function);
	call->custom |= c->custom != NULL && call->name != NULL &&
	    js_has(c->custom, call->name);
	drain(c, call, piece, out);
	return call->held.len <= HELD_MAX || too_many(err);
}

json_object *
chat_calls_take(struct chat_calls *c, json_object *pieces, struct err *err)
{
	json_object	*out = json_object_new_array();
	size_t		 i;

	for (i = 0; i < js_len(pieces); i++)
		if (!take_one(c, json_object_array_get_idx(pieces, i), out,
		    err)) {
			json_object_put(out);
			return NULL;
		}
	return out;
}

json_object *
chat_calls_rest(struct chat_calls *c)
{
	json_object		*out = NULL;
	struct chat_call	*call;

	for (; c->current < c->n; c->current++) {
		call = &c->list[c->current];
		if (!call->started && !call->custom &&
		    says_nothing(&call->held)) {
			buf_truncate(&call->held, 0);
			buf_puts(&call->held, "{}");
		}
		if (call->name != NULL && (call->custom ? !call->started :
		    call->held.len > 0))
			js_append_take(&out, tell(c, call, NULL));
	}
	return out;
}

void
chat_calls_finish(struct chat_calls *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->list[i].id);
		free(c->list[i].name);
		json_object_put(c->list[i].first);
		buf_finish(&c->list[i].held);
	}
	free(c->list);
	*c = (struct chat_calls){ 0 };
}
