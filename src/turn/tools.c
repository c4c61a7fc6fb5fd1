/* The tools of a request in no API's words. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "turn/tools.h"

#define HASH_DIGITS 16
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_-"

static const char *
glue(const char *space)
{
	return util_ends(space, "_") ? "" : "__";
}

/* A name that is too long keeps its beginning and gets a number of its own. */
void
tools_flat(const char *space, const char *name,
    char flat[static TOOLS_NAME_SIZE])
{
	char	*whole;
	size_t	 n, i;

	whole = space != NULL && space[0] != '\0' ?
	    xasprintf("%s%s%s", space, glue(space), name) : xstrdup(name);
	n = strlen(whole);
	if (n < TOOLS_NAME_SIZE)
		memcpy(flat, whole, n + 1);
	else
		snprintf(flat, TOOLS_NAME_SIZE, "%.*s_%016llx",
		    TOOLS_NAME_SIZE - HASH_DIGITS - 2, whole,
		    (unsigned long long)util_hash(whole));
	for (i = 0; flat[i] != '\0'; i++)
		if (strchr(NAME_BYTES, flat[i]) == NULL)
			flat[i] = '_';
	free(whole);
}

const struct tool *
tools_find(const struct tools *t, const char *flat)
{
	int64_t i = t->names != NULL ? js_int(t->names, flat, -1) : -1;

	return i >= 0 ? &t->list[i] : NULL;
}

struct tool *
tools_add(struct tools *t, const char *space, const char *name)
{
	char flat[TOOLS_NAME_SIZE];

	tools_flat(space, name, flat);
	if (tools_find(t, flat) != NULL)
		return NULL;
	if (t->names == NULL)
		t->names = json_object_new_object();
	t->list = util_grow(t->list, t->n, sizeof(*t->list));
	assert(t->list != NULL);	/* made with the first */
	js_add_int(t->names, flat, (int64_t)t->n);
	t->list[t->n] = (struct tool){
		.name = xstrdup(name), .at = -1,
		.space = space != NULL ? xstrdup(space) : NULL
	};
	return &t->list[t->n++];
}

json_object *
tools_custom_schema(void)
{
	static const char schema[] = "{\"type\":\"object\",\"properties\":{"
	    "\"input\":{\"type\":\"string\","
	    "\"description\":\"The whole input of the tool.\"}},"
	    "\"required\":[\"input\"],\"additionalProperties\":false}";

	return js_parse_quiet(schema, sizeof(schema) - 1);
}

json_object *
tools_custom_description(json_object *description, json_object *format)
{
	const char	*syntax;
	struct buf	 b = { 0 };
	json_object	*string;

	if (!json_object_is_type(description, json_type_string))
		description = NULL;
	/* Chat completions wrap it. */
	if (js_obj(format, "grammar") != NULL)
		format = js_obj(format, "grammar");
	syntax = js_str(format, "syntax");
	if (js_str(format, "definition") == NULL)
		return json_object_get(description);
	if (description != NULL) {
		js_append_text(&b, description);
		buf_puts(&b, "\n\n");
	}
	buf_printf(&b, "The input has to follow this %s grammar:\n",
	    syntax != NULL ? syntax : "formal");
	js_append_text(&b, js_get(format, "definition"));
	string = json_object_new_string_len(b.p, (int)b.len);
	buf_finish(&b);
	return string;
}

static void
settle(struct tool *tool)
{
	json_object_put(tool->description);
	json_object_put(tool->schema);
	json_object_put(tool->strict);
	json_object_put(tool->format);
	tool->description = tool->schema = NULL;
	tool->strict = tool->format = NULL;
}

void
tools_settle(struct tools *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		settle(&t->list[i]);
}

static void
tool_finish(struct tool *tool)
{
	settle(tool);
	free(tool->space);
	free(tool->name);
}

void
tools_keep(struct tools *t, json_object *names)
{
	char	flat[TOOLS_NAME_SIZE];
	size_t	i, n = t->n;

	for (i = t->n = 0; i < n; i++) {
		tools_flat(t->list[i].space, t->list[i].name, flat);
		if (js_has(names, flat)) {
			js_add_int(t->names, flat, (int64_t)t->n);
			t->list[t->n++] = t->list[i];
		} else {
			js_del(t->names, flat);
			tool_finish(&t->list[i]);
		}
	}
}

void
tools_finish(struct tools *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		tool_finish(&t->list[i]);
	free(t->list);
	json_object_put(t->names);
	*t = (struct tools){ 0 };
}
