/* Items and tools of the usual form. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/peek.h"
#include "base/tree.h"
#include "base/util.h"
#include "responses/usual.h"
#include "turn/calls.h"
#include "turn/seal.h"

/* Items, told apart by the members that they have. */
enum {
	ROLE = 1 << 0, CONTENT = 1 << 1, CALL_ID = 1 << 2, NAME = 1 << 3,
	ARGUMENTS = 1 << 4, OUTPUT = 1 << 5, INPUT = 1 << 6, SUMMARY = 1 << 7,
	SEALED = 1 << 8, STATUS = 1 << 9, PHASE = 1 << 10, TYPE = 1 << 11
};

static const struct kind {
	const char	*type;
	unsigned	 needs, may;
	bool		 calls;
} kinds[] = {
	{ "message", ROLE | CONTENT, STATUS | PHASE, false },
	{ "function_call", CALL_ID | NAME | ARGUMENTS, STATUS | PHASE, true },
	{ "function_call_output", CALL_ID | OUTPUT, STATUS, false },
	{ "custom_tool_call", CALL_ID | NAME | INPUT, STATUS | PHASE, true },
	{ "custom_tool_call_output", CALL_ID | OUTPUT, 0, false },
	{ "reasoning", SUMMARY | SEALED, CONTENT, false }
};

static const char *const roles[] = {
	"user", "assistant", "system", "developer"
};

/* Parts that are text, by the name of it. */
static const char *const texts[] = {
	"input_text", "output_text", "reasoning_text"
};

struct item {
	unsigned		has;
	struct peek_text	type, role, id;
};

struct look {
	struct peek		 k;
	struct peek_seen	 ids;
	struct buf		 space;
	bool			 agent;
};

/* {"type":"input_text","text":"..."} and the like. */
static bool
look_at_part(void *arg)
{
	struct look		*l = arg;
	struct peek_text	 name, type = { .n = 0 };
	bool			 text = false;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "type") ? !peek_string(&l->k, &type) :
		    peek_is(&name, "text") ?
		    !(text = peek_pass(&l->k, '"')) :
		    !peek_is(&name, "annotations") || !peek_pass(&l->k, '['))
			return false;
		if (peek_is(&name, "annotations") &&
		    !peek_is(&type, "output_text"))
			return false;
	}
	return text && peek_which(&type, texts, COUNT(texts)) < COUNT(texts);
}

static bool
look_at_content(struct look *l)
{
	size_t n;

	return peek_pass(&l->k, '"') ||
	    peek_each(&l->k, look_at_part, l, &n);
}

static bool
string(struct look *l)
{
	return peek_pass(&l->k, '"');
}

static bool
list(struct look *l)
{
	return peek_pass(&l->k, '[');
}

/* Not empty, and not what another model thought. */
static bool
look_at_sealed(struct look *l)
{
	struct peek_text text;

	return peek_string(&l->k, &text) && text.n > 0 &&
	    memchr(text.p, '\\', text.n) == NULL && !seal_is(text.p);
}

/* --- Items. */

static bool
look_at_member(struct look *l, const struct peek_text *name,
    struct item *item)
{
	static const struct {
		const char	*name;
		unsigned	 bit;
		bool		(*look)(struct look *);
	} members[] = {
		{ "content", CONTENT, look_at_content },
		{ "name", NAME, string },
		{ "output", OUTPUT, look_at_content },
		{ "input", INPUT, string },
		{ "summary", SUMMARY, list },
		{ "encrypted_content", SEALED, look_at_sealed },
		{ "status", STATUS, string },
		{ "phase", PHASE, string }
	};
	size_t i;

	if (peek_is(name, "type")) {
		item->has |= TYPE;
		return peek_string(&l->k, &item->type);
	}
	if (peek_is(name, "role")) {
		item->has |= ROLE;
		return peek_string(&l->k, &item->role) &&
		    peek_which(&item->role, roles, COUNT(roles)) <
		    COUNT(roles);
	}
	if (peek_is(name, "call_id")) {
		item->has |= CALL_ID;
		return calls_peek_id(&l->k, &item->id);
	}
	if (peek_is(name, "arguments")) {
		item->has |= ARGUMENTS;
		return calls_peek_arguments(&l->k, &l->space);
	}
	for (i = 0; i < COUNT(members) && !peek_is(name, members[i].name); i++)
		;
	if (i == COUNT(members))
		return false;
	item->has |= members[i].bit;
	return members[i].look(l);
}

/* A message may go without its type. */
static const struct kind *
kind_of(const struct item *item)
{
	size_t i;

	if ((item->has & TYPE) == 0)
		return &kinds[0];
	for (i = 0; i < COUNT(kinds); i++)
		if (peek_is(&item->type, kinds[i].type))
			return &kinds[i];
	return NULL;
}

static bool
look_at_item(void *arg)
{
	struct look		*l = arg;
	struct item		 item = { .has = 0 };
	struct peek_text	 name;
	const struct kind	*kind;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name))
		if (!look_at_member(l, &name, &item))
			return false;
	if ((kind = kind_of(&item)) == NULL ||
	    (item.has & ~kind->may & ~(unsigned)TYPE) != kind->needs)
		return false;
	l->agent = (item.has & ROLE) == 0 || peek_is(&item.role, "assistant");
	if (kind->calls)
		peek_note(&l->ids, &item.id);
	return true;
}

bool
responses_usual(json_object *items, bool *agent)
{
	struct look	l = { .agent = false };
	size_t		n;
	bool		usual;

	usual = tree_peek(items, &l.k) &&
	    peek_each(&l.k, look_at_item, &l, &n);
	buf_finish(&l.space);
	*agent = l.agent;
	return peek_differ(&l.ids) && usual;
}

/* --- Tools. */

static bool
look_at_tool(void *arg)
{
	struct look		*l = arg;
	struct peek_text	 name, type = { .n = 0 };

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "type")) {
			if (!peek_string(&l->k, &type))
				return false;
		} else if (memchr(name.p, '\\', name.n) != NULL)
			return false;
		else
			peek_skip(&l->k);
	}
	return peek_is(&type, "function") || peek_is(&type, "custom");
}

bool
responses_usual_tools(json_object *tools)
{
	struct look	l = { .agent = false };
	size_t		n;

	return tree_peek(tools, &l.k) &&
	    peek_each(&l.k, look_at_tool, &l, &n) && n > 0;
}
