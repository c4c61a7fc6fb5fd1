/* /v1/messages and /v1/messages/count_tokens. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "jt.h"
#include "messages.h"

bool
messages_refuse(struct call *c, const char *fmt, ...)
{
	va_list	 ap;
	char	*msg, *id = random_id("req_011C", 20);

	va_start(ap, fmt);
	if (vasprintf(&msg, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	answer_begin(c->ans, 400, "application/json");
	jt(&c->ans->text, "{'error':{'message':%s,'type':"
	    "'invalid_request_error'},'request_id':%s,'type':'error'}", msg,
	    id);
	free(msg);
	free(id);
	return false;
}

/* --- What the plan is made from. */

struct texts {
	struct buf	 user, result, system;
	struct tool	*tools;
	json_object	*schema;
};

/* The texts of a content; results of tools go elsewhere. */
static void
read_content(json_object *content, struct buf *text, struct buf *result,
    int *images)
{
	json_object	*block;
	size_t		 i, from = 0;

	if (json_object_is_type(content, json_type_string))
		buf_puts(text, json_object_get_string(content));
	for (i = 0; i < js_len(content); i++) {
		block = json_object_array_get_idx(content, i);
		if (js_is(block, "type", "text")) {
			/* What a program reminds of is no user's word. */
			if (util_starts(js_str(block, "text"), "<system-"))
				continue;
			/* Who spoke twice has one message; the last counts. */
			if (result != NULL)
				buf_truncate(text, from);
			buf_puts(text, js_str(block, "text"));
		} else if (js_is(block, "type", "image")) {
			++*images;
		} else if (js_is(block, "type", "document")) {
			buf_puts(text, "[document]");
			from = text->len;
		} else if (js_is(block, "type", "tool_result") &&
		    result != NULL) {
			if (result->len > 0)
				buf_puts(result, "; ");
			read_content(js_get(block, "content"), result, NULL,
			    images);
		}
	}
}

static void
read_tools(struct call *c, struct plan_input *in, struct texts *t)
{
	json_object	*tools = js_array(c->body, "tools"), *tool;
	json_object	*choice = js_obj(c->body, "tool_choice");
	size_t		 i;

	in->ntools = js_len(tools);
	in->tools = t->tools = xcalloc(in->ntools + 1, sizeof(*t->tools));
	for (i = 0; i < in->ntools; i++) {
		tool = json_object_array_get_idx(tools, i);
		t->tools[i].name = js_str(tool, "name");
		t->tools[i].search = js_obj(tool, "input_schema") == NULL;
	}
	if (js_is(choice, "type", "none"))
		in->choice = "none";
	else if (js_is(choice, "type", "any"))
		in->choice = "required";
	else if (js_is(choice, "type", "tool"))
		in->forced = js_str(choice, "name");
}

/* The last message is the user's; what others said was read before. */
static void
read_messages(struct call *c, struct plan_input *in, struct texts *t)
{
	json_object	*messages = js_array(c->body, "messages"), *msg;
	struct buf	 text = { 0 };
	size_t		 i, n = js_len(messages);

	for (i = 0; i < n; i++) {
		msg = json_object_array_get_idx(messages, i);
		if (!js_is(msg, "role", "user"))
			continue;
		buf_truncate(&text, 0);
		buf_truncate(&t->result, 0);
		in->images = 0;
		read_content(js_get(msg, "content"), &text, &t->result,
		    &in->images);
		/* Words of a user, in a message of their own elsewhere. */
		if (text.len > 0 && !util_starts(text.p, "Tool loaded."))
			buf_truncate(&t->result, 0);
		buf_truncate(&t->user, 0);
		buf_append(&t->user, buf_str(&text), text.len);
	}
	buf_finish(&text);
	in->user = buf_str(&t->user);
	in->result = t->result.len > 0 ? buf_str(&t->result) : NULL;
	read_content(js_get(c->body, "system"), &t->system, NULL, &in->images);
	plan_told(in, buf_str(&t->system), &t->schema);
}

static void
make_plan(struct messages *m)
{
	struct call		*c = m->c;
	struct plan_input	 in = { .model = m->m->id };
	struct texts		 t = { 0 };
	json_object		*format = js_obj(js_obj(c->body,
				    "output_config"), "format");

	in.demo = c->f->demo;
	in.call_prefix = "toolu_01";
	in.limit = js_int(c->body, "max_tokens", 0);
	in.bytes = (int64_t)c->req->body.len;
	read_tools(c, &in, &t);
	read_messages(c, &in, &t);
	if (js_is(format, "type", "json_schema"))
		in.schema = js_obj(format, "schema");
	plan_make(&m->plan, &in, c->scn);
	buf_finish(&t.user);
	buf_finish(&t.result);
	buf_finish(&t.system);
	free(t.tools);
	json_object_put(t.schema);
}

