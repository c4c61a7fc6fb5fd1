/* Whole answers of the usual form, as the client gets them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/peek.h"
#include "base/scan.h"
#include "base/tree.h"
#include "chat/choice.h"
#include "chat/head.h"
#include "chat/usage.h"
#include "chat/usual-answer.h"
#include "chat/usual-look.h"
#include "chat/wanted.h"
#include "turn/usage.h"

static void
put(struct buf *out, const struct peek_text *t)
{
	buf_append(out, t->p, t->n);
}

/* The members that pass. */
static void
put_others(const struct chat_look *l, enum chat_look_object object,
    struct peek at, struct buf *out)
{
	struct peek_text name;

	peek_in(&at, '{');
	while (peek_member(&at, &name)) {
		if (chat_look_passes(l, object, &name, &at)) {
			tree_print_name(',', &name, out);
			tree_print_peeked(&at, out);
		} else
			peek_skip(&at);
	}
}

static void
put_function(struct peek *k, struct buf *out)
{
	struct peek_text	name;
	char			before = '{';

	peek_in(k, '{');
	while (peek_member(k, &name)) {
		tree_print_name(before, &name, out);
		tree_print_peeked(k, out);
		before = ',';
	}
	buf_putc(out, '}');
}

/* Without an index, and always of a type. */
static void
put_call(struct peek *k, struct buf *out)
{
	struct peek_text	name;
	bool			typed = false;
	const char		*before = "{";

	peek_in(k, '{');
	while (peek_member(k, &name)) {
		if (peek_is(&name, "index")) {
			peek_skip(k);
			continue;
		}
		buf_puts(out, before);
		before = ",";
		if (peek_is(&name, "type")) {
			buf_puts(out, "\"type\":\"function\"");
			peek_skip(k);
			typed = true;
		} else if (peek_is(&name, "id")) {
			buf_puts(out, "\"id\":");
			tree_print_peeked(k, out);
		} else {
			buf_puts(out, "\"function\":");
			put_function(k, out);
		}
	}
	buf_puts(out, typed ? "}" : ",\"type\":\"function\"}");
}

static void
put_calls_of(struct peek at, const char **before, struct buf *out)
{
	struct peek_text name;

	peek_in(&at, '{');
	while (peek_member(&at, &name)) {
		if (!peek_is(&name, "tool_calls") || !peek_in(&at, '[')) {
			peek_skip(&at);
			continue;
		}
		while (peek_element(&at)) {
			buf_puts(out, *before);
			*before = ",";
			put_call(&at, out);
		}
	}
}

static void
put_calls(const struct chat_look *l, struct buf *out)
{
	const char	*before = ",\"tool_calls\":[";
	size_t		 i;

	if (l->ncalls == 0)
		return;
	for (i = 0; i < l->nmessages; i++)
		put_calls_of(l->messages[i], &before, out);
	buf_putc(out, ']');
}

static void
put_reasoning(const struct chat_look *l, struct buf *out)
{
	struct peek at = l->reasoning, again = at;

	if (!chat_look_is_there(&at))
		return;
	buf_puts(out, ",\"reasoning_text\":");
	tree_print_peeked(&at, out);
	buf_puts(out, ",\"reasoning_content\":");
	tree_print_peeked(&again, out);
}

static void
put_choice(struct chat_look *l, struct buf *out)
{
	buf_puts(out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":"
	    "\"assistant\",\"content\":");
	if (chat_look_is_there(&l->content))
		tree_print_peeked(&l->content, out);
	else
		buf_puts(out, l->ncalls > 0 ? "null" : "\"\"");
	buf_puts(out, ",\"refusal\":null");
	put_reasoning(l, out);
	if (chat_look_is_there(&l->others))
		put_others(l, CHAT_LOOK_MESSAGE, l->others, out);
	put_calls(l, out);
	buf_puts(out, "},\"logprobs\":null,\"finish_reason\":\"");
	buf_puts(out, chat_choice_reason(l->finish, l->ncalls > 0, false));
	buf_puts(out, "\"}]");
}

static void
put_head(const struct chat_look *l, struct buf *out)
{
	buf_puts(out, "{\"id\":\"");
	if (!peek_starts(&l->id, CHAT_ID_PREFIX))
		buf_puts(out, CHAT_ID_PREFIX);
	put(out, &l->id);
	buf_puts(out, "\",\"object\":\"chat.completion\",\"created\":");
	put(out, &l->created);
	buf_puts(out, ",\"model\":");
	if (l->wanted->mapped || l->model.p == NULL)
		tree_print_text(l->wanted->model, strlen(l->wanted->model),
		    out);
	else {
		buf_putc(out, '"');
		put(out, &l->model);
		buf_putc(out, '"');
	}
	if (l->fingerprint.p != NULL) {
		buf_puts(out, ",\"system_fingerprint\":\"");
		put(out, &l->fingerprint);
		buf_putc(out, '"');
	}
}

static void
put_usage(struct chat_look *l, struct usage *usage, struct buf *out)
{
	usage_read_peeked(usage, &l->usage, &l->bill);
	if (!chat_look_is_there(&l->usage))
		return;
	buf_puts(out, ",\"usage\":");
	chat_usage_print(&l->usage, usage, out);
}

static bool
wants_usual(const struct chat_wanted *w)
{
	return !w->stream && w->n <= 1 && !w->format_in_prompt &&
	    w->stop == NULL && w->tap.print == NULL && w->tap.keep == NULL;
}

bool
chat_usual_answer(const struct chat_wanted *wanted, const char *text, size_t n,
    struct usage *usage, struct buf *out)
{
	struct chat_look	l = { .wanted = wanted };
	struct scan_marks	marks = { 0 };
	struct budget_mark	before = budget_mark();
	struct peek		whole;
	bool			usual;

	usual = wants_usual(wanted) && peek_read(&l.k, text, n, &marks);
	whole = l.k;
	if ((usual = usual && chat_look(&l))) {
		buf_reserve(out, n);
		put_head(&l, out);
		put_choice(&l, out);
		put_usage(&l, usage, out);
		if (l.more)
			put_others(&l, CHAT_LOOK_WHOLE, whole, out);
		buf_putc(out, '}');
	}
	free(marks.list);
	if (!usual)
		budget_back(before);
	return usual;
}
