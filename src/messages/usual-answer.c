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
look_at_member(void *arg, const struct peek_text *name)
{
	struct look *l = arg;

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

/* --- What the client gets. */

static void	put_usage(struct peek *, const struct usage *, struct buf *);

/*
 * Bracket and members, but for Copilot's own. With "u" it is a Message, whose
 * usage has its cost. What comes before one more member: '{' or ','.
 */
static char
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
		if (u != NULL && peek_is(&name, "usage") && k->p[k->i] == '{')
			put_usage(k, u, out);
		else
			tree_print_peeked(k, out);
	}
	return before;
}

static void
close_object(char before, struct buf *out)
{
	buf_puts(out, before == '{' ? "{}" : "}");
}

/* What it costs is told beside the tokens. */
static void
put_usage(struct peek *k, const struct usage *u, struct buf *out)
{
	char before = put_members(k, NULL, out), cost[USAGE_COST_SIZE];

	if (usage_cost_text(u, cost))
		buf_printf(out, "%c\"cost\":%s}", before, cost);
	else
		close_object(before, out);
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
	if ((usual = usual && peek_members(&l.k, look_at_member, &l) &&
	    l.message)) {
		usage_read_peeked(usage, &l.usage, &l.bill);
		buf_reserve(out, n);
		close_object(put_members(&whole, usage, out), out);
	}
	free(marks.list);
	if (!usual)
		budget_back(before);
	return usual;
}
