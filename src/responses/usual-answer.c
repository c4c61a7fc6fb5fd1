/* Whole answers of the usual form. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/peek.h"
#include "base/scan.h"
#include "base/tree.h"
#include "base/util.h"
#include "responses/ids.h"
#include "responses/native.h"
#include "responses/object.h"
#include "responses/usage.h"
#include "responses/usual-answer.h"
#include "turn/usage.h"

struct look {
	struct peek	 k;
	/* Where a value begins; without a text it is not there. */
	struct peek	 members[RESPONSES_MEMBERS];
	struct peek	 usage, bill, created;
	bool		 output, status;
	bool		 others;	/* members beyond these */
};

/* Is the value that is there of that type? A number may have digits only. */
static bool
is_type(const struct peek *k, json_type type)
{
	struct peek	at = *k;
	char		c = k->p[k->i];
	int64_t		n;

	switch (type) {
	case json_type_string:
		return c == '"';
	case json_type_object:
		return c == '{';
	case json_type_array:
		return c == '[';
	case json_type_boolean:
		return c == 't' || c == 'f';
	case json_type_int:
		return peek_number(&at, &n);
	default:
		return true;
	}
}

/* --- Items that lack nothing. */

enum {				/* members that are there, of their types */
	ROLE = 1 << 0, STATUS = 1 << 1, CONTENT = 1 << 2, ARGUMENTS = 1 << 3,
	INPUT = 1 << 4, SUMMARY = 1 << 5, ACTION = 1 << 6, TEXT = 1 << 7,
	ANNOTATIONS = 1 << 8, LOGPROBS = 1 << 9, FORMAT = 1 << 10,
	STRICT = 1 << 11, PARAMETERS = 1 << 12
};

struct wanted {
	struct peek_text	name;
	json_type		type;
	unsigned		bit;
};

static const struct wanted of_item[] = {
	{ PEEK_TEXT("role"), json_type_string, ROLE },
	{ PEEK_TEXT("status"), json_type_string, STATUS },
	{ PEEK_TEXT("content"), json_type_array, CONTENT },
	{ PEEK_TEXT("arguments"), json_type_string, ARGUMENTS },
	{ PEEK_TEXT("input"), json_type_string, INPUT },
	{ PEEK_TEXT("summary"), json_type_array, SUMMARY },
	{ PEEK_TEXT("action"), json_type_object, ACTION },
	{ { NULL, 0 }, json_type_null, 0 }
};

static const struct wanted of_part[] = {
	{ PEEK_TEXT("text"), json_type_string, TEXT },
	{ PEEK_TEXT("annotations"), json_type_array, ANNOTATIONS },
	{ PEEK_TEXT("logprobs"), json_type_array, LOGPROBS },
	{ { NULL, 0 }, json_type_null, 0 }
};

static const struct wanted of_text[] = {
	{ PEEK_TEXT("format"), json_type_object, FORMAT },
	{ { NULL, 0 }, json_type_null, 0 }
};

static const struct wanted of_tool[] = {
	{ PEEK_TEXT("strict"), json_type_null, STRICT },
	{ PEEK_TEXT("parameters"), json_type_null, PARAMETERS },
	{ { NULL, 0 }, json_type_null, 0 }
};

/* What the types have to have. */
static const struct {
	struct peek_text	type;
	unsigned		needs;
} kinds[] = {
	{ PEEK_TEXT("message"), ROLE | STATUS | CONTENT },
	{ PEEK_TEXT("function_call"), ARGUMENTS | STATUS },
	{ PEEK_TEXT("custom_tool_call"), INPUT | STATUS },
	{ PEEK_TEXT("tool_search_call"), STATUS },
	{ PEEK_TEXT("reasoning"), SUMMARY },
	{ PEEK_TEXT("web_search_call"), STATUS | ACTION },
	{ PEEK_TEXT("output_text"), TEXT | ANNOTATIONS | LOGPROBS },
	{ PEEK_TEXT("function"), STRICT | PARAMETERS }
};

static bool
has_all(const struct peek_text *type, unsigned has)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (peek_same(type, &kinds[i].type))
			return (has & kinds[i].needs) == kinds[i].needs;
	return true;
}

/* An object with a type that can be told: which of these has it? */
static bool
look_at_typed(struct look *l, const struct wanted *list,
    struct peek_text *type, unsigned *has)
{
	struct peek_text	 name;
	const struct wanted	*w;

	*type = (struct peek_text){ "", 0 };
	*has = 0;
	if (!peek_in(&l->k, '{'))
		return false;
	while (peek_member(&l->k, &name)) {
		if (!peek_is_plain(&name))
			return false;
		if (peek_is(&name, "type") && peek_string(&l->k, type)) {
			if (!peek_is_plain(type))
				return false;
			continue;
		}
		for (w = list; w->name.p != NULL && !peek_same(&name,
		    &w->name); w++)
			;
		if (is_type(&l->k, w->type))
			*has |= w->bit;
		peek_skip(&l->k);
	}
	return true;
}

