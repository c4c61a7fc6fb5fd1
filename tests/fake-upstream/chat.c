/* /chat/completions. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "chat.h"
#include "jt.h"

#define MARKS_MAX 4

void
chat_copilot_usage(struct chat *ch, bool of_old, struct buf *out)
{
	if (!of_old && !setting_new(ch->c->f))
		return;
	buf_putc(out, ',');
	bill_usage(&ch->bill, out);
}

/* The texts that the plan is made from; freed by the caller. */
struct texts {
	struct buf	 user, result;
	struct tool	*tools;
	json_object	*schema;	/* that the system told of */
};

static void
read_tools(struct call *c, struct plan_input *in, struct texts *t)
{
	json_object	*tools = js_array(c->body, "tools");
	json_object	*choice = js_get(c->body, "tool_choice");
	size_t		 i;

	in->ntools = js_len(tools);
	in->tools = t->tools = xcalloc(in->ntools, sizeof(*t->tools));
	for (i = 0; i < in->ntools; i++)
		t->tools[i].name = js_str(js_obj(json_object_array_get_idx(
		    tools, i), "function"), "name");
	if (json_object_is_type(choice, json_type_string))
		in->choice = json_object_get_string(choice);
	in->forced = js_str(js_obj(choice, "function"), "name");
}

/* Goes from the end: tool results first, then the last user message. */
static void
read_messages(struct call *c, struct plan_input *in, struct texts *t)
{
	json_object	*messages = js_array(c->body, "messages"), *msg;
	struct buf	 text = { 0 };
	size_t		 i, n = js_len(messages), last = n;
	int		 ignored = 0;

	while (last > 0 && js_is(json_object_array_get_idx(messages, last - 1),
	    "role", "tool"))
		last--;
	for (i = last; i < n; i++) {
		if (i > last)
			buf_puts(&t->result, "; ");
		chat_content(js_get(json_object_array_get_idx(messages, i),
		    "content"), &t->result, &ignored);
	}
	in->result = last < n ? buf_str(&t->result) : NULL;
	for (i = 0; i < n; i++) {
		msg = json_object_array_get_idx(messages, i);
		buf_truncate(&text, 0);
		ignored = 0;
		chat_content(js_get(msg, "content"), &text, &ignored);
		in->bytes += (int64_t)text.len;
		if (js_is(msg, "role", "system"))
			plan_told(in, buf_str(&text), &t->schema);
		if (js_is(msg, "role", "user")) {
			buf_truncate(&t->user, 0);
			buf_append(&t->user, text.p, text.len);
			in->images = ignored;
			in->user = buf_str(&t->user);
		}
	}
	buf_finish(&text);
}

static void
read_format(struct call *c, struct plan_input *in)
{
	json_object *format = js_obj(c->body, "response_format");

	in->json |= js_is(format, "type", "json_object");
	if (js_is(format, "type", "json_schema"))
		in->schema = js_obj(js_obj(format, "json_schema"), "schema");
}

static bool
plan(struct chat *chat)
{
	struct call		*c = chat->c;
	struct plan_input	 in = { .model = chat->m->id };
	struct texts		 t = { 0 };
	bool			 ok = true;

	in.demo = c->f->demo;
	in.call_prefix = chat->m->family == FAMILY_CLAUDE ? "toolu_" : "call_";
	in.limit = js_int(c->body, "max_completion_tokens",
	    js_int(c->body, "max_tokens", 0));
	read_tools(c, &in, &t);
	read_messages(c, &in, &t);
	read_format(c, &in);
	if (setting_bool(c->f, "prompt_limit") && chat->m->prompt > 0 &&
	    in.bytes / 4 > chat->m->prompt)
		ok = refuse(c, 400, "model_max_prompt_tokens_exceeded",
		    "prompt token count of %lld exceeds the limit of %d",
		    (long long)(in.bytes / 4), chat->m->prompt);
	else
		plan_make(&chat->plan, &in, c->scn);
	buf_finish(&t.user);
	buf_finish(&t.result);
	free(t.tools);
	json_object_put(t.schema);
	return ok;
}

/* The prompt, as the cache sees it. */
static bool
read_prompt(struct chat *chat)
{
	struct prompt	p = { 0 };
	bool		ok = true;

	prompt_of_chat(&p, chat->c->body, chat->m->family == FAMILY_CLAUDE);
	if (p.marks > MARKS_MAX)
		ok = refuse_param(chat->c, "A maximum of %d blocks with "
		    "cache_control may be provided. Found %zu.", MARKS_MAX,
		    p.marks);
	else
		bill_prompt(&chat->bill, chat->c, chat->m, &p);
	prompt_finish(&p);
	return ok;
}

