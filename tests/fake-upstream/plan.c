/* What the model "says". */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "jt.h"
#include "plan.h"

#define QUOTE_MAX	4000	/* bytes of the user's text that are repeated */
#define CALLS_MAX	16
#define SCHEMA_DEPTH	20
#define PIECES_MAX	256	/* of one call's arguments */

size_t
plan_word(const char *s, size_t n, size_t at)
{
	size_t i = at;

	while (i < n && isspace((unsigned char)s[i]))
		i++;
	while (i < n && !isspace((unsigned char)s[i]))
		i++;
	return i - at;
}

size_t
plan_piece(const char *s, size_t n, size_t at)
{
	size_t size = n / PIECES_MAX > 9 ? n / PIECES_MAX : 9;

	return utf8_prefix(s + at, n - at, size);
}

static void
quote(struct buf *out, const char *s)
{
	size_t n = strlen(s), keep = utf8_prefix(s, n, QUOTE_MAX);

	buf_append(out, s, keep);
	if (keep < n)
		buf_printf(out, "... (%zu bytes)", n);
}

/* --- Tool calls: "call NAME", "call A with {..} and call B with {..}". */

static const struct tool *
find_tool(const struct plan_input *in, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < in->ntools; i++)
		if (!in->tools[i].search && in->tools[i].name != NULL &&
		    strlen(in->tools[i].name) == n &&
		    memcmp(in->tools[i].name, name, n) == 0)
			return &in->tools[i];
	return NULL;
}

/* The object that begins at s, up to its closing brace; NULL if it has none. */
static char *
object_text(const char *s, const char *end)
{
	const char	*p;
	int		 depth = 0;
	bool		 in = false;

	for (p = s; p < end; p++) {
		if (in && *p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			in = !in;
		else if (!in && *p == '{')
			depth++;
		else if (!in && *p == '}' && --depth == 0)
			return xstrndup(s, (size_t)(p + 1 - s));
	}
	return NULL;
}

/* What "with {" introduces between s and end. */
static char *
arguments(const char *s, const char *end)
{
	const char *w = memmem(s, (size_t)(end - s), "with {", 6);

	return w != NULL ? object_text(w + 5, end) : NULL;
}

/* Of a call between s and end; a custom tool takes any text. */
static char *
call_input(const struct tool *t, const char *s, const char *end)
{
	const char *w = memmem(s, (size_t)(end - s), "with ", 5);

	if (!t->custom || w == NULL)
		return arguments(s, end);
	return xstrndup(w + 5, (size_t)(end - w) - 5);
}

static void
add_call(struct plan *p, const struct plan_input *in, const struct tool *t,
    char *args_take)
{
	struct plan_call *c;

	if (p->ncalls == CALLS_MAX) {
		free(args_take);
		return;
	}
	p->calls = xrealloc(p->calls, (p->ncalls + 1) * sizeof(*p->calls));
	c = &p->calls[p->ncalls++];
	*c = (struct plan_call){ .custom = t->custom };
	c->name = xstrdup(t->name);
	c->space = t->space != NULL ? xstrdup(t->space) : NULL;
	c->args = args_take != NULL ? args_take : xstrdup("{}");
	c->id = random_id(in->call_prefix, 24);
}

/* The tool named behind "call " at s, and where its name ends. */
static const struct tool *
named_at(const struct plan_input *in, const char *s, const char **end)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	*end = s + n;
	return find_tool(in, s, n);
}

static void
calls_in_text(struct plan *p, const struct plan_input *in)
{
	const char		*s = in->user, *all = s + strlen(s), *end;
	const char		*next;
	const struct tool	*t;
	char			*args;

	while (p->ncalls < CALLS_MAX && (s = strstr(s, "call ")) != NULL) {
		s += 5;
		if ((t = named_at(in, s, &end)) == NULL)
			continue;
		for (next = end; (next = strstr(next, "call ")) != NULL;
		    next += 5)
			if (named_at(in, next + 5, &end) != NULL)
				break;
		args = call_input(t, s, next != NULL ? next : all);
		if (args == NULL)
			args = arguments(in->user, all);
		add_call(p, in, t, args);
	}
}

