/*
 * A whole answer of upstream's both ways: as its text (chat/usual-answer.h),
 * and by its tree, which whoever has a tap gets to see.
 */
#ifndef WHOLE_H
#define WHOLE_H

#include <stdio.h>
#include <string.h>

#include "answer-run.h"
#include "base/js.h"
#include "chat/answer.h"
#include "chat/print.h"
#include "chat/usual-answer.h"

static inline void
whole_print(void *arg, json_object *obj, struct buf *out)
{
	(void)arg;
	chat_print_tree(obj, false, out);
}

static inline void
whole_keep(void *arg, const struct thought *t)
{
	buf_puts(arg, " kept ");
	js_print(t->opaque, arg);
	js_print(t->calls, arg);
	buf_append(arg, buf_str(&t->text), t->text.len);
}

/* All that comes of it, as a text; ids that are made up, and times, masked. */
static inline void
whole_run(struct chat_wanted w, const char *p, size_t n, bool general,
    bool costs, struct buf *out)
{
	struct run	 r = { .usage = USAGE_NONE, .ok = true };
	struct buf	 kept = { 0 };

	r.usage.show_cost = costs;
	if (general)
		w.tap.print = whole_print;
	if (w.thoughts.keep != NULL)
		w.thoughts.arg = &kept;
	r.self = chat_answer_create(&w, &r.usage);
	r.ok = run_whole(&turn_answer, r.self, p, n, &r.out, &r.err);
	run_tell(&r, out);
	buf_puts(out, buf_str(&kept));
	buf_append(out, buf_str(&r.out), r.out.len);
	mask(out);
	turn_answer.destroy(r.self);
	buf_finish(&r.out);
	buf_finish(&kept);
}

/* Is it the same? *usual: there are two ways. */
static inline bool
whole_same(const struct chat_wanted *w, const char *p, size_t n, bool costs,
    bool *usual)
{
	struct usage	u = USAGE_NONE;
	struct buf	a = { 0 }, b = { 0 };
	bool		same;

	*usual = chat_usual_answer(w, p, n, &u, &a);
	buf_truncate(&a, 0);
	whole_run(*w, p, n, false, costs, &a);
	whole_run(*w, p, n, true, costs, &b);
	same = a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
	if (!same)
		fprintf(stderr, "answer %.*s\nlooked at: %s\nread: %s\n",
		    (int)n, p, a.p, b.p);
	buf_finish(&a);
	buf_finish(&b);
	return same;
}

#endif
