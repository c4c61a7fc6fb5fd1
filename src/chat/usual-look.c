/* Is a whole answer of the usual form? */
#include "config.h"

#include <string.h>

#include "base/scan.h"
#include "chat/repair.h"
#include "chat/usual-look.h"
#include "chat/wanted.h"

#define REASON_SIZE	32

/* --- Names and texts. */

/* What a member is. */
enum kind {
	LOST, ABSENT, CONTENT, REASONING, OPAQUE, LIST, CALLS, MESSAGE, FINISH,
	ID, CREATED, MODEL, FINGERPRINT, CHOICES, USAGE, BILL, OTHER
};

/* ABSENT: null, or it is nothing usual. Any other name is one of OTHER. */
struct member {
	struct peek_text	name;
	enum kind		kind;
};

static const struct member of_message[] = {
	{ PEEK_TEXT("role"), LOST },
	{ PEEK_TEXT("content"), CONTENT },
	{ PEEK_TEXT("refusal"), ABSENT },
	{ PEEK_TEXT("annotations"), LIST },
	{ PEEK_TEXT("tool_calls"), CALLS },
	{ PEEK_TEXT("reasoning_text"), REASONING },
	{ PEEK_TEXT("reasoning_opaque"), OPAQUE },
	{ PEEK_TEXT("reasoning_content"), ABSENT },
	{ PEEK_TEXT("function_call"), ABSENT },
	{ PEEK_TEXT("thinking"), ABSENT },
	{ PEEK_TEXT("cot_summary"), ABSENT },
	{ PEEK_TEXT("signature"), LOST },
	{ PEEK_TEXT("cot_id"), LOST },
	{ { NULL, 0 }, OTHER }
};

static const struct member of_choice[] = {
	{ PEEK_TEXT("index"), LOST },
	{ PEEK_TEXT("message"), MESSAGE },
	{ PEEK_TEXT("logprobs"), ABSENT },
	{ PEEK_TEXT("finish_reason"), FINISH },
	{ { NULL, 0 }, OTHER }
};

static const struct member of_whole[] = {
	{ PEEK_TEXT("id"), ID },
	{ PEEK_TEXT("object"), LOST },
	{ PEEK_TEXT("created"), CREATED },
	{ PEEK_TEXT("model"), MODEL },
	{ PEEK_TEXT("choices"), CHOICES },
	{ PEEK_TEXT("usage"), USAGE },
	{ PEEK_TEXT("copilot_usage"), BILL },
	{ PEEK_TEXT("system_fingerprint"), FINGERPRINT },
	{ PEEK_TEXT("error"), ABSENT },
	{ { NULL, 0 }, OTHER }
};

static enum kind
kind_of(const struct peek_text *name, const struct member *m)
{
	while (m->name.p != NULL && !peek_same(name, &m->name))
		m++;
	return m->kind;
}

/* A string that says something, without escapes. */
static bool
look_at_text(struct chat_look *l, struct peek_text *t)
{
	return peek_string(&l->k, t) && t->n > 0 && peek_is_plain(t);
}

/* --- Calls: by ids of their own, with an object. */

static bool
look_at_function(struct chat_look *l)
{
	struct peek_text	name, text = { .p = NULL }, arguments = text;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name))
		if (peek_is(&name, "name") ? !look_at_text(l, &text) :
		    !peek_is(&name, "arguments") ||
		    !peek_string(&l->k, &arguments))
			return false;
	return text.p != NULL && arguments.p != NULL && arguments.p[0] == '{';
}

static bool
is_new(const struct chat_look *l, const struct peek_text *id)
{
	size_t i;

	for (i = 0; i < l->ncalls; i++)
		if (peek_same(&l->calls[i], id))
			return false;
	return true;
}