/* The calls that tool_choice demands, when the text asked for none. */
static void
forced_calls(struct plan *p, const struct plan_input *in)
{
	const struct tool	*t = NULL;
	const char		*text = in->user != NULL ? in->user : "";
	size_t			 i;

	if (p->ncalls > 0)
		return;
	if (in->forced != NULL)
		t = find_tool(in, in->forced, strlen(in->forced));
	else if (in->choice != NULL && strcmp(in->choice, "required") == 0)
		for (i = 0; i < in->ntools && t == NULL; i++)
			if (!in->tools[i].search)
				t = &in->tools[i];
	if (t != NULL)
		add_call(p, in, t, arguments(text, text + strlen(text)));
}

static void
make_huge(struct plan *p, int64_t bytes)
{
	struct buf	b = { 0 };
	size_t		i;

	if (bytes < 1 || bytes > 32000000)
		bytes = 1200000;
	buf_puts(&b, "{\"data\":\"");
	while (b.len + 2 < (size_t)bytes)
		buf_puts(&b, "0123456789abcdef\xc3\xa9\\n");
	buf_puts(&b, "\"}");
	for (i = 0; i < p->ncalls; i++) {
		free(p->calls[i].args);
		p->calls[i].args = xstrndup(b.p, b.len);
	}
	buf_finish(&b);
}

/* --- Structured output: the smallest thing the schema allows. */

static json_object *	instance(json_object *, const char *, int);

static json_object *
object_instance(json_object *schema, const char *text, int depth)
{
	json_object	*obj = json_object_new_object();
	json_object	*props = js_obj(schema, "properties");

	if (props == NULL)
		return obj;
	json_object_object_foreach(props, key, sub)
		js_add_take(obj, key, instance(sub, text, depth + 1));
	return obj;
}

static const char *
type_of(json_object *schema)
{
	json_object *t = js_array(schema, "type");

	return t != NULL ?
	    json_object_get_string(json_object_array_get_idx(t, 0)) :
	    js_str(schema, "type");
}

static json_object *
instance(json_object *schema, const char *text, int depth)
{
	json_object	*pick = js_array(schema, "enum"), *a;
	const char	*type = type_of(schema);

	if (pick != NULL && js_len(pick) > 0)
		return json_object_get(json_object_array_get_idx(pick, 0));
	if (js_has(schema, "const"))
		return json_object_get(js_get(schema, "const"));
	if ((a = js_array(schema, "anyOf")) != NULL && depth < SCHEMA_DEPTH)
		return instance(json_object_array_get_idx(a, 0), text,
		    depth + 1);
	if (type == NULL || depth >= SCHEMA_DEPTH)
		return NULL;
	if (strcmp(type, "object") == 0)
		return object_instance(schema, text, depth);
	if (strcmp(type, "array") == 0) {
		a = json_object_new_array();
		json_object_array_add(a,
		    instance(js_get(schema, "items"), text, depth + 1));
		return a;
	}
	if (strcmp(type, "string") == 0)
		return json_object_new_string(text);
	if (strcmp(type, "integer") == 0)
		return json_object_new_int(1);
	if (strcmp(type, "number") == 0)
		return json_object_new_double(1.5);
	return strcmp(type, "boolean") == 0 ?
	    json_object_new_boolean(1) : NULL;
}

/*
 * Who is told to answer with JSON does so, but as models do: in a code fence,
 * with words around it. The schema is the last line.
 */
void
plan_told(struct plan_input *in, const char *text, json_object **schema)
{
	const char *line = strrchr(text, '\n');

	if (strstr(text, "one JSON object") == NULL)
		return;
	in->json = in->fenced = true;
	if (strstr(text, "JSON Schema") != NULL && line != NULL &&
	    *schema == NULL)
		in->schema = *schema = js_parse_quiet(line + 1,
		    strlen(line + 1));
}

