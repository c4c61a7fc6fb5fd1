/* The text for a client, with this server's values filled in. */
#include "config.h"

#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
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
	size_t i;

	if (util_starts(p, "@URL@")) {
		buf_printf(out, "%s/v1", s->base);
		return strlen("@URL@");
	}
	if (util_starts(p, "@EACH@")) {
		expand_each(s, out);
		return strlen("@EACH@");
	}
	for (i = 0; i < COUNT(values); i++)
		if (values[i].value != NULL && util_starts(p, values[i].name)) {
			buf_puts(out, values[i].value);
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
