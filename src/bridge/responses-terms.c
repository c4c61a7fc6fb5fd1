/* Errors about a chat request, told to who sent a Responses request. */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "base/util.h"
#include "bridge/responses-terms.h"
#include "turn/tools.h"

#define INDEX_DIGITS 9

/*
 * Words that stand for themselves anywhere, and such that are also English and
 * count as names only where nothing else is said. Longer ones first.
 */
static const struct {
	const char	*chat;
	const char	*responses;
	bool		 english;
} words[] = {
	{ "max_completion_tokens",	"max_output_tokens",	false },
	{ "max_tokens",			"max_output_tokens",	false },
	{ "response_format.json_schema", "text.format",		false },
	{ "response_format",		"text.format",		false },
	{ "reasoning_effort",		"reasoning.effort",	false },
	{ "tool_choice.function",	"tool_choice",		false },
	{ "/chat/completions",		"/responses",		false },
	{ "verbosity",			"text.verbosity",	true },
	{ "messages",			"input",		true },
};

void
bridge_terms_add(struct bridge_terms *t, int64_t item, bool same)
{
	if ((t->n & (t->n - 1)) == 0)
		t->messages = xrealloc(t->messages,
		    (t->n > 0 ? t->n * 2 : 1) * sizeof(*t->messages));
	t->messages[t->n++] = (struct bridge_origin){ item, same };
}

void
bridge_terms_finish(struct bridge_terms *t)
{
	free(t->messages);
	*t = (struct bridge_terms){ 0 };
}

/* NAME[index]: what is behind it, NULL when the text is something else. */
static const char *
indexed(const char *p, const char *name, size_t *index)
{
	size_t n, digits = 0;

	if (!util_starts(p, name))
		return NULL;
	p += strlen(name);
	if (*p++ != '[')
		return NULL;
	for (n = 0; digits < INDEX_DIGITS &&
	    isdigit((unsigned char)p[digits]); digits++)
		n = n * 10 + (size_t)(p[digits] - '0');
	*index = n;
	return digits > 0 && p[digits] == ']' ? p + digits + 1 : NULL;
}

/* Where a path like .content[0].type ends; a full stop is not part of it. */
static const char *
path_end(const char *p)
{
	const char *end = p;

	for (; isalnum((unsigned char)*p) || strchr("_-.[]", *p) != NULL; p++) {
		if (*p == '\0')
			break;
		if (*p != '.' && *p != '-')
			end = p + 1;
	}
	return end;
}

/* The place in a message, if that has the same place in its item. */
static const char *
put_place(const char *p, bool same, struct buf *out)
{
	static const char	 url[] = ".url";
	const char		*end = path_end(p);
	size_t			 n = (size_t)(end - p);

	if (!same)
		return end;
	if (n > sizeof(url) && strncmp(end - 4, url, 4) == 0)
		n -= 4;				/* image_url.url */
	buf_append(out, p, n);
	return end;
}

static const char *
put_message(const struct bridge_terms *t, size_t i, const char *p,
    struct buf *out)
{
	const struct bridge_origin *o = i < t->n ? &t->messages[i] : NULL;

	if (o != NULL && o->item == BRIDGE_INSTRUCTIONS)
		buf_puts(out, "instructions");
	else
		buf_puts(out, "input");
	if (o != NULL && o->item >= 0)
		buf_printf(out, "[%lld]", (long long)o->item);
	return put_place(p, o != NULL && o->same && o->item >= 0, out);
}

static const char *
put_tool(const struct bridge_tools *t, size_t i, const char *p,
    struct buf *out)
{
	static const char function[] = ".function";

	buf_puts(out, "tools");
	if (i >= t->n || t->list[i].at < 0)
		return path_end(p);
	buf_printf(out, "[%lld]", (long long)t->list[i].at);
	if (t->list[i].space != NULL)
		return path_end(p);
	return util_starts(p, function) ? p + sizeof(function) - 1 : p;
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

/* One word of chat's at "p": what is behind it, NULL when there is none. */
static const char *
put_word(const char *text, const char *p, struct buf *out)
{
	size_t i, n;

	for (i = 0; i < COUNT(words); i++) {
		n = strlen(words[i].chat);
		if (strncmp(p, words[i].chat, n) != 0 ||
		    !is_word(text, p, n) ||
		    (words[i].english && !is_alone(text, p, n)))
			continue;
		buf_puts(out, words[i].responses);
		return p + n;
	}
	return NULL;
}

static void
translate(const struct bridge_terms *t, const struct bridge_tools *tools,
    const char *text, struct buf *out)
{
	const char	*p = text, *next;
	size_t		 i;

	while (*p != '\0') {
		if ((next = indexed(p, "messages", &i)) != NULL)
			p = put_message(t, i, next, out);
		else if ((next = indexed(p, "tools", &i)) != NULL)
			p = put_tool(tools, i, next, out);
		else if ((next = put_word(text, p, out)) != NULL)
			p = next;
		else
			buf_putc(out, *p++);
	}
}

void
bridge_terms_apply(const struct bridge_terms *t,
    const struct bridge_tools *tools, struct err *err)
{
	struct buf b = { 0 };

	translate(t, tools, err->msg, &b);
	text_clean(buf_str(&b), b.len, err->msg, sizeof(err->msg));
	buf_truncate(&b, 0);
	translate(t, tools, err->param, &b);
	text_clean(buf_str(&b), b.len, err->param, sizeof(err->param));
	buf_finish(&b);
}
