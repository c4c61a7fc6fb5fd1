/*
 * The life of an answer that is read in one protocol and written in another. It
 * is a sink itself, between the stages and the writer, and sees the end first.
 */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/util.h"
#include "turn/answer.h"
#include "turn/sink.h"

struct answer {
	struct sink			 sink;	/* next: the writer */
	struct sink			*first;
	const struct answer_reader	*ops;
	void				*reader;
	const struct answer_terms	*terms;	/* NULL: none */
	void				*words;
	bool				 ended;	/* nothing more is read */
	bool				 done;	/* all is written */
	bool				 held;	/* the end, until it is kept */
	struct sink_end			 end;
};

/* --- The end, as the last stage says it. */

static struct answer *
answer_of(struct sink *s)
{
	return (struct answer *)s;
}

static bool
last(struct answer *a, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	return a->done = sink_finish(a->sink.next, end, out, err);
}

/*
 * The client may send its next request at once: what has to be kept for that
 * comes first.
 */
static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct answer *a = answer_of(s);

	a->ended = true;
	a->end = *end;
	return (a->held = sink_keeps(a->first)) || last(a, end, out, err);
}

static void
none(struct sink *s)
{
	(void)s;
}

static const struct sink_ops sink_ops = { .finish = finish, .destroy = none };

/* --- What upstream sends. */

static void
explain(void *self, struct err *err)
{
	const struct answer *a = self;

	if (a->terms != NULL)
		a->terms->explain(a->words, err);
}

static enum answer_said
said(struct answer *a, bool ok, struct err *err)
{
	if (!ok) {
		explain(a, err);
		return ANSWER_FAILED;
	}
	return a->held ? ANSWER_HELD : a->ended ? ANSWER_COMPLETE :
	    ANSWER_MORE;
}

static enum answer_said
event(void *self, const struct sse_event *ev, struct buf *out, struct err *err)
{
	struct answer *a = self;

	if (!a->ops->event(a->reader, ev, out, err))
		return said(a, false, err);
	/* Where a stage wants nothing more, upstream is not heard out. */
	if (!a->ended && sink_over(a->first))
		return ANSWER_ENOUGH;
	return said(a, true, err);
}

static enum answer_said
end(void *self, struct buf *out, struct err *err)
{
	const struct sink_end	 over = { .reason = SINK_AT_STRING };
	struct answer		*a = self;

	return said(a, sink_over(a->first) ?
	    sink_finish(a->first, &over, out, err) :
	    a->ops->cut(a->reader, out, err), err);
}

static enum answer_said
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	struct answer *a = self;

	return said(a, a->ops->whole(a->reader, p, n, out, err), err);
}

/* --- Behind that. */

static bool
commit(void *self, struct buf *out, struct err *err)
{
	struct answer *a = self;

	a->held = false;
	sink_keep(a->first);
	return last(a, &a->end, out, err);
}

static void
fail(void *self, const struct err *why, struct buf *out)
{
	struct answer *a = self;

	if (a->done)
		return;
	a->ended = a->done = true;
	sink_fail(a->first, why, out);
}

static bool
filler(void *self, struct buf *out)
{
	const struct answer *a = self;

	return !a->ended && sink_filler(a->first, out);
}

static void
destroy(void *self)
{
	struct answer *a = self;

	if (a == NULL)
		return;
	if (a->reader != NULL)
		a->ops->destroy(a->reader);
	sink_destroy(a->first);
	if (a->terms != NULL)
		a->terms->destroy(a->words);
	free(a);
}

const struct answer_ops turn_answer = {
	.event = event,
	.end = end,
	.whole = whole,
	.commit = commit,
	.fail = fail,
	.explain = explain,
	.filler = filler,
	.destroy = destroy
};

/* --- Made of parts. */

struct answer *
answer_create(struct sink *take_writer)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	a->sink.ops = &sink_ops;
	a->sink.next = take_writer;
	a->first = &a->sink;
	return a;
}

void
answer_stage(struct answer *a, struct sink *take)
{
	take->next = a->first;
	a->first = take;
}

void
answer_terms(struct answer *a, const struct answer_terms *terms, void *take)
{
	a->terms = terms;
	a->words = take;
}

void
answer_read(struct answer *a, const struct answer_reader *ops, void *take)
{
	a->ops = ops;
	a->reader = take;
}

struct sink *
answer_first(struct answer *a)
{
	return a->first;
}