static void
make_out_bill(struct chat *chat)
{
	int64_t thoughts = chat->m->family == FAMILY_GEMINI ?
	    CHAT_THOUGHT_TOKENS : 0;

	/* What isn't told isn't billed. */
	if (chat->usage && !js_bool(chat->c->scn, "empty", false))
		bill_answer(&chat->bill, chat->c, chat->m,
		    chat->plan.out_tokens * chat->n + thoughts);
}

static void
choose_finish(struct chat *chat)
{
	json_object *scn = chat->c->scn;

	chat->finish = chat->plan.ncalls > 0 ? "tool_calls" :
	    chat->plan.cut ? "length" : "stop";
	if (chat->plan.ncalls > 0 &&
	    js_bool(scn, "finish_stop_after_tools", false))
		chat->finish = "stop";
	if (js_bool(scn, "missing_finish_reason", false))
		chat->finish = NULL;
	chat->done = !js_bool(scn, "missing_done", false);
	chat->usage = !js_bool(scn, "no_usage", false);
}

/* Claude says what it is about to do before it calls a tool. */
static void
announce(struct chat *chat)
{
	size_t i;

	if (chat->m->family != FAMILY_CLAUDE || chat->plan.ncalls == 0 ||
	    chat->plan.text.len > 0)
		return;
	buf_puts(&chat->plan.text, "I'll call");
	for (i = 0; i < chat->plan.ncalls; i++)
		buf_printf(&chat->plan.text, "%s %s", i > 0 ? " and" : "",
		    chat->plan.calls[i].name);
	buf_putc(&chat->plan.text, '.');
}

/* Gemini 3's sealed thoughts: given once, and wanted back. */
static void
seal(struct chat *chat)
{
	char	opaque[201];
	size_t	i;

	if (!(chat->m->flags & MODEL_OPAQUE))
		return;
	random_base64(opaque, sizeof(opaque) - 1);
	chat->opaque = xstrdup(opaque);
	for (i = 0; i < chat->plan.ncalls; i++)
		issued_add(&chat->c->f->issued, chat->plan.calls[i].id,
		    opaque);
}

static char *
make_id(enum family family)
{
	char uuid[UTIL_UUID_SIZE], raw[23], *s;

	switch (family) {
	case FAMILY_CLAUDE:
		util_uuid(uuid);
		return xstrdup(uuid);
	case FAMILY_GEMINI:
		random_base64(raw, sizeof(raw) - 1);
		for (s = raw; *s != '\0'; s++)		/* base64url */
			*s = *s == '+' ? '-' : *s == '/' ? '_' : *s;
		return xstrdup(raw);
	default:
		return random_id("chatcmpl-", 29);
	}
}

static const struct {
	void	(*stream)(struct chat *);
	void	(*whole)(struct chat *);
} writers[] = {
	[FAMILY_GPT4]	= { chat_stream_gpt4,	chat_whole_gpt },
	[FAMILY_GPT]	= { chat_stream_gpt,	chat_whole_gpt },
	[FAMILY_CLAUDE]	= { chat_stream_claude,	chat_whole_claude },
	[FAMILY_GEMINI]	= { chat_stream_gemini,	chat_whole_gemini },
};

static void
write_answer(struct chat *chat)
{
	struct answer *a = chat->c->ans;

	if (js_bool(chat->c->body, "stream", false)) {
		answer_stream(a);
		if (!js_bool(chat->c->scn, "empty", false))
			writers[chat->m->family].stream(chat);
		if (chat->done) {
			answer_data(a);
			buf_puts(&a->text, "[DONE]");
			answer_data_end(a);
		}
		return;
	}
	answer_begin(a, 200, "application/json");
	if (!js_bool(chat->c->scn, "empty", false))
		writers[chat->m->family].whole(chat);
}

void
chat_handle(struct call *c)
{
	struct chat	 chat = { .c = c, .n = 1 };
	const char	*model = js_str(c->body, "model");

	if (!json_object_is_type(c->body, json_type_object) ||
	    c->body == NULL) {
		refuse_param(c, "failed to parse the request body");
		return;
	}
	if (model != NULL && bench_is_model(model, strlen(model))) {
		bench_handle(c, model, js_bool(c->body, "stream", false));
		return;
	}
	chat.m = catalog_check(c, MODEL_CHAT);
	if (chat.m == NULL || !chat_check(c, chat.m) || !plan(&chat))
		return;
	if (!read_prompt(&chat)) {
		plan_finish(&chat.plan);
		return;
	}
	if (chat.m->family == FAMILY_GPT4 || chat.m->family == FAMILY_GPT)
		chat.n = (int)js_int(c->body, "n", 1);
	announce(&chat);
	seal(&chat);
	choose_finish(&chat);
	make_out_bill(&chat);
	chat.model = catalog_answers_as(c->f, chat.m, MODEL_CHAT);
	chat.id = make_id(chat.m->family);
	chat.created = wall_ms() / 1000;
	write_answer(&chat);
	plan_finish(&chat.plan);
	free(chat.id);
	free(chat.opaque);
}
