/* Errors in the client's terms. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "turn/terms.h"
#include "turn/turn.h"

#define INDEX_DIGITS 9

/* --- Words. */

const char *
terms_name(const struct terms_side *side, enum term term)
{
	size_t i;

	for (i = 0; i < side->nwords; i++)
		if (side->words[i].term == term)
			return side->words[i].name;
	return "";
}

/* Nothing before or behind it makes it part of another word. */
static bool
is_word(const char *text, const char *p, size_t n)
{
	return (p == text || (!isalnum((unsigned char)p[-1]) &&
	    p[-1] != '_' && p[-1] != '.')) &&
	    !isalnum((unsigned char)p[n]) && p[n] != '_';
}

static bool
is_alone(const char *text, const char *p, size_t n)
{
	return p == text ? p[n] == '\0' :
	    strchr("'\"`", p[-1]) != NULL && p[n] == p[-1];
}

/* Reads "[N]": what is behind it, NULL when that isn't there. */
static const char *
index_at(const char *p, size_t *index)
{
	size_t n;

	if (*p != '[')
		return NULL;
	n = strspn(p + 1, "0123456789");
	if (n == 0 || n > INDEX_DIGITS || p[1 + n] != ']')
		return NULL;
	*index = strtoul(p + 1, NULL, 10);
	return p + n + 2;
}

/* NAME[N] as a word of its own: what is behind it, NULL when it isn't. */
static const char *
indexed(const char *text, const char *p, const char *name, size_t *index)
{
	if (!util_starts(p, name) || !is_word(text, p, strlen(name)))
		return NULL;
	return index_at(p + strlen(name), index);
}

/* Where a path like .content[0].type ends; a full stop is no part of it. */
static const char *
path_end(const char *p)
{
	while (*p == '[' || *p == ']' || *p == '_' ||
	    isalnum((unsigned char)*p) ||
	    (*p == '.' && isalpha((unsigned char)p[1])))
		p++;
	return p;
}

/* --- Members of items. */

/*
 * Does a path begin with that name? Then what is behind it, and in *part the
 * index that stands at its '#'.
 */
static const char *
match(const char *path, const char *name, size_t *part)
{
	for (; *name != '\0'; name++) {
		if (*name == '[' && name[1] == '#') {
			if ((path = index_at(path, part)) == NULL)
				return NULL;
			name += 2;
		} else if (*path++ != *name)
			return NULL;
	}
	return isalnum((unsigned char)*path) || *path == '_' ? NULL : path;
}

static void
put_name(const char *name, int64_t part, struct buf *out)
{
	for (; *name != '\0'; name++) {
		if (*name == '#')
			buf_printf(out, "%lld", (long long)part);
		else
			buf_putc(out, *name);
	}
}

static const struct terms_member *
find_member(const struct terms_side *side, const struct terms_item *item,
    enum terms_member_of member)
{
	const struct terms_member	*m;

	for (m = side->members; m < side->members + side->nmembers; m++)
		if (m->member == member && m->kind == item->kind &&
		    m->custom == item->custom)
			return m;
	return NULL;
}

/* "input[3]", and what the member of such an item is called. */
static void
put_item(const struct terms_side *side, const struct terms_item *item,
    enum terms_member_of member, struct buf *out)
{
	const struct terms_member *m = find_member(side, item, member);

	if (item->origin.index == TURN_INSTRUCTIONS) {
		buf_puts(out, side->beside);
		return;
	}
	buf_puts(out, terms_name(side, TERM_LIST));
	if (item->origin.index < 0)
		return;
	buf_printf(out, "[%lld]", (long long)item->origin.index);
	if (m != NULL)
		put_name(m->name, item->origin.part, out);
}

static struct terms_item
item_of(const struct turn_item *item)
{
	/* A result's members are the same for all tools. */
	return (struct terms_item){ item->kind,
	    item->custom && item->kind == TURN_CALL, item->origin };
}

void
terms_place(const struct terms_side *side, const struct turn_item *item,
    enum terms_member_of member, int64_t at, char place[TERMS_PLACE_SIZE])
{
	struct terms_item	what = item_of(item);
	struct buf		out = { 0 };

	put_item(side, &what, member, &out);
	if (at >= 0 && what.origin.index >= 0)
		buf_printf(&out, "[%lld]", (long long)at);
	snprintf(place, TERMS_PLACE_SIZE, "%s", buf_str(&out));
	buf_finish(&out);
}

/* --- The record. */

