/* The thoughts of a model before it called a tool; noted by a stage. */
#include "config.h"

#include <stdlib.h>

#include "base/js.h"
#include "base/util.h"
#include "turn/sink.h"
#include "turn/stages.h"
#include "turn/thought.h"

#define OPAQUE_MAX	(256u << 10)	/* of one; larger is not kept */
#define TEXT_MAX	(32u << 10)	/* likewise, but goes alone */
#define CALLS_MAX	128

static size_t
length(json_object *text)
{
	return json_object_is_type(text, json_type_string) ?
	    (size_t)json_object_get_string_len(text) : 0;
}

void
thought_opaque(struct thought *t, json_object *text)
{
	if (t->opaque == NULL && length(text) > 0)
		t->opaque = json_object_get(text);
}

void
thought_text(struct thought *t, json_object *text)
{
	if (length(text) > 0 && t->text.len <= TEXT_MAX)
		buf_append(&t->text, json_object_get_string(text),
		    length(text));
}

void
thought_call(struct thought *t, const char *id)
{
	if (id == NULL)
		return;
	if (t->calls == NULL)
		t->calls = json_object_new_array();
	if (js_len(t->calls) < CALLS_MAX)
		json_object_array_add(t->calls, json_object_new_string(id));
}

bool
thought_counts(const struct thought *t)
{
	return t->opaque != NULL && t->calls != NULL &&
	    length(t->opaque) <= OPAQUE_MAX;
}

const char *
thought_kept_text(const struct thought *t)
{
	return t->text.len > 0 && t->text.len <= TEXT_MAX ? t->text.p : NULL;
}

void
thought_finish(struct thought *t)
{
	json_object_put(t->opaque);
	json_object_put(t->calls);
	buf_finish(&t->text);
	*t = (struct thought){ 0 };
}

/* --- The stage. */

struct stage {
	struct sink		 sink;
	struct thought_keeper	 keeper;
	struct thought		 thought;
	bool			 kept;
};

static bool
begin(struct sink *s, size_t item, const struct sink_item *is, struct buf *out,
    struct err *err)
{
	struct stage *st = (struct stage *)s;

	if (is->kind == SINK_CALL)
		thought_call(&st->thought, is->id);
	return sink_begin(s->next, item, is, out, err);
}

static bool
delta(struct sink *s, size_t item, const struct sink_delta *d, struct buf *out,
    struct err *err)
{
	struct stage *st = (struct stage *)s;

	if (d->part == SINK_SUMMARY)
		thought_text(&st->thought, d->text);
	return sink_delta(s->next, item, d, out, err);
}

static bool
seal(struct sink *s, size_t item, enum sink_seal form, json_object *text,
    struct buf *out, struct err *err)
{
	struct stage *st = (struct stage *)s;

	if (form == SINK_OPAQUE)
		thought_opaque(&st->thought, text);
	return sink_seal(s->next, item, form, text, out, err);
}

static bool
keeps(struct sink *s)
{
	const struct stage *st = (const struct stage *)s;

	return !st->kept && thought_counts(&st->thought);
}

static void
keep(struct sink *s)
{
	struct stage *st = (struct stage *)s;

	st->kept = true;
	st->keeper.keep(st->keeper.arg, &st->thought);
}

static void
destroy(struct sink *s)
{
	struct stage *st = (struct stage *)s;

	thought_finish(&st->thought);
	free(st);
}

static const struct sink_ops ops = {
	.begin = begin, .delta = delta, .seal = seal, .keeps = keeps,
	.keep = keep, .destroy = destroy
};

struct sink *
stage_thought_create(const struct thought_keeper *keeper)
{
	struct stage *st = xcalloc(1, sizeof(*st));

	st->sink.ops = &ops;
	st->keeper = *keeper;
	return &st->sink;
}
