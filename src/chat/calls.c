/* The tool calls of a choice: which piece belongs to which call. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/calls.h"
#include "chat/choice.h"

#define CALLS_MAX 1024	/* tool calls in one choice; models make a few */
#define HELD_MAX  (1u << 20) /* bytes of arguments that wait for a name */
#define ID_DIGITS 24

static const char *
nonempty(const char *s)
{
	return s != NULL && s[0] != '\0' ? s : NULL;
}

/*
 * The call a piece continues, NULL for a new one. The id decides: Claude's
 * second call has index 0 like the first, and only a new id marks it. Without
 * an id it is the newest call of that index; without an index too, a name
 * begins a new call.
 */
static struct chat_call *
find(struct chat_choice *c, const char *id, int64_t theirs, const char *name)
{
	struct chat_call	*call;
	size_t			 i;

	for (i = c->ncalls; i > 0; i--) {
		call = &c->calls[i - 1];
		if (id != NULL ? strcmp(call->id, id) == 0 :
		    theirs >= 0 ? call->theirs == theirs : name == NULL)
			return call;
	}
	return NULL;
}

static bool
too_many(struct err *err)
{
	return err_set(err, 502, ERR_SERVER, NULL, NULL,
	    "GitHub Copilot made more tool calls, or longer ones without a "
	    "name, than can be handled.");
}

static struct chat_call *
add(struct chat_choice *c, const char *id, int64_t theirs, struct err *err)
{
	struct chat_call	*call;
	char			 digits[ID_DIGITS + 1];

	if (c->ncalls == CALLS_MAX) {
		too_many(err);
		return NULL;
	}
	/* Room grows by doubling: at each power of two. */
	if ((c->ncalls & (c->ncalls - 1)) == 0)
		c->calls = xrealloc(c->calls,
		    (c->ncalls > 0 ? c->ncalls * 2 : 1) * sizeof(*c->calls));
	call = &c->calls[c->ncalls++];
	*call = (struct chat_call){ .theirs = theirs };
	util_random_hex(digits, ID_DIGITS);
	call->id = id != NULL ? xstrdup(id) : xasprintf("call_%s", digits);
	return call;
}

/* A piece's arguments, as text whatever they are. */
static void
arguments(json_object *function, struct buf *out)
{
	json_object *v = js_get(function, "arguments");

	if (json_object_is_type(v, json_type_string))
		buf_append(out, json_object_get_string(v),
		    (size_t)json_object_get_string_len(v));
	else if (v != NULL)
		js_print(v, out);
}

static void
set_arguments(json_object *function, const struct buf *args)
{
	js_add_take(function, "arguments",
	    json_object_new_string_len(buf_str(args), (int)args->len));
}

/*
 * Nothing can be said of a call before its name is known, since clients want it
 * in the first piece: its arguments wait.
 */
static bool
repair_first(struct chat_choice *c, struct chat_call *call, json_object *piece,
    json_object *function)
{
	arguments(function, &call->held);
	if (nonempty(js_str(function, "name")) == NULL)
		return false;
	call->named = true;
	call->index = c->nnamed++;
	js_add_int(piece, "index", call->index);
	js_add_str(piece, "id", call->id);
	js_add_str(piece, "type", "function");
	set_arguments(function, &call->held);
	buf_finish(&call->held);
	return true;
}

static bool
repair_later(const struct chat_call *call, json_object *piece,
    json_object *function)
{
	json_object	*v = js_get(function, "arguments");
	struct buf	 args = { 0 };

	if (v != NULL && !json_object_is_type(v, json_type_string)) {
		arguments(function, &args);
		set_arguments(function, &args);
		buf_finish(&args);
		v = js_get(function, "arguments");
	}
	if (v == NULL || json_object_get_string_len(v) == 0)
		return false;
	js_add_int(piece, "index", call->index);
	js_del(piece, "id");
	js_del(piece, "type");
	js_del(function, "name");
	return true;
}

json_object *
chat_calls_number(struct chat_choice *c, json_object *pieces, struct err *err)
{
	json_object		*out = json_object_new_array();
	json_object		*piece, *function;
	struct chat_call	*call;
	const char		*id;
	int64_t			 theirs;
	size_t			 i;
	bool			 say;

	for (i = 0; i < js_len(pieces); i++) {
		piece = json_object_array_get_idx(pieces, i);
		if ((function = js_obj(piece, "function")) == NULL)
			continue;
		id = nonempty(js_str(piece, "id"));
		theirs = js_int(piece, "index", -1);
		call = find(c, id, theirs, nonempty(js_str(function, "name")));
		if (call == NULL && (call = add(c, id, theirs, err)) == NULL) {
			json_object_put(out);
			return NULL;
		}
		say = call->named ? repair_later(call, piece, function) :
		    repair_first(c, call, piece, function);
		if (say)
			json_object_array_add(out, json_object_get(piece));
		else if (call->held.len > HELD_MAX) {
			too_many(err);
			json_object_put(out);
			return NULL;
		}
	}
	return out;
}