static void
say_json(struct plan *p, const struct plan_input *in)
{
	struct buf	 text = { 0 };
	json_object	*obj;

	quote(&text, in->user != NULL ? in->user : "");
	if (in->schema != NULL)
		obj = instance(in->schema, buf_str(&text), 0);
	else {
		obj = json_object_new_object();
		js_add_str(obj, "you_said", buf_str(&text));
	}
	if (in->fenced)
		buf_puts(&p->text, "Here it is, for {you}:\n```json\n");
	js_print(obj, &p->text);
	if (in->fenced)
		buf_puts(&p->text, "\n```\nIs {\"that\":1} all?");
	json_object_put(obj);
	buf_finish(&text);
}

/* --- Plain text. */

static void
say_demo(struct plan *p, const struct plan_input *in)
{
	/* Not all is ASCII: who tries this sees that it arrives. */
	buf_printf(&p->text, "Hello, gr\xc3\xbc\xc3\x9f dich, "
	    "\xe4\xbd\xa0\xe5\xa5\xbd! \xf0\x9f\x91\x8b "
	    "This is the demo: no GitHub account and "
	    "no network are involved. A small program that imitates GitHub "
	    "Copilot pretends to be %s and streams these words one by one; "
	    "everything between it and you is the real thing. You said: ",
	    in->model);
	quote(&p->text, in->user != NULL ? in->user : "(nothing)");
}

static void
say(struct plan *p, const struct plan_input *in)
{
	if (in->result != NULL) {
		buf_puts(&p->text, "Tool result: ");
		quote(&p->text, in->result);
	} else if (in->schema != NULL || in->json) {
		say_json(p, in);
	} else if (in->demo) {
		say_demo(p, in);
	} else {
		buf_puts(&p->text, "You said: ");
		quote(&p->text, in->user != NULL ? in->user : "");
	}
	if (in->images > 0 && in->schema == NULL && !in->json)
		buf_printf(&p->text, " [%d image%s]", in->images,
		    in->images > 1 ? "s" : "");
}

/* A word is a token here. */
static void
count_and_cut(struct plan *p, int64_t limit)
{
	size_t	at = 0, i;

	for (; at < p->text.len; p->out_tokens++) {
		if (limit > 0 && p->out_tokens == limit) {
			buf_truncate(&p->text, at);
			p->cut = true;
			break;
		}
		at += plan_word(p->text.p, p->text.len, at);
	}
	for (i = 0; i < p->ncalls; i++)
		p->out_tokens += 5 + (int64_t)strlen(p->calls[i].args) / 4;
}

void
plan_make(struct plan *p, const struct plan_input *in, json_object *scn)
{
	const char	*text = js_str(scn, "text");
	bool		 none = in->choice != NULL &&
			    strcmp(in->choice, "none") == 0;
	size_t		 i;

	*p = (struct plan){ 0 };
	if (in->user != NULL && in->result == NULL && !none)
		calls_in_text(p, in);
	if (in->result == NULL && !none)
		forced_calls(p, in);
	if (js_has(scn, "huge_arguments"))
		make_huge(p, js_int(scn, "huge_arguments", 0));
	for (i = 0; i < in->ntools; i++)
		p->search |= in->tools[i].search && !none &&
		    in->result == NULL && in->user != NULL &&
		    strstr(in->user, "search") != NULL;
	if (text != NULL)
		buf_puts(&p->text, text);
	else if (p->ncalls == 0)
		say(p, in);
	count_and_cut(p, in->limit);
}

void
plan_finish(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->ncalls; i++) {
		free(p->calls[i].name);
		free(p->calls[i].space);
		free(p->calls[i].args);
		free(p->calls[i].id);
	}
	free(p->calls);
	buf_finish(&p->text);
	*p = (struct plan){ 0 };
}