static bool
look_at_call(void *arg)
{
	struct chat_look	*l = arg;
	struct peek_text	 name, id = { .p = NULL };
	bool			 called = false;

	if (l->ncalls == CHAT_LOOK_CALLS || !peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (peek_is(&name, "type") || peek_is(&name, "index"))
			peek_skip(&l->k);
		else if (peek_is(&name, "id") ? !look_at_text(l, &id) :
		    !peek_is(&name, "function") ||
		    !(called = look_at_function(l)))
			return false;
	}
	if (!called || id.p == NULL || !is_new(l, &id))
		return false;
	l->calls[l->ncalls++] = id;
	return true;
}

static bool
look_at_calls(struct chat_look *l)
{
	size_t n;

	return peek_pass(&l->k, 'n') ||
	    (!l->wanted->functions && l->wanted->custom == NULL &&
	    peek_each(&l->k, look_at_call, l, &n));
}

/* --- Messages. */

/* The first text of split choices counts; null and "" say nothing. */
static bool
look_at_content(struct chat_look *l)
{
	struct peek		at = l->k;
	struct peek_text	text;

	if (peek_pass(&l->k, 'n'))
		return true;
	if (!peek_string(&l->k, &text))
		return false;
	if (text.n > 0 && !chat_look_is_there(&l->content))
		l->content = at;
	return true;
}

static bool
look_at_reasoning(struct chat_look *l)
{
	struct peek		at = l->k;
	struct peek_text	text;

	if (peek_pass(&l->k, 'n'))
		return true;
	if (chat_look_is_there(&l->reasoning) || !peek_string(&l->k, &text) ||
	    text.n == 0)
		return false;
	l->reasoning = at;
	return true;
}

/* What goes on as it came: of one message only. */
static bool
look_at_other(struct chat_look *l, const struct peek *message)
{
	if (chat_look_is_there(&l->others) && l->others.i != message->i)
		return false;
	l->others = *message;
	peek_skip(&l->k);
	return true;
}

static bool
look_at_opaque(struct chat_look *l, const struct peek *message)
{
	struct peek		at = l->k;
	struct peek_text	text;

	if (peek_pass(&l->k, 'n'))
		return true;
	l->opaque = true;
	return peek_string(&at, &text) && text.n > 0 &&
	    look_at_other(l, message);
}

static bool
look_at_unknown(struct chat_look *l, const struct peek_text *name,
    const struct peek *message)
{
	enum chat_name is = chat_name_of(name);

	if (is == CHAT_UNCLEAR)
		return false;
	if (is == CHAT_PUBLIC && l->k.p[l->k.i] != 'n')
		return look_at_other(l, message);
	/* It is repeated as "annotations", which are none of OpenAI's. */
	if (peek_is(name, "copilot_annotations")) {
		if (l->annotated != 0 && l->annotated != message->i)
			return false;
		l->annotated = message->i;
	}
	peek_skip(&l->k);
	return true;
}

static bool
look_at_member(struct chat_look *l, const struct peek_text *name,
    const struct peek *message)
{
	switch (kind_of(name, of_message)) {
	case LOST:
		peek_skip(&l->k);
		return true;
	case CONTENT:
		return look_at_content(l);
	case REASONING:
		return look_at_reasoning(l);
	case OPAQUE:
		return look_at_opaque(l, message);
	case LIST:
		if (l->k.p[l->k.i] == '[')
			return look_at_other(l, message);
		peek_skip(&l->k);
		return true;
	case CALLS:
		return look_at_calls(l);
	case OTHER:
		return look_at_unknown(l, name, message);
	default:
		return peek_pass(&l->k, 'n');
	}
}

static bool
look_at_message(struct chat_look *l)
{
	struct peek		message = l->k;
	struct peek_text	name;

	if (l->nmessages == CHAT_LOOK_MESSAGES || !peek_in(&l->k, '{'))
		return false;
	l->messages[l->nmessages++] = message;
	while (peek_member(&l->k, &name))
		if (!look_at_member(l, &name, &message))
			return false;
	return true;
}

/* --- Choices. */