static bool
look_at_part(void *arg)
{
	struct peek_text	type;
	unsigned		has;

	return look_at_typed(arg, of_part, &type, &has) && has_all(&type, has);
}

/* To the value of a member that is there. */
static void
go_to(struct peek *object, const char *member)
{
	struct peek_text name;

	peek_in(object, '{');
	while (peek_member(object, &name) && !peek_is(&name, member))
		peek_skip(object);
}

static bool
look_at_content(struct look *l, struct peek message)
{
	const struct peek	behind = l->k;
	size_t			n;
	bool			ok;

	l->k = message;
	go_to(&l->k, "content");
	ok = peek_each(&l->k, look_at_part, l, &n);
	l->k = behind;
	return ok;
}

/* Do they begin as an object? What says nothing becomes {}. */
static bool
look_at_arguments(struct peek call)
{
	struct peek_text arguments;

	go_to(&call, "arguments");
	return peek_string(&call, &arguments) && peek_starts(&arguments, "{");
}

static bool
look_at_item(void *arg)
{
	struct look		*l = arg;
	struct peek		 item = l->k;
	struct peek_text	 type;
	unsigned		 has;

	if (!look_at_typed(l, of_item, &type, &has) || !has_all(&type, has))
		return false;
	if (peek_is(&type, "message"))
		return look_at_content(l, item);
	return !peek_is(&type, "function_call") || look_at_arguments(item);
}

static bool
look_at_tool(void *arg)
{
	struct peek_text	type;
	unsigned		has;

	return look_at_typed(arg, of_tool, &type, &has) && has_all(&type, has);
}

static bool
look_at_text(struct look *l)
{
	struct peek_text	type;
	unsigned		has;

	return look_at_typed(l, of_text, &type, &has) && has == FORMAT;
}

/* --- The whole. */

static bool
look_at_value(struct look *l, const struct peek_text *name)
{
	struct peek_text	status;
	size_t			n;

	if (peek_is(name, "output"))
		return (l->output = peek_each(&l->k, look_at_item, l, &n));
	if (peek_is(name, "tools"))
		return peek_each(&l->k, look_at_tool, l, &n);
	if (peek_is(name, "text"))
		return look_at_text(l);
	if (peek_is(name, "usage"))
		l->usage = l->k;
	if (peek_is(name, "status"))
		return l->status = peek_string(&l->k, &status) &&
		    peek_is_plain(&status) && !peek_is(&status, "failed");
	peek_skip(&l->k);
	return true;
}

/* One of the table. What upstream says of others than its own is not used. */
static bool
look_at_known(struct look *l, size_t i)
{
	const struct responses_member *m = &responses_members[i];

	if (m->source != RESPONSES_UPSTREAM) {
		peek_skip(&l->k);
		return true;
	}
	if (peek_pass(&l->k, 'n'))
		return true;
	if (!is_type(&l->k, m->type))
		return false;
	l->members[i] = l->k;
	return look_at_value(l, &m->name);
}

static bool
look_at_created(struct look *l)
{
	int64_t n;

	l->created = l->k;
	return peek_number(&l->k, &n) && n > 0;
}

static bool
look_at_other(struct look *l, const struct peek_text *name)
{
	if (!peek_is_plain(name))
		return false;
	if (l->k.p[l->k.i] != 'n' && !responses_is_private_name(name))
		l->others = true;
	peek_skip(&l->k);
	return true;
}

static size_t
find(const struct peek_text *name)
{
	size_t i;

	for (i = 0; i < RESPONSES_MEMBERS && !peek_same(name,
	    &responses_members[i].name); i++)
		;
	return i;
}

static bool
look_at_member(void *arg, const struct peek_text *name)
{
	struct look	*l = arg;
	size_t		 i = find(name);

	if (i < RESPONSES_MEMBERS)
		return look_at_known(l, i);
	if (peek_is(name, "created_at"))
		return look_at_created(l);
	if (peek_is(name, "copilot_usage"))
		return peek_object(&l->k, &l->bill);
	if (peek_is(name, "conversation"))
		return peek_pass(&l->k, 'n');
	if (!peek_is(name, "id") && !peek_is(name, "object"))
		return look_at_other(l, name);
	peek_skip(&l->k);
	return true;
}

/* --- What the client gets. */

static void
put_string(const char *text, struct buf *out)
{
	tree_print_text(text, strlen(text), out);
}

