/* What a model reads. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "prompt.h"

#define CHAT_MARK "copilot_cache_control"

static void
add_value(struct prompt *p, json_object *value, bool marked)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 32;
		p->piece = xrealloc(p->piece, p->cap * sizeof(*p->piece));
	}
	js_print(value, &p->text);
	buf_putc(&p->text, '\n');
	p->piece[p->n++] = (struct piece){ p->text.len, marked };
	p->marks += marked;
}

void
prompt_add(struct prompt *p, json_object *piece, const char *mark)
{
	json_object	*plain;

	if (!js_has(piece, mark)) {
		add_value(p, piece, false);
		return;
	}
	plain = json_object_new_object();
	json_object_object_foreach(piece, key, value)
		if (strcmp(key, mark) != 0)
			js_add_ref(plain, key, value);
	add_value(p, plain, js_is(js_obj(piece, mark), "type", "ephemeral"));
	json_object_put(plain);
}

void
prompt_finish(struct prompt *p)
{
	buf_finish(&p->text);
	free(p->piece);
	*p = (struct prompt){ 0 };
}

static void
add_all(struct prompt *p, json_object *array)
{
	size_t i;

	for (i = 0; i < js_len(array); i++)
		prompt_add(p, json_object_array_get_idx(array, i), CHAT_MARK);
}

static bool
is_system(json_object *msg)
{
	return js_is(msg, "role", "system") || js_is(msg, "role", "developer");
}

static void
add_messages(struct prompt *p, json_object *messages, bool system)
{
	json_object	*msg;
	size_t		 i;

	for (i = 0; i < js_len(messages); i++) {
		msg = json_object_array_get_idx(messages, i);
		if (is_system(msg) == system)
			prompt_add(p, msg, CHAT_MARK);
	}
}

void
prompt_of_chat(struct prompt *p, json_object *body, bool claude)
{
	json_object *messages = js_array(body, "messages");

	add_all(p, js_array(body, "tools"));
	if (js_has(body, "response_format"))
		add_value(p, js_get(body, "response_format"), false);
	if (!claude) {
		add_all(p, messages);
		return;
	}
	add_messages(p, messages, true);
	add_messages(p, messages, false);
}

void
prompt_of_responses(struct prompt *p, json_object *body)
{
	json_object *input = js_get(body, "input");

	add_all(p, js_array(body, "tools"));
	if (js_has(js_obj(body, "text"), "format"))
		add_value(p, js_get(js_obj(body, "text"), "format"), false);
	if (js_has(body, "instructions"))
		add_value(p, js_get(body, "instructions"), false);
	if (json_object_is_type(input, json_type_array))
		add_all(p, input);
	else
		add_value(p, input, false);
}
