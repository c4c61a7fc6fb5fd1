/* Messages and tools of the usual form. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/peek.h"
#include "base/tree.h"
#include "base/util.h"
#include "chat/usual.h"
#include "turn/calls.h"

enum role { NOBODY, SYSTEM, DEVELOPER, USER, ASSISTANT, TOOL };

static const struct {
	const char	*name;
	enum role	 role;
} roles[] = {
	{ "system", SYSTEM }, { "developer", DEVELOPER }, { "user", USER },
	{ "assistant", ASSISTANT }, { "tool", TOOL }
};

enum content { NO_CONTENT, BLANK, WORDS };

struct message {
	enum role	role;
	enum content	content;
	bool		calls;
};

struct look {
	struct peek		 k;
	struct chat_usual	*facts;
	struct message		 last;
	bool			 begun;	/* somebody spoke, not the system */
	struct peek_seen	 seen;	/* ids of calls, names of tools */
	struct buf		 space;	/* arguments, escapes undone */
};

/* --- Contents. */

/* {"type":"text","text":"..."} */
static bool
look_at_part(struct look *l)
{
	struct peek_text	name, type = { .n = 0 }, text = { .p = NULL };

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "type") ? !peek_string(&l->k, &type) :
		    !peek_is(&name, "text") || !peek_string(&l->k, &text))
			return false;
	}
	if (text.p == NULL || !peek_is(&type, "text"))
		return false;
	/* Some models want each of them to say something. */
	if (peek_may_be_blank(&text))
		l->facts->strict = false;
	return true;
}

static bool
look_at_content(struct look *l, struct message *m)
{
	struct peek_text text;

	if (peek_string(&l->k, &text)) {
		m->content = peek_may_be_blank(&text) ? BLANK : WORDS;
		return true;
	}
	if (l->k.p[l->k.i] == 'n') {
		peek_skip(&l->k);
		return true;
	}
	if (!peek_in(&l->k, '['))
		return false;
	m->content = BLANK;
	while (peek_element(&l->k)) {
		if (!look_at_part(l))
			return false;
		m->content = WORDS;
	}
	return true;
}

/* --- Calls. */

static bool
look_at_called(struct look *l)
{
	struct peek_text	name, text = { .p = NULL };
	bool			arguments = false;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "arguments") &&
		    calls_peek_arguments(&l->k, &l->space))
			arguments = true;
		else if (!peek_is(&name, "name") ||
		    !peek_string(&l->k, &text))
			return false;
	}
	return arguments && text.p != NULL;
}

/* {"id":"...","type":"function","function":{...}}, by an id of its own. */
static bool
look_at_call(struct look *l)
{
	struct peek_text	name, id = { .n = 0 }, type = { .n = 0 };
	bool			called = false;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "function") && look_at_called(l))
			called = true;
		else if (peek_is(&name, "id") ? !peek_string(&l->k, &id) :
		    !peek_is(&name, "type") || !peek_string(&l->k, &type))
			return false;
	}
	if (!called || !peek_is(&type, "function") ||
	    !calls_fine_id(id.p, id.n))
		return false;
	peek_note(&l->seen, &id);
	return true;
}

static bool
look_at_calls(struct look *l, struct message *m)
{
	if (!peek_in(&l->k, '['))
		return false;
	while (peek_element(&l->k)) {
		if (!look_at_call(l))
			return false;
		m->calls = true;
	}
	return m->calls;
}

/* --- Messages. */

static bool
look_at_role(struct look *l, struct message *m)
{
	struct peek_text	text;
	size_t			i;

	if (!peek_string(&l->k, &text))
		return false;
	for (i = 0; i < COUNT(roles) && !peek_is(&text, roles[i].name); i++)
		;
	if (i < COUNT(roles))
		m->role = roles[i].role;
	return i < COUNT(roles);
}

static bool
look_at_member(struct look *l, const struct peek_text *name, struct message *m)
{
	struct peek_text text;

	if (peek_is(name, "role"))
		return look_at_role(l, m);
	if (peek_is(name, "content"))
		return look_at_content(l, m);
	if (peek_is(name, "tool_calls"))
		return look_at_calls(l, m);
	/* A result whose id is fine keeps it, whether it has a call or not. */
	if (peek_is(name, "tool_call_id"))
		return peek_string(&l->k, &text) &&
		    calls_fine_id(text.p, text.n);
	return peek_is(name, "name") && peek_string(&l->k, &text);
}

/* What some models want changed: see chat/fit.c. */
static bool
is_strict(const struct look *l, const struct message *m)
{
	if (m->role == DEVELOPER || (m->role == SYSTEM && l->begun))
		return false;
	if (m->content == WORDS)
		return true;
	return m->content == NO_CONTENT && m->role == ASSISTANT && m->calls;
}

static bool
look_at_message(struct look *l)
{
	struct message		m = { .role = NOBODY };
	struct peek_text	name;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name))
		if (!look_at_member(l, &name, &m))
			return false;
	if (!is_strict(l, &m))
		l->facts->strict = false;
	if (m.role == DEVELOPER)
		l->facts->developer = true;
	else if (m.role != SYSTEM) {
		l->begun = true;
		l->facts->agent = m.role != USER;
	}
	l->facts->calls |= m.calls;
	l->last = m;
	return m.role != NOBODY;
}

/* The user has the last word, or a tool. */
static bool
ends_well(const struct message *last)
{
	return last->role == USER || last->role == TOOL ||
	    (last->role == ASSISTANT && last->calls);
}

bool
chat_usual_messages(json_object *messages, struct chat_usual *facts)
{
	struct look	l = { .facts = facts };
	bool		usual;

	*facts = (struct chat_usual){ .strict = true };
	if (!tree_peek(messages, &l.k) || !peek_in(&l.k, '['))
		return false;
	while ((usual = peek_element(&l.k)) && look_at_message(&l))
		;
	/* It ended with the list, and that was not empty. */
	usual = !usual && l.last.role != NOBODY;
	facts->strict &= ends_well(&l.last);
	buf_finish(&l.space);
	return peek_differ(&l.seen) && usual;
}

/* --- Tools. */

static bool
look_at_function(struct look *l)
{
	struct peek_text	name, text = { .n = 0 };

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "name")) {
			if (!peek_string(&l->k, &text))
				return false;
		} else if (peek_is(&name, "description") ||
		    peek_is(&name, "parameters") || peek_is(&name, "strict"))
			peek_skip(&l->k);
		else
			return false;
	}
	if (!util_is_name(text.p, text.n))
		return false;
	peek_note(&l->seen, &text);
	return true;
}

/* {"type":"function","function":{...}}, by a name of its own. */
static bool
look_at_tool(struct look *l)
{
	struct peek_text	name, type = { .n = 0 };
	bool			function = false;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "function") && look_at_function(l))
			function = true;
		else if (!peek_is(&name, "type") || !peek_string(&l->k, &type))
			return false;
	}
	return function && peek_is(&type, "function");
}

size_t
chat_usual_tools(json_object *tools)
{
	struct look	l = { .facts = NULL };
	size_t		n = 0;
	bool		more;

	if (!tree_peek(tools, &l.k) || !peek_in(&l.k, '['))
		return 0;
	while ((more = peek_element(&l.k)) && look_at_tool(&l))
		n++;
	return peek_differ(&l.seen) && !more ? n : 0;
}
