/* Messages and tools of the usual form. */
#include "config.h"

#include <string.h>

#include "base/peek.h"
#include "base/tree.h"
#include "base/util.h"
#include "messages/fit.h"
#include "messages/usual.h"
#include "turn/calls.h"

struct look {
	struct peek		 k;
	struct messages_usual	 found;
	struct peek_seen	 seen;	/* ids of calls, names of tools */
	bool			 user;	/* who spoke last */
	bool			 calls;	/* with calls */
	size_t			 n;	/* messages so far */
};

/* --- Texts. */

/* A string with something visible; false in doubt. */
static bool
words(struct look *l)
{
	struct peek_text text;

	return peek_string(&l->k, &text) && !peek_may_be_blank(&text);
}

/* {"type":"ephemeral"}, with a "ttl" or without. */
static bool
mark(struct look *l)
{
	struct peek_text name;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (!peek_is(&name, "type") && !peek_is(&name, "ttl"))
			return false;
		peek_skip(&l->k);
	}
	l->found.marked = true;
	return true;
}

static bool
signature(struct look *l)
{
	struct peek_text text;

	return peek_string(&l->k, &text) &&
	    messages_fit_signature(text.p, text.n);
}

/* --- Blocks, told apart by the members that they have. */

enum {
	TEXT = 1 << 0, ID = 1 << 1, NAME = 1 << 2, INPUT = 1 << 3,
	RESULT = 1 << 4, CONTENT = 1 << 5, FAILED = 1 << 6, SOURCE = 1 << 7,
	THOUGHT = 1 << 8, SIGNED = 1 << 9, DATA = 1 << 10, MARK = 1 << 11
};

static const struct {
	const char	*type;
	unsigned	 needs, may;
} blocks[] = {
	{ "text", TEXT, MARK },
	{ "tool_use", ID | NAME | INPUT, MARK },
	{ "tool_result", RESULT, CONTENT | FAILED | MARK },
	{ "image", SOURCE, MARK },
	{ "thinking", THOUGHT | SIGNED, 0 },
	{ "redacted_thinking", DATA, 0 }
};

/* An image that is there: nobody has to fetch it. */
static bool
look_at_source(struct look *l)
{
	struct peek_text	name, type = { .n = 0 };

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (!peek_is(&name, "type"))
			peek_skip(&l->k);
		else if (!peek_string(&l->k, &type))
			return false;
	}
	l->found.vision = true;
	return peek_is(&type, "base64");
}

static bool	look_at_content(struct look *, bool inner);

static unsigned
look_at_member(struct look *l, const struct peek_text *name)
{
	struct peek_text id;

	if (peek_is(name, "text"))
		return words(l) ? TEXT : 0;
	if (peek_is(name, "id")) {
		if (!calls_peek_id(&l->k, &id))
			return 0;
		peek_note(&l->seen, &id);
		return ID;
	}
	if (peek_is(name, "name"))
		return peek_pass(&l->k, '"') ? NAME : 0;
	if (peek_is(name, "input"))
		return peek_pass(&l->k, '{') ? INPUT : 0;
	/* A result keeps it, whether it has a call or not. */
	if (peek_is(name, "tool_use_id"))
		return calls_peek_id(&l->k, &id) ? RESULT : 0;
	if (peek_is(name, "content"))
		return peek_pass(&l->k, '"') || look_at_content(l, true) ?
		    CONTENT : 0;
	if (peek_is(name, "source"))
		return look_at_source(l) ? SOURCE : 0;
	if (peek_is(name, "thinking"))
		return peek_pass(&l->k, '"') ? THOUGHT : 0;
	if (peek_is(name, "signature"))
		return signature(l) ? SIGNED : 0;
	if (peek_is(name, "data"))
		return signature(l) ? DATA : 0;
	if (peek_is(name, "cache_control"))
		return mark(l) ? MARK : 0;
	if (!peek_is(name, "is_error"))
		return 0;
	peek_skip(&l->k);
	return FAILED;
}