/* --- How it ends. */

static void
cut_at_sequence(struct messages *m)
{
	json_object	*list = js_array(m->c->body, "stop_sequences");
	const char	*s, *at;
	size_t		 i;

	for (i = 0; i < js_len(list); i++) {
		s = json_object_get_string(json_object_array_get_idx(list, i));
		if (*s == '\0' || (at = strstr(buf_str(&m->plan.text), s)) ==
		    NULL)
			continue;
		buf_truncate(&m->plan.text, (size_t)(at - m->plan.text.p));
		m->sequence = s;
		m->stop = "stop_sequence";
	}
}

static void
think(struct messages *m)
{
	char	seal[301];
	bool	shown;

	if (!messages_thinks(m->c, &shown))
		return;
	random_base64(seal, sizeof(seal) - 1);
	m->signature = xstrdup(seal);
	m->thought = xstrdup(shown ?
	    "They want something. I'll do it step by step." : "");
	issued_add(&m->c->f->issued, m->signature, m->thought);
	m->plan.out_tokens += 12;
}

/* Claude says what it is about to do before it calls a tool. */
static void
announce(struct messages *m)
{
	size_t i;

	if (m->plan.ncalls == 0 || m->plan.text.len > 0)
		return;
	buf_puts(&m->plan.text, "I'll call");
	for (i = 0; i < m->plan.ncalls; i++)
		buf_printf(&m->plan.text, "%s %s", i > 0 ? " and" : "",
		    m->plan.calls[i].name);
	buf_putc(&m->plan.text, '.');
}

/* Tools, system, messages; each block may have a mark, and text is a block. */
static void
add_pieces(struct prompt *p, json_object *content)
{
	json_object	*block;
	size_t		 i;

	if (json_object_is_type(content, json_type_string)) {
		block = json_object_new_object();
		js_add_str(block, "type", "text");
		js_add_ref(block, "text", content);
		prompt_add(p, block, "cache_control");
		json_object_put(block);
	}
	for (i = 0; i < js_len(content); i++)
		prompt_add(p, json_object_array_get_idx(content, i),
		    "cache_control");
}

static void
make_bill(struct messages *m)
{
	json_object	*body = m->c->body;
	json_object	*messages = js_array(body, "messages");
	struct prompt	 p = { 0 };
	size_t		 i;

	add_pieces(&p, js_get(body, "tools"));
	add_pieces(&p, js_get(body, "system"));
	for (i = 0; i < js_len(messages); i++)
		add_pieces(&p, js_get(json_object_array_get_idx(messages, i),
		    "content"));
	bill_prompt(&m->bill, m->c, m->m, &p);
	prompt_finish(&p);
	if (!js_bool(m->c->scn, "error_event", false))
		bill_answer(&m->bill, m->c, m->m, m->plan.out_tokens);
}

static bool
is_object(struct call *c)
{
	return c->body != NULL && json_object_is_type(c->body,
	    json_type_object);
}

/* The model, if it is a Claude: all of them are here, and nobody else. */
static const struct model *
find_model(struct call *c)
{
	const struct model *m;

	if (!is_object(c)) {
		messages_refuse(c, "The request body is not valid JSON");
		return NULL;
	}
	if ((m = catalog_check(c, MODEL_CHAT | MODEL_RESPONSES)) == NULL)
		return NULL;
	if (m->family == FAMILY_CLAUDE)
		return m;
	refuse(c, 400, "unsupported_api_for_model", "model \"%s\" is not "
	    "accessible via the /v1/messages endpoint", m->id);
	return NULL;
}

void
messages_handle(struct call *c)
{
	struct messages m = { .c = c, .stop = "end_turn" };

	if ((m.m = find_model(c)) == NULL || !messages_check(c, m.m, false))
		return;
	make_plan(&m);
	if (m.plan.ncalls > 0)
		m.stop = "tool_use";
	else if (m.plan.cut)
		m.stop = "max_tokens";
	cut_at_sequence(&m);
	announce(&m);
	think(&m);
	make_bill(&m);
	m.id = random_id("msg_01", 22);
	if (js_bool(c->body, "stream", false)) {
		answer_stream(c->ans);
		messages_stream(&m);
	} else {
		answer_begin(c->ans, 200, "application/json");
		messages_whole(&m);
	}
	plan_finish(&m.plan);
	free(m.id);
	free(m.thought);
	free(m.signature);
}

void
messages_count_handle(struct call *c)
{
	const struct model *m = find_model(c);

	if (m == NULL || !messages_check(c, m, true))
		return;
	answer_begin(c->ans, 200, "application/json");
	jt(&c->ans->text, "{'input_tokens':%l}",
	    (int64_t)c->req->body.len / 4);
}