void
terms_begin(struct terms *t, const struct turn *turn,
    const struct terms_side *from)
{
	size_t i;

	*t = (struct terms){
		.from = from, .to = turn->side, .nitems = turn->n,
		.items = xcalloc(turn->n + 1, sizeof(*t->items))
	};
	for (i = 0; i < turn->n; i++)
		t->items[i] = item_of(&turn->items[i]);
}

void
terms_note(struct terms *t, size_t first, size_t n)
{
	t->elements = util_grow(t->elements, t->nelements,
	    sizeof(*t->elements));
	t->elements[t->nelements++] = (struct terms_element){ first, n, 0 };
}

void
terms_note_extra(struct terms *t, size_t item)
{
	terms_note(t, item, 0);
	t->elements[t->nelements - 1].index = t->items[item].origin.index;
}

void
terms_note_tool(struct terms *t, const struct tool *tool)
{
	t->tools = util_grow(t->tools, t->ntools, sizeof(*t->tools));
	t->tools[t->ntools++] = (struct terms_tool){
		tool->at, tool->space != NULL, tool->custom
	};
}

bool
terms_unpaired(const struct turn *t, size_t item, struct err *err)
{
	const struct turn_item	*one = &t->items[item];
	char			 shown[128];

	text_clean(json_object_get_string(one->id),
	    (size_t)json_object_get_string_len(one->id), shown, sizeof(shown));
	return err_param(err, terms_name(t->side, TERM_LIST), NULL,
	    one->kind == TURN_CALL ?
	    "No tool output found for function call %s." :
	    "No tool call found for function call output with call_id %s.",
	    shown);
}

void
terms_put_tools(struct terms *t, const struct turn *turn, json_object *to,
    json_object *(*print)(const struct tool *))
{
	json_object	*tools = json_object_new_array();
	size_t		 i;

	for (i = 0; i < turn->tools.n; i++) {
		json_object_array_add(tools, print(&turn->tools.list[i]));
		terms_note_tool(t, &turn->tools.list[i]);
	}
	js_add_take(to, "tools", tools);
}

void
terms_finish(struct terms *t)
{
	free(t->items);
	free(t->elements);
	free(t->tools);
	*t = (struct terms){ 0 };
}

/* --- Upstream's words. */

/* The item of an element that has such a member; "part" counts its calls. */
static const struct terms_item *
find_item(const struct terms *t, const struct terms_element *e,
    const struct terms_member *m, size_t part)
{
	const struct terms_item	*item = &t->items[e->first];
	size_t			 i;

	for (i = 0; i < e->n; i++, item++)
		if (m->kind == item->kind &&
		    (m->kind != TURN_CALL || e->n == 1 || part-- == 0))
			return item;
	return NULL;
}

/* One member and nothing in it: ".role". */
static bool
is_plain(const char *path)
{
	return *path == '.' && path_end(path) == path + 1 +
	    strspn(path + 1, "abcdefghijklmnopqrstuvwxyz_");
}

/*
 * The item and the member that a path names; *rest is what is behind it, NULL
 * for what the client doesn't have.
 */
static const struct terms_item *
member_at(const struct terms *t, const struct terms_element *e,
    const char *path, enum terms_member_of *member, const char **rest)
{
	const struct terms_side		*side = t->from;
	const struct terms_member	*m;
	const struct terms_item		*item;
	size_t				 part;

	for (m = side->members; m < side->members + side->nmembers; m++) {
		part = 0;
		if ((*rest = match(path, m->name, &part)) == NULL ||
		    (item = find_item(t, e, m, part)) == NULL)
			continue;
		*member = m->member;
		return item;
	}
	*member = TERMS_ITEM;
	*rest = e->n == 1 && is_plain(path) ? path : NULL;
	return &t->items[e->first];
}

/* The rest of a path; an address has another name in there. */
static void
put_rest(const struct terms *t, const char *p, const char *end,
    struct buf *out)
{
	const char	*theirs = t->from->image, *ours = t->to->image;
	size_t		 n = (size_t)(end - p), len = strlen(theirs);

	if (n >= len && strlen(ours) < len &&
	    strncmp(end - len, theirs, len) == 0)
		n -= len - strlen(ours);
	buf_append(out, p, n);
}

