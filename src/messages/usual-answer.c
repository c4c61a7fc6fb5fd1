/* Whole answers of the usual form. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/peek.h"
#include "base/scan.h"
#include "base/tree.h"
#include "messages/usual-answer.h"
#include "turn/usage.h"

struct look {
	struct peek	k;
	struct peek	usage, bill;	/* without a text: not there */
	bool		message;	/* it is one */
};

/* --- A look. */

static bool
look_at_type(struct look *l)
{
	struct peek_text type;

	return l->message = peek_string(&l->k, &type) &&
	    peek_is(&type, "message");
}

/* All of its names can be told. */
static bool
look_at_usage(struct look *l)
{
	struct peek_text name;

	l->usage = l->k;
	if (peek_pass(&l->k, 'n')) {
		l->usage.p = NULL;
		return true;
	}
	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (!peek_is_plain(&name) || peek_is(&name, "cost"))
			return false;
		peek_skip(&l->k);
	}
	return true;
}

static bool
look_at_member(struct look *l, const struct peek_text *name)
{
	if (peek_is(name, "type"))
		return look_at_type(l);
	if (peek_is(name, "usage"))
		return look_at_usage(l);
	if (peek_is(name, "copilot_usage"))
		return peek_object(&l->k, &l->bill);
	/* These are an event's. */
	if (!peek_is_plain(name) || peek_is(name, "delta") ||
	    peek_is(name, "message"))
		return false;
	peek_skip(&l->k);
	return true;
}

static bool
look_at_whole(struct look *l)
{
	struct peek_text name;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name))
		if (!look_at_member(l, &name))
			return false;
	return l->message;
}

/* --- What the client gets. */

/* What it costs is told beside the tokens. */
static void
put_usage(struct peek *k, const struct usage *u, struct buf *out)
{
	struct peek_text	name;
	char			before = '{', cost[USAGE_COST_SIZE];

	peek_in(k, '{');
	while (peek_member(k, &name)) {
		if (peek_starts(&name, MESSAGES_PRIVATE)) {
			peek_skip(k);
			continue;
		}
		tree_print_name(before, &name, out);
		before = ',';
		tree_print_peeked(k, out);
	}
	if (usage_cost_text(u, cost))
		buf_printf(out, "%c\"cost\":%s}", before, cost);
	else
		buf_puts(out, before == '{' ? "{}" : "}");
}

/* The members that are not Copilot's, and usage with its cost. */
static void
put_members(struct peek *k, const struct usage *u, struct buf *out)
{
	struct peek_text	name;
	char			before = '{';

	peek_in(k, '{');
	while (peek_member(k, &name)) {
		if (peek_starts(&name, MESSAGES_PRIVATE)) {
			peek_skip(k);
			continue;
		}
		tree_print_name(before, &name, out);
		before = ',';
		if (peek_is(&name, "usage") && k->p[k->i] == '{')
			put_usage(k, u, out);
		else
			tree_print_peeked(k, out);
	}
	buf_puts(out, before == '{' ? "{}" : "}");
}

bool
messages_usual_answer(const char *text, size_t n, struct usage *usage,
    struct buf *out)
{
	struct look		l = { .message = false };
	struct scan_marks	marks = { 0 };
	struct budget_mark	before = budget_mark();
	struct peek		whole;
	bool			usual;

	usual = peek_read(&l.k, text, n, &marks);
	whole = l.k;
	if ((usual = usual && look_at_whole(&l))) {
		usage_read_peeked(usage, &l.usage, &l.bill);
		buf_reserve(out, n);
		put_members(&whole, usage, out);
	}
	free(marks.list);
	if (!usual)
		budget_back(before);
	return usual;
}
