/* The text for a client, with this server's values filled in. */
#include "config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/hint.h"
#include "base/js.h"
#include "base/util.h"
#include "setup/clients.h"

static bool
can_chat(const char *id)
{
	return strstr(id, "embedding") == NULL;
}

json_object *
setup_models(json_object *list)
{
	json_object	*names = json_object_new_array();
	json_object	*data = js_array(list, "data");
	const char	*id;
	size_t		 i;

	for (i = 0; i < js_len(data); i++) {
		id = js_str(json_object_array_get_idx(data, i), "id");
		if (id != NULL && can_chat(id))
			json_object_array_add(names,
			    json_object_new_string(id));
	}
	return names;
}

static const char *
name_at(const struct setup *s, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(s->models, i));
}

/*
 * The newest that begins so, else the newest GPT, else the first. The list is
 * in the order of names, and those have numbers.
 */
static const char *
pick(const struct setup *s, const char *prefix)
{
	const char	*const prefixes[] = { prefix, "gpt-" };
	size_t		 i, k;

	for (k = 0; k < COUNT(prefixes); k++)
		for (i = js_len(s->models); prefixes[k] != NULL && i > 0; i--)
			if (util_starts(name_at(s, i - 1), prefixes[k]))
				return name_at(s, i - 1);
	return name_at(s, 0);
}

void
setup_choose(struct setup *s)
{
	s->model = pick(s, s->client->prefer);
	s->small = pick(s, s->client->prefer_small);
}

static void	expand(const struct setup *, const char *, const char *id,
		    struct buf *);

static void
expand_each(const struct setup *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < js_len(s->models); i++) {
		if (i > 0 && s->client->separator != NULL)
			buf_puts(out, s->client->separator);
		expand(s, s->client->each, name_at(s, i), out);
	}
}

/* The inside of a JSON string, which is one of TOML, too. */
static void
put_inside(const char *value, struct buf *out)
{
	json_object	*obj = json_object_new_string(value);
	struct buf	 text = { 0 };

	js_print(obj, &text);
	buf_append(out, text.p + 1, text.len - 2);
	buf_finish(&text);
	json_object_put(obj);
}

/* YAML takes a JSON string; without quotes only what means nothing else. */
static void
put_yaml(const char *value, struct buf *out)
{
	bool plain = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789/._-+:=") == strlen(value) &&
	    isalpha((unsigned char)value[0]) && !util_ends(value, ":");

	if (!plain)
		buf_putc(out, '"');
	put_inside(value, out);
	if (!plain)
		buf_putc(out, '"');
}

/* A value as the client's file has it, or a shell takes it. */
static void
put_value(const struct setup *s, const char *value, struct buf *out)
{
	switch (s->client->form) {
	case SETUP_WORDS:
		buf_puts(out, value);
		break;
	case SETUP_SHELL:
		hint_word(out, value);
		break;
	case SETUP_JSON:
	case SETUP_TOML:
		put_inside(value, out);
		break;
	case SETUP_NEW_FILE:
		put_yaml(value, out);
		break;
	}
}

/* "@NAME@" at "p" is replaced: how long it is, 0 if it is none. */
static size_t
expand_one(const struct setup *s, const char *p, const char *id,
    struct buf *out)
{
	const struct { const char *name, *value; } values[] = {
		{ "@BASE@", s->base }, { "@KEY@", s->key },
		{ "@MODEL@", s->model }, { "@SMALL@", s->small },
		{ "@DOCKER@", s->docker }, { "@ID@", id },
	};
	char	*url;
	size_t	 i;

	if (util_starts(p, "@URL@")) {
		url = xasprintf("%s/v1", s->base);
		put_value(s, url, out);
		free(url);
		return strlen("@URL@");
	}
	if (util_starts(p, "@EACH@")) {
		expand_each(s, out);
		return strlen("@EACH@");
	}
	for (i = 0; i < COUNT(values); i++)
		if (values[i].value != NULL && util_starts(p, values[i].name)) {
			put_value(s, values[i].value, out);
			return strlen(values[i].name);
		}
	return 0;
}

static void
expand(const struct setup *s, const char *p, const char *id, struct buf *out)
{
	size_t n;

	while (*p != '\0') {
		n = *p == '@' ? expand_one(s, p, id, out) : 0;
		if (n == 0)
			buf_putc(out, *p++);
		p += n;
	}
}

void
setup_expand(const struct setup *s, const char *text, struct buf *out)
{
	expand(s, text, NULL, out);
}
