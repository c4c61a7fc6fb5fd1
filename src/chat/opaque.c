/* reasoning_opaque of a chat completion that came over /responses. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/opaque.h"
#include "turn/sink.h"

/* How the string begins; models' own are base64. The number is the form's. */
#define BEGINNING "{\"responses\":1,"
#define SEALED_MAX (4u << 20)	/* the client sends it back with each turn */

void
chat_opaque_add(struct chat_opaque *o, int64_t place,
    json_object *sealed)
{
	json_object *item = json_object_new_object();

	if (o->items == NULL)
		o->items = json_object_new_array();
	js_add_int(item, "place", place);
	js_add_ref(item, "sealed", sealed);
	json_object_array_add(o->items, item);
}

json_object *
chat_opaque_text(const struct chat_opaque *o)
{
	json_object	*obj, *text;
	struct buf	 out = { 0 };

	if (o->items == NULL)
		return NULL;
	obj = json_object_new_object();
	js_add_int(obj, "responses", 1);
	if (o->phase[0] != '\0')
		js_add_str(obj, "phase", o->phase);
	js_add_ref(obj, "reasoning", o->items);
	js_print(obj, &out);
	text = json_object_new_string_len(out.p, (int)out.len);
	json_object_put(obj);
	buf_finish(&out);
	return text;
}

bool
chat_opaque_is(const char *s)
{
	return util_starts(s, BEGINNING);
}

bool
chat_opaque_read(struct chat_opaque *o, const char *text,
    size_t n)
{
	json_object	*obj;
	const char	*phase;

	*o = (struct chat_opaque){ 0 };
	if (!chat_opaque_is(text))
		return false;
	obj = js_parse_quiet(text, n);
	if (js_array(obj, "reasoning") != NULL)
		o->items = json_object_get(js_array(obj, "reasoning"));
	phase = js_str(obj, "phase");
	if (phase != NULL && strlen(phase) < sizeof(o->phase))
		snprintf(o->phase, sizeof(o->phase), "%s", phase);
	json_object_put(obj);
	return o->items != NULL;
}

json_object *
chat_opaque_next(const struct chat_opaque *o, size_t *at, int64_t place)
{
	json_object	*item, *sealed;
	size_t		 n = js_len(o->items);

	while (*at < n) {
		item = json_object_array_get_idx(o->items, *at);
		if (js_int(item, "place", 0) > place)
			return NULL;
		++*at;
		sealed = js_get(item, "sealed");
		if (json_object_is_type(sealed, json_type_string) &&
		    json_object_get_string_len(sealed) > 0)
			return sealed;
	}
	return NULL;
}

void
chat_opaque_finish(struct chat_opaque *o)
{
	json_object_put(o->items);
	*o = (struct chat_opaque){ 0 };
}

/* --- The stage. */

struct stage {
	struct sink		 sink;
	struct chat_opaque	 opaque;
	size_t			 sealed;	/* bytes in it */
	size_t			 item;		/* that was sealed last */
	bool			 said;		/* there was text */
	int64_t			 ncalls;
};

static bool
begin(struct sink *s, size_t item, const struct sink_item *is, struct buf *out,
    struct err *err)
{
	struct stage *st = (struct stage *)s;

	st->ncalls += is->kind == SINK_CALL;
	return sink_begin(s->next, item, is, out, err);
}

static bool
delta(struct sink *s, size_t item, const struct sink_delta *d, struct buf *out,
    struct err *err)
{
	struct stage *st = (struct stage *)s;

	st->said = st->said || d->part == SINK_TEXT;
	return sink_delta(s->next, item, d, out, err);
}

static void
keep_phase(struct stage *st, json_object *text)
{
	const char *phase = json_object_get_string(text);

	if (strlen(phase) < sizeof(st->opaque.phase))
		snprintf(st->opaque.phase, sizeof(st->opaque.phase), "%s",
		    phase);
}

static void
keep_sealed(struct stage *st, size_t item, json_object *text)
{
	size_t n = (size_t)json_object_get_string_len(text);

	if (n == 0 || n > SEALED_MAX - st->sealed)
		return;
	st->sealed += n;
	st->item = item;
	chat_opaque_add(&st->opaque, st->ncalls > 0 ? st->ncalls + 1 :
	    st->said, text);
}

static bool
seal(struct sink *s, size_t item, enum sink_seal form, json_object *text,
    struct buf *out, struct err *err)
{
	struct stage *st = (struct stage *)s;

	if (form == SINK_PHASE)
		keep_phase(st, text);
	else if (form == SINK_ENCRYPTED)
		keep_sealed(st, item, text);
	else
		return sink_seal(s->next, item, form, text, out, err);
	return true;
}

static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct stage	*st = (struct stage *)s;
	json_object	*text = chat_opaque_text(&st->opaque);
	bool		 ok = true;

	if (text != NULL)
		ok = sink_seal(s->next, st->item, SINK_OPAQUE, text, out, err);
	json_object_put(text);
	return ok && sink_finish(s->next, end, out, err);
}

static void
destroy(struct sink *s)
{
	struct stage *st = (struct stage *)s;

	chat_opaque_finish(&st->opaque);
	free(st);
}

static const struct sink_ops ops = {
	.begin = begin, .delta = delta, .seal = seal, .finish = finish,
	.destroy = destroy
};

struct sink *
chat_opaque_stage(void)
{
	struct stage *st = xcalloc(1, sizeof(*st));

	st->sink.ops = &ops;
	return &st->sink;
}