/* An element of upstream's list, and the path behind it. */
static const char *
put_element(const struct terms *t, size_t i, const char *p, struct buf *out)
{
	const struct terms_element	*e;
	const struct terms_item		*item;
	struct terms_item		 extra = { .kind = TURN_KIND__MAX };
	enum terms_member_of		 member;
	const char			*rest;

	e = i < t->nelements ? &t->elements[i] : NULL;
	if (e == NULL || e->n == 0) {
		extra.origin.index = e != NULL ? e->index : TURN_WHOLE_INPUT;
		put_item(t->to, &extra, TERMS_ITEM, out);
		return path_end(p);
	}
	item = member_at(t, e, p, &member, &rest);
	put_item(t->to, item, member, out);
	if (rest != NULL && item->origin.index >= 0 &&
	    item->kind != TURN_THOUGHT)
		put_rest(t, rest, path_end(p), out);
	return path_end(p);
}

static const char *
put_tool(const struct terms *t, size_t i, const char *p, struct buf *out)
{
	const struct terms_tool	*tool = i < t->ntools ? &t->tools[i] : NULL;
	const char		*end = path_end(p), *inner;

	buf_puts(out, terms_name(t->to, TERM_TOOLS));
	if (tool == NULL || tool->at < 0)
		return end;
	buf_printf(out, "[%lld]", (long long)tool->at);
	if (tool->inner)
		return end;
	if (util_starts(p, t->from->function))
		p += strlen(t->from->function);
	inner = tool->custom ? t->to->custom : t->to->function;
	if (*p == '.' && match(p, ".type", &i) == NULL)
		buf_puts(out, inner);
	buf_append(out, p, (size_t)(end - p));
	return end;
}

/* The longest word of upstream's that stands at "p"; NULL: there is none. */
static const struct terms_word *
word_at(const struct terms *t, const char *text, const char *p)
{
	const struct terms_word	*w, *best = NULL;
	size_t			 n, longest = 0;

	for (w = t->from->words; w < t->from->words + t->from->nwords; w++) {
		n = strlen(w->name);
		if (n <= longest || strncmp(p, w->name, n) != 0 ||
		    !is_word(text, p, n) ||
		    (w->english && !is_alone(text, p, n)))
			continue;
		best = w;
		longest = n;
	}
	return best;
}

/* One word: what is behind it, NULL when there is none. */
static const char *
put_word(const struct terms *t, const char *text, const char *p,
    struct buf *out)
{
	const struct terms_word *w = word_at(t, text, p);

	if (w == NULL)
		return NULL;
	buf_puts(out, w->term == TERM_LIMIT && t->limit != NULL ? t->limit :
	    terms_name(t->to, w->term));
	return p + strlen(w->name);
}

static void
translate(const struct terms *t, char *text, size_t size)
{
	const char	*list = terms_name(t->from, TERM_LIST);
	const char	*tools = terms_name(t->from, TERM_TOOLS);
	const char	*p = text, *next;
	struct buf	 out = { 0 };
	size_t		 i;

	while (*p != '\0') {
		if ((next = indexed(text, p, list, &i)) != NULL)
			p = put_element(t, i, next, &out);
		else if ((next = indexed(text, p, tools, &i)) != NULL)
			p = put_tool(t, i, next, &out);
		else if ((next = put_word(t, text, p, &out)) != NULL)
			p = next;
		else
			buf_putc(&out, *p++);
	}
	text_clean(buf_str(&out), out.len, text, size);
	buf_finish(&out);
}

/* --- Elements that the client didn't send. */

static void
shift(const char *list, size_t n, const char *by, char *text, size_t size)
{
	struct buf	 out = { 0 };
	const char	*p = text, *next;
	size_t		 i;

	while (*p != '\0') {
		if ((next = indexed(text, p, list, &i)) == NULL) {
			buf_putc(&out, *p++);
			continue;
		}
		p = next;
		if (i >= n || by == NULL)
			buf_printf(&out, "%s[%zu]", list, i >= n ? i - n : 0);
		else {
			buf_puts(&out, by);
			p = path_end(next);
		}
	}
	snprintf(text, size, "%s", buf_str(&out));
	/* The cut may have gone through a character. */
	text[text_utf8_prefix(text, strlen(text))] = '\0';
	buf_finish(&out);
}

void
terms_shift(const char *list, size_t n, const char *by, struct err *err)
{
	if (n == 0)
		return;
	shift(list, n, by, err->param, sizeof(err->param));
	shift(list, n, by, err->msg, sizeof(err->msg));
}

/* --- All of it. */

void
terms_apply(const struct terms *t, struct err *err)
{
	if (t->from == NULL)
		return;
	terms_shift(terms_name(t->from, TERM_LIST), t->before, NULL, err);
	translate(t, err->msg, sizeof(err->msg));
	translate(t, err->param, sizeof(err->param));
}