static struct peek_text
type_of(struct peek at)
{
	struct peek_text name, type = { "", 0 };

	peek_in(&at, '{');
	while (peek_member(&at, &name))
		if (!peek_is(&name, "type") || !peek_string(&at, &type))
			peek_skip(&at);
	return type;
}

/* With an id of ours, and without what no client knows. */
static void
put_item(struct peek *k, const struct responses_ids *ids, size_t index,
    struct buf *out)
{
	static const struct peek_text	known = PEEK_TEXT("id");
	struct peek_text		name, type = type_of(*k);
	char				id[RESPONSES_ID_SIZE], before = '{';
	bool				named = false;

	responses_ids_whole(ids, &type, index, id);
	peek_in(k, '{');
	while (peek_member(k, &name)) {
		if (peek_is(&name, "id")) {
			tree_print_name(before, &name, out);
			put_string(id, out);
			named = true;
		} else if (responses_is_private_name(&name) ||
		    (k->p[k->i] == 'n' && !responses_may_be_null(&name))) {
			peek_skip(k);
			continue;
		} else {
			tree_print_name(before, &name, out);
			tree_print_peeked(k, out);
			before = ',';
			continue;
		}
		peek_skip(k);
		before = ',';
	}
	if (!named) {
		tree_print_name(before, &known, out);
		put_string(id, out);
	}
	buf_putc(out, '}');
}

static void
put_output(struct peek *k, const struct responses_ids *ids, struct buf *out)
{
	size_t i = 0;

	buf_putc(out, '[');
	for (peek_in(k, '['); peek_element(k); i++) {
		if (i > 0)
			buf_putc(out, ',');
		put_item(k, ids, i, out);
	}
	buf_putc(out, ']');
}

static void
put_usage(struct peek *k, const struct usage *u, struct buf *out)
{
	json_object *obj = tree_build_peeked(k);

	responses_usage_write(obj, u);
	js_print(obj, out);
	json_object_put(obj);
}

static void
put_member(struct look *l, size_t i, const struct responses *r,
    const struct responses_ids *ids, const struct usage *u, struct buf *out)
{
	const struct responses_member	*m = &responses_members[i];
	struct peek			*at = &l->members[i];

	tree_print_name(',', &m->name, out);
	if (peek_is(&m->name, "model"))
		put_string(r->model, out);
	else if (at->p == NULL)
		responses_put_member(m, r->echo, out);
	else if (peek_is(&m->name, "output"))
		put_output(at, ids, out);
	else if (peek_is(&m->name, "usage"))
		put_usage(at, u, out);
	else
		tree_print_peeked(at, out);
}

/* Members that upstream has beyond the table. */
static void
put_others(struct peek *k, struct buf *out)
{
	struct peek_text name;

	peek_in(k, '{');
	while (peek_member(k, &name)) {
		if (k->p[k->i] == 'n' || responses_is_private_name(&name) ||
		    find(&name) < RESPONSES_MEMBERS || peek_is(&name, "id") ||
		    peek_is(&name, "object") ||
		    peek_is(&name, "created_at"))
			peek_skip(k);
		else {
			tree_print_name(',', &name, out);
			tree_print_peeked(k, out);
		}
	}
}

static void
put_whole(struct look *l, const struct responses *r,
    const struct responses_ids *ids, const struct usage *u, struct buf *out)
{
	json_object	*conversation = js_obj(r->echo, "conversation");
	size_t		 i;

	buf_puts(out, "{\"id\":");
	put_string(ids->response, out);
	buf_puts(out, ",\"object\":\"response\",\"created_at\":");
	tree_print_peeked(&l->created, out);
	for (i = 0; i < RESPONSES_MEMBERS; i++)
		put_member(l, i, r, ids, u, out);
	if (conversation != NULL) {
		buf_puts(out, ",\"conversation\":");
		js_print(conversation, out);
	}
}

bool
responses_usual_answer(const char *text, size_t n, const struct responses *r,
    const struct responses_ids *ids, struct usage *usage, struct buf *out)
{
	struct look		l = { .output = false };
	struct scan_marks	marks = { 0 };
	struct budget_mark	before = budget_mark();
	struct peek		whole;
	bool			usual;

	if (r->stream || r->keeper.keep != NULL || ids->n > 0)
		return false;
	usual = peek_read(&l.k, text, n, &marks);
	whole = l.k;
	if ((usual = usual && peek_members(&l.k, look_at_member, &l) &&
	    l.output && l.status && l.created.p != NULL)) {
		usage_read_peeked(usage, &l.usage, &l.bill);
		buf_reserve(out, n);
		put_whole(&l, r, ids, usage, out);
		if (l.others)
			put_others(&whole, out);
		buf_putc(out, '}');
	}
	free(marks.list);
	if (!usual)
		budget_back(before);
	return usual;
}
