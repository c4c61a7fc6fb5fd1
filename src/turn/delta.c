/* Events of upstream's that are the one before with another text. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "turn/delta.h"

/* Behind the text's: what no reader looks at. */
static const struct shape_member others[] = {
	{ "item_id", SHAPE_LOST },	/* another one with each event */
	{ "obfuscation", SHAPE_LOST },	/* hides the text's length */
	{ "padding", SHAPE_LOST },	/* does so for Claude */
	{ "sequence_number", SHAPE_COUNT },
};

static size_t
members(const struct delta *d, struct shape_member *list)
{
	list[0] = (struct shape_member){ d->member, SHAPE_SAME };
	memcpy(list + 1, others, sizeof(others));
	return COUNT(others) + 1;
}

/* The string between these quotes. */
static json_object *
string_of(const char *p, size_t n)
{
	return memchr(p, '\\', n) != NULL ? js_parse_quiet(p - 1, n + 2) :
	    json_object_new_string_len(p, (int)n);
}

json_object *
delta_text(struct delta *d, const struct sse_event *e)
{
	struct shape_member	 list[SHAPE_MEMBERS];
	const char		*p;
	size_t			 n;

	if (e->bare || e->unfinished)
		shape_forget(&d->shape);
	members(d, list);
	return shape_text(&d->shape, list, e->data, e->len, &p, &n) ?
	    string_of(p, n) : NULL;
}

/* Not where another member said it, or it was mended on the way. */
void
delta_learn(struct delta *d, const struct sse_event *e, const char *member,
    json_object *text)
{
	struct shape_member	 list[SHAPE_MEMBERS];
	const char		*p;
	size_t			 n;
	json_object		*same;

	d->member = member;
	if (e->bare || e->unfinished || !shape_learn_event(&d->shape, list,
	    members(d, list), e->data, e->len, &p, &n))
		return;
	same = string_of(p, n);
	if (!json_object_equal(same, text))
		shape_forget(&d->shape);
	json_object_put(same);
}

void
delta_finish(struct delta *d)
{
	shape_finish(&d->shape);
}
