/* Messages and tools of the usual form. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/peek.h"
#include "base/tree.h"
#include "base/util.h"
#include "chat/usual.h"
#include "turn/calls.h"

enum role { SYSTEM, DEVELOPER, USER, ASSISTANT, TOOL, NOBODY };

static const char *const roles[NOBODY] = {
	"system", "developer", "user", "assistant", "tool"
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
look_at_part(void *arg)
{
	struct look		*l = arg;
	struct peek_text	 name, type = { .n = 0 }, text = { .p = NULL };

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
	struct peek_text	text;
	size_t			n;

	if (peek_string(&l->k, &text)) {
		m->content = peek_may_be_blank(&text) ? BLANK : WORDS;
		return true;
	}
	if (peek_pass(&l->k, 'n'))
		return true;
	if (!peek_each(&l->k, look_at_part, l, &n))
		return false;
	m->content = n > 0 ? WORDS : BLANK;
	return true;
}

/* --- Calls. */

static bool
look_at_called(struct look *l)
{
	struct peek_text	name;
	bool			arguments = false, named = false;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "arguments") &&
		    calls_peek_arguments(&l->k, &l->space))
			arguments = true;
		else if (peek_is(&name, "name") && peek_pass(&l->k, '"'))
			named = true;
		else
			return false;
	}
	return arguments && named;
}

/* {"id":"...","type":"function","function":{...}}, by an id of its own. */
static bool
look_at_call(void *arg)
{
	struct look		*l = arg;
	struct peek_text	 name, id = { .p = NULL }, type = { .n = 0 };
	bool			 called = false;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "function") && look_at_called(l))
			called = true;
		else if (peek_is(&name, "id") ? !calls_peek_id(&l->k, &id) :
		    !peek_is(&name, "type") || !peek_string(&l->k, &type))
			return false;
	}
	if (!called || !peek_is(&type, "function") || id.p == NULL)
		return false;
	peek_note(&l->seen, &id);
	return true;
}

static bool
look_at_calls(struct look *l, struct message *m)
{
	size_t n;

	m->calls = peek_each(&l->k, look_at_call, l, &n) && n > 0;
	return m->calls;
}

/* --- Messages. */

static bool
look_at_role(struct look *l, struct message *m)
{
	struct peek_text text;

	if (!peek_string(&l->k, &text))
		return false;
	m->role = (enum role)peek_which(&text, roles, COUNT(roles));
	return m->role != NOBODY;
}

static bool
look_at_member(struct look *l, const struct peek_text *name, struct message *m)
{
	struct peek_text id;

	if (peek_is(name, "role"))
		return look_at_role(l, m);
	if (peek_is(name, "content"))
		return look_at_content(l, m);
	if (peek_is(name, "tool_calls"))
		return look_at_calls(l, m);
	/* A result whose id is fine keeps it, whether it has a call or not. */
	if (peek_is(name, "tool_call_id"))
		return calls_peek_id(&l->k, &id);
	return peek_is(name, "name") && peek_pass(&l->k, '"');
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
look_at_message(void *arg)
{
	struct look		*l = arg;
	struct message		 m = { .role = NOBODY };
	struct peek_text	 name;

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
	struct look	l = { .facts = facts, .last.role = NOBODY };
	size_t		n;
	bool		usual;

	*facts = (struct chat_usual){ .strict = true };
	usual = tree_peek(messages, &l.k) &&
	    peek_each(&l.k, look_at_message, &l, &n) && n > 0;
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
look_at_tool(void *arg)
{
	struct look		*l = arg;
	struct peek_text	 name, type = { .n = 0 };
	bool			 function = false;

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
	size_t		n;
	bool		usual;

	usual = tree_peek(tools, &l.k) &&
	    peek_each(&l.k, look_at_tool, &l, &n);
	return peek_differ(&l.seen) && usual ? n : 0;
}