/* Its row of the table, or COUNT(blocks). */
static size_t
look_at_block(struct look *l)
{
	struct peek_text	name, type = { .n = 0 };
	unsigned		has = 0, one;
	size_t			i;

	if (!peek_in(&l->k, '{'))
		return COUNT(blocks);
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "type")) {
			if (!peek_string(&l->k, &type))
				return COUNT(blocks);
		} else if ((one = look_at_member(l, &name)) != 0)
			has |= one;
		else
			return COUNT(blocks);
	}
	for (i = 0; i < COUNT(blocks); i++)
		if (peek_is(&type, blocks[i].type) &&
		    (has & ~blocks[i].may) == blocks[i].needs)
			return i;
	return COUNT(blocks);
}

/*
 * A list of blocks that is not empty; "inner": in a result, whose are texts and
 * images. Results stand before all else.
 */
static bool
look_at_content(struct look *l, bool inner)
{
	size_t	i, n = 0;
	bool	other = false, result, call, marked = l->found.marked;

	if (!peek_in(&l->k, '['))
		return false;
	for (; peek_element(&l->k); n++) {
		if ((i = look_at_block(l)) == COUNT(blocks))
			return false;
		result = (blocks[i].needs & RESULT) != 0;
		call = (blocks[i].needs & INPUT) != 0;
		if ((result && other) ||
		    (inner && (blocks[i].needs & (TEXT | SOURCE)) == 0))
			return false;
		other |= !result;
		l->calls |= call;
	}
	/* Marks in there are nobody's. */
	if (inner)
		l->found.marked = marked;
	return n > 0;
}

/* --- Messages. */

/* Two who take turns. */
static bool
look_at_role(struct look *l)
{
	struct peek_text	text;
	bool			before = l->user;

	if (!peek_string(&l->k, &text) ||
	    (!peek_is(&text, "user") && !peek_is(&text, "assistant")))
		return false;
	l->user = peek_is(&text, "user");
	return l->n == 0 || l->user != before;
}

static bool
look_at_message(void *arg)
{
	struct look		*l = arg;
	struct peek_text	 name;
	bool			 role = false, content = false;

	l->calls = false;
	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "role") && look_at_role(l))
			role = true;
		else if (peek_is(&name, "content") &&
		    (words(l) || look_at_content(l, false)))
			content = true;
		else
			return false;
	}
	l->n++;
	return role && content;
}

bool
messages_usual(json_object *messages, struct messages_usual *found)
{
	struct look	l = { .n = 0 };
	size_t		n;
	bool		usual;

	usual = tree_peek(messages, &l.k) &&
	    peek_each(&l.k, look_at_message, &l, &n) && n > 0;
	if (found != NULL)
		*found = l.found;
	/* The user has the last word, or will have: calls await results. */
	return peek_differ(&l.seen) && usual && (l.user || l.calls);
}

/* --- Tools. */

/* An object's schema, as Copilot wants it. */
static bool
look_at_schema(struct look *l)
{
	struct peek_text	name, type = { .n = 0 };
	bool			properties = false;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "type")) {
			if (!peek_string(&l->k, &type))
				return false;
		} else if (peek_is(&name, "properties")) {
			if (!(properties = peek_pass(&l->k, '{')))
				return false;
		} else if (peek_is(&name, "$schema") ||
		    memchr(name.p, '\\', name.n) != NULL)
			return false;
		else
			peek_skip(&l->k);
	}
	return properties && peek_is(&type, "object");
}

static bool
look_at_tool(void *arg)
{
	struct look		*l = arg;
	struct peek_text	 name, text = { .p = NULL };
	bool			 schema = false;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "name")) {
			if (!peek_string(&l->k, &text))
				return false;
		} else if (peek_is(&name, "input_schema")) {
			if (!(schema = look_at_schema(l)))
				return false;
		} else if (peek_is(&name, "description"))
			peek_skip(&l->k);
		else if (!peek_is(&name, "cache_control") || !mark(l))
			return false;
	}
	/* With an escape it may be another way to write the same name. */
	if (!schema || text.p == NULL || !util_is_name(text.p, text.n))
		return false;
	peek_note(&l->seen, &text);
	return true;
}

bool
messages_usual_tools(json_object *tools, bool *marked)
{
	struct look	l = { .n = 0 };
	size_t		n;
	bool		usual;

	usual = tree_peek(tools, &l.k) &&
	    peek_each(&l.k, look_at_tool, &l, &n) && n > 0;
	if (marked != NULL)
		*marked = l.found.marked;
	return peek_differ(&l.seen) && usual;
}
