/* Whole answers of the usual form. */
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
#include "chat/repair.h"
#include "chat/usage.h"
#include "chat/usual-answer.h"
#include "chat/wanted.h"
#include "turn/usage.h"

#define MESSAGES_MAX	8		/* Claude has one for each call */
#define CALLS_MAX	16
#define REASON_SIZE	32

struct look {
	struct peek		 k;
	const struct chat_wanted *wanted;
	/* Where a value begins; without a text it is not there. */
	struct peek		 usage, bill, content, reasoning, others;
	struct peek		 messages[MESSAGES_MAX];
	size_t			 nmessages;
	struct peek_text	 id, model, fingerprint, created;
	struct peek_text	 calls[CALLS_MAX];	/* their ids */
	size_t			 ncalls;
	const char		*finish;	/* static; NULL: not said */
	size_t			 annotated;	/* the message, by its place */
	bool			 opaque;
	bool			 more;		/* members of the whole */
};

static bool
is_there(const struct peek *value)
{
	return value->p != NULL;
}

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
look_at_text(struct look *l, struct peek_text *t)
{
	return peek_string(&l->k, t) && t->n > 0 && peek_is_plain(t);
}

/* --- Calls: by ids of their own, with an object. */

static bool
look_at_function(struct look *l)
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
is_new(const struct look *l, const struct peek_text *id)
{
	size_t i;

	for (i = 0; i < l->ncalls; i++)
		if (l->calls[i].n == id->n &&
		    memcmp(l->calls[i].p, id->p, id->n) == 0)
			return false;
	return true;
}

static bool
look_at_call(void *arg)
{
	struct look		*l = arg;
	struct peek_text	 name, id = { .p = NULL };
	bool			 called = false;

	if (l->ncalls == CALLS_MAX || !peek_in(&l->k, '{'))
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
look_at_calls(struct look *l)
{
	size_t n;

	return peek_pass(&l->k, 'n') ||
	    (!l->wanted->functions && l->wanted->custom == NULL &&
	    peek_each(&l->k, look_at_call, l, &n));
}

/* --- Messages. */

/* The first text of split choices counts; null and "" say nothing. */
static bool
look_at_content(struct look *l)
{
	struct peek		at = l->k;
	struct peek_text	text;

	if (peek_pass(&l->k, 'n'))
		return true;
	if (!peek_string(&l->k, &text))
		return false;
	if (text.n > 0 && !is_there(&l->content))
		l->content = at;
	return true;
}

static bool
look_at_reasoning(struct look *l)
{
	struct peek		at = l->k;
	struct peek_text	text;

	if (peek_pass(&l->k, 'n'))
		return true;
	if (is_there(&l->reasoning) || !peek_string(&l->k, &text) ||
	    text.n == 0)
		return false;
	l->reasoning = at;
	return true;
}

/* What goes on as it came: of one message only. */
static bool
look_at_other(struct look *l, const struct peek *message)
{
	if (is_there(&l->others) && l->others.i != message->i)
		return false;
	l->others = *message;
	peek_skip(&l->k);
	return true;
}

static bool
look_at_opaque(struct look *l, const struct peek *message)
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
look_at_unknown(struct look *l, const struct peek_text *name,
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
look_at_member(struct look *l, const struct peek_text *name,
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
look_at_message(struct look *l)
{
	struct peek		message = l->k;
	struct peek_text	name;

	if (l->nmessages == MESSAGES_MAX || !peek_in(&l->k, '{'))
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
look_at_finish(struct look *l)
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
	struct look		*l = arg;
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
look_at_created(struct look *l)
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
look_at_more(struct look *l, const struct peek_text *name)
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
look_at_whole_member(struct look *l, const struct peek_text *name)
{
	size_t n;

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
has_thoughts(const struct look *l)
{
	return l->wanted->thoughts.keep != NULL && l->opaque && l->ncalls > 0;
}

static bool
look_at_whole(struct look *l)
{
	struct peek_text name;

	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name))
		if (!look_at_whole_member(l, &name))
			return false;
	return l->nmessages > 0 && l->id.p != NULL && l->created.p != NULL &&
	    !has_thoughts(l);
}

/* --- What the client gets. */

static void
put(struct buf *out, const struct peek_text *t)
{
	buf_append(out, t->p, t->n);
}

/* The members that pass, of a message or the whole. */
static void
put_others(struct peek at, const struct member *known, bool annotated,
    struct buf *out)
{
	struct peek_text	name;
	enum kind		kind;
	bool			passes;

	peek_in(&at, '{');
	while (peek_member(&at, &name)) {
		kind = kind_of(&name, known);
		passes = kind == OPAQUE ||
		    (kind == LIST && !annotated && at.p[at.i] == '[') ||
		    (kind == OTHER && chat_name_of(&name) == CHAT_PUBLIC);
		if (passes && at.p[at.i] != 'n') {
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
put_calls(const struct look *l, struct buf *out)
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
put_reasoning(const struct look *l, struct buf *out)
{
	struct peek at = l->reasoning, again = at;

	if (!is_there(&at))
		return;
	buf_puts(out, ",\"reasoning_text\":");
	tree_print_peeked(&at, out);
	buf_puts(out, ",\"reasoning_content\":");
	tree_print_peeked(&again, out);
}

static void
put_choice(struct look *l, struct buf *out)
{
	buf_puts(out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":"
	    "\"assistant\",\"content\":");
	if (is_there(&l->content))
		tree_print_peeked(&l->content, out);
	else
		buf_puts(out, l->ncalls > 0 ? "null" : "\"\"");
	buf_puts(out, ",\"refusal\":null");
	put_reasoning(l, out);
	if (is_there(&l->others))
		put_others(l->others, of_message,
		    l->annotated == l->others.i, out);
	put_calls(l, out);
	buf_puts(out, "},\"logprobs\":null,\"finish_reason\":\"");
	buf_puts(out, chat_choice_reason(l->finish, l->ncalls > 0, false));
	buf_puts(out, "\"}]");
}

static void
put_head(const struct look *l, struct buf *out)
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
put_usage(struct look *l, struct usage *usage, struct buf *out)
{
	usage_read_peeked(usage, &l->usage, &l->bill);
	if (!is_there(&l->usage))
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
	struct look		l = { .wanted = wanted };
	struct scan_marks	marks = { 0 };
	struct budget_mark	before = budget_mark();
	struct peek		whole;
	bool			usual;

	usual = wants_usual(wanted) && peek_read(&l.k, text, n, &marks);
	whole = l.k;
	if ((usual = usual && look_at_whole(&l))) {
		buf_reserve(out, n);
		put_head(&l, out);
		put_choice(&l, out);
		put_usage(&l, usage, out);
		if (l.more)
			put_others(whole, of_whole, false, out);
		buf_putc(out, '}');
	}
	free(marks.list);
	if (!usual)
		budget_back(before);
	return usual;
}