/* A split choice says "stop" for one part; another reason is the whole's. */
static bool
look_at_finish(struct chat_look *l)
{
	char			 copy[REASON_SIZE];
	struct peek_text	 text;
	const char		*reason;

	if (peek_pass(&l->k, 'n'))
		return true;
	if (!look_at_text(l, &text) || text.n >= sizeof(copy))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if ((reason = chat_finish_reason(copy)) == NULL)
		return false;
	if (l->finish == NULL || strcmp(l->finish, "stop") == 0)
		l->finish = reason;
	return true;
}

static bool
look_at_choice(void *arg)
{
	struct chat_look	*l = arg;
	struct peek_text	 name;
	size_t			 before = l->nmessages;
	bool			 ok = true;

	if (!peek_in(&l->k, '{'))
		return false;
	while (ok && peek_member(&l->k, &name)) {
		switch (kind_of(&name, of_choice)) {
		case MESSAGE:
			ok = look_at_message(l);
			break;
		case FINISH:
			ok = look_at_finish(l);
			break;
		case ABSENT:
			ok = peek_pass(&l->k, 'n');
			break;
		case OTHER:
			ok = chat_name_of(&name) == CHAT_PRIVATE;
			peek_skip(&l->k);
			break;
		default:
			peek_skip(&l->k);
		}
	}
	return ok && l->nmessages > before;
}

/* --- The whole. */

static bool
look_at_created(struct chat_look *l)
{
	size_t begin = l->k.i, i;

	peek_skip(&l->k);
	l->created = (struct peek_text){ l->k.p + begin, l->k.i - begin };
	for (i = 0; i < l->created.n; i++)
		if (l->created.p[i] < '0' || l->created.p[i] > '9')
			return false;
	return l->created.p[0] != '0' && l->created.n <= SCAN_DIGITS_DOUBLE;
}

static bool
look_at_more(struct chat_look *l, const struct peek_text *name)
{
	enum chat_name is = chat_name_of(name);

	if (is == CHAT_UNCLEAR)
		return false;
	if (is == CHAT_PUBLIC && l->k.p[l->k.i] != 'n')
		l->more = true;
	peek_skip(&l->k);
	return true;
}

static bool
look_at_whole_member(void *arg, const struct peek_text *name)
{
	struct chat_look	*l = arg;
	size_t			 n;

	switch (kind_of(name, of_whole)) {
	case LOST:
		peek_skip(&l->k);
		return true;
	case ID:
		return look_at_text(l, &l->id);
	case CREATED:
		return look_at_created(l);
	case MODEL:
		return look_at_text(l, &l->model);
	case FINGERPRINT:
		return peek_pass(&l->k, 'n') || look_at_text(l,
		    &l->fingerprint);
	case CHOICES:
		return peek_each(&l->k, look_at_choice, l, &n);
	case USAGE:
		return peek_object(&l->k, &l->usage);
	case BILL:
		return peek_object(&l->k, &l->bill);
	case OTHER:
		return look_at_more(l, name);
	default:
		return peek_pass(&l->k, 'n');
	}
}

/* Thoughts before a call are kept for the next request. */
static bool
has_thoughts(const struct chat_look *l)
{
	return l->wanted->thoughts.keep != NULL && l->opaque && l->ncalls > 0;
}

bool
chat_look(struct chat_look *l)
{
	return peek_members(&l->k, look_at_whole_member, l) &&
	    l->nmessages > 0 && l->id.p != NULL && l->created.p != NULL &&
	    !has_thoughts(l);
}

/* --- What passes. */

bool
chat_look_passes(const struct chat_look *l, enum chat_look_object object,
    const struct peek_text *name, const struct peek *value)
{
	char c = value->p[value->i];

	switch (kind_of(name, object == CHAT_LOOK_WHOLE ? of_whole :
	    of_message)) {
	case OPAQUE:
		return c != 'n';
	case LIST:
		return c == '[' && l->annotated != l->others.i;
	case OTHER:
		return c != 'n' && chat_name_of(name) == CHAT_PUBLIC;
	default:
		return false;
	}
}
