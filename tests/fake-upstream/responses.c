/* /responses. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "jt.h"
#include "responses.h"

/* The texts that the plan is made from; freed by the caller. */
struct texts {
	struct buf	 user, result;
	struct tool	*tools;
	size_t		 ntools;
	json_object	*schema;	/* that the system told of */
};

static void
content_text(json_object *content, struct buf *out, int *images)
{
	json_object	*part;
	const char	*s;
	size_t		 i;

	if (json_object_is_type(content, json_type_string))
		buf_puts(out, json_object_get_string(content));
	for (i = 0; i < js_len(content); i++) {
		part = json_object_array_get_idx(content, i);
		if ((s = js_str(part, "text")) != NULL)
			buf_puts(out, s);
		else if (js_is(part, "type", "input_image"))
			++*images;
	}
}

static void
add_tool(struct texts *t, json_object *tool, const char *space)
{
	struct tool	*to;
	const char	*type = js_str(tool, "type");
	json_object	*inner = js_array(tool, "tools");
	size_t		 i;

	if (type == NULL)
		return;
	if (strcmp(type, "namespace") == 0 && space == NULL) {
		for (i = 0; i < js_len(inner); i++)
			add_tool(t, json_object_array_get_idx(inner, i),
			    js_str(tool, "name"));
		return;
	}
	t->tools = xrealloc(t->tools, (t->ntools + 1) * sizeof(*t->tools));
	to = &t->tools[t->ntools++];
	to->name = js_str(tool, "name");
	to->space = space;
	to->custom = strcmp(type, "custom") == 0;
	to->search = util_starts(type, "web_search");
}

static bool
is_output(json_object *item)
{
	return js_is(item, "type", "function_call_output") ||
	    js_is(item, "type", "custom_tool_call_output");
}

/* Goes from the end: tool outputs first, then the last user message. */
static void
read_items(json_object *input, struct plan_input *in, struct texts *t)
{
	json_object	*item;
	struct buf	 text = { 0 };
	size_t		 i, n = js_len(input), last = n;
	int		 images;

	while (last > 0 && is_output(json_object_array_get_idx(input,
	    last - 1)))
		last--;
	for (i = last; i < n; i++) {
		if (i > last)
			buf_puts(&t->result, "; ");
		content_text(js_get(json_object_array_get_idx(input, i),
		    "output"), &t->result, &images);
	}
	in->result = last < n ? buf_str(&t->result) : NULL;
	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(input, i);
		buf_truncate(&text, 0);
		images = 0;
		content_text(js_get(item, "content"), &text, &images);
		content_text(js_get(item, "output"), &text, &images);
		in->bytes += (int64_t)text.len;
		if (js_is(item, "role", "system"))
			plan_told(in, buf_str(&text), &t->schema);
		if (js_is(item, "role", "user")) {
			buf_truncate(&t->user, 0);
			buf_append(&t->user, text.p, text.len);
			in->images = images;
			in->user = buf_str(&t->user);
		}
	}
	buf_finish(&text);
}

static void
read_request(struct call *c, struct plan_input *in, struct texts *t)
{
	json_object	*input = js_get(c->body, "input");
	json_object	*tools = js_array(c->body, "tools");
	json_object	*choice = js_get(c->body, "tool_choice");
	json_object	*format = js_obj(js_obj(c->body, "text"), "format");
	size_t		 i;

	if (json_object_is_type(input, json_type_string)) {
		in->user = json_object_get_string(input);
		in->bytes = json_object_get_string_len(input);
	} else
		read_items(input, in, t);
	for (i = 0; i < js_len(tools); i++)
		add_tool(t, json_object_array_get_idx(tools, i), NULL);
	in->tools = t->tools;
	in->ntools = t->ntools;
	if (json_object_is_type(choice, json_type_string))
		in->choice = json_object_get_string(choice);
	in->forced = js_str(choice, "name");
	in->json |= js_is(format, "type", "json_object");
	if (js_is(format, "type", "json_schema"))
		in->schema = js_obj(format, "schema");
	in->limit = js_int(c->body, "max_output_tokens", 0);
}

static bool
plan(struct resp *r)
{
	struct call		*c = r->c;
	struct plan_input	 in = { .model = r->m->id };
	struct texts		 t = { 0 };
	bool			 ok = true;

	in.demo = c->f->demo;
	in.call_prefix = "call_";
	read_request(c, &in, &t);
	if (setting_bool(c->f, "prompt_limit") &&
	    in.bytes / 4 > r->m->prompt)
		ok = refuse_param(c, "Your input exceeds the context window "
		    "of this model. Please adjust your input and try again.");
	else
		plan_make(&r->plan, &in, c->scn);
	buf_finish(&t.user);
	buf_finish(&t.result);
	free(t.tools);
	json_object_put(t.schema);
	return ok;
}

static enum ending
choose_ending(struct resp *r)
{
	static const struct {
		const char	*name;
		enum ending	 ending;
	} endings[] = {
		{ "incomplete_max_tokens", END_MAX_TOKENS },
		{ "incomplete_content_filter", END_CONTENT_FILTER },
		{ "failed", END_FAILED },
		{ "error_event", END_ERROR_EVENT },
		{ "eof", END_EOF },
	};
	size_t i;

	for (i = 0; i < COUNT(endings); i++)
		if (js_bool(r->c->scn, endings[i].name, false))
			return endings[i].ending;
	return r->plan.cut ? END_MAX_TOKENS : END_COMPLETED;
}

/* Sealed thoughts only for those who asked to have them included. */
static void
seal(struct resp *r)
{
	json_object	*include = js_array(r->c->body, "include");
	const char	*s;
	char		 sealed[301];
	size_t		 i;

	for (i = 0; i < js_len(include); i++) {
		s = json_object_get_string(json_object_array_get_idx(include,
		    i));
		if (s == NULL || strcmp(s, "reasoning.encrypted_content") != 0)
			continue;
		random_base64(sealed, sizeof(sealed) - 1);
		memcpy(sealed, "gAAAA", 5);
		free(r->sealed);
		r->sealed = xstrdup(sealed);
	}
	s = js_str(js_obj(r->c->body, "reasoning"), "summary");
	r->summary = (s != NULL && strcmp(s, "none") != 0) ||
	    js_bool(r->c->scn, "stream_summary", false);
}

static void
whole(struct resp *r)
{
	static const char *const statuses[] = {
		[END_COMPLETED] = "completed", [END_MAX_TOKENS] = "incomplete",
		[END_CONTENT_FILTER] = "incomplete", [END_FAILED] = "failed",
		[END_ERROR_EVENT] = "failed", [END_EOF] = "completed",
	};
	struct buf	*out = &r->c->ans->text;
	const char	*status = statuses[r->ending];

	r->whole = true;
	answer_begin(r->c->ans, 200, "application/json");
	item_response(r, status, strcmp(status, "failed") != 0, out);
	out->p[out->len - 1] = ',';	/* the brace */
	responses_copilot_members(r, out);
	buf_putc(out, '}');
}

void
responses_handle(struct call *c)
{
	struct resp	r = { .c = c };
	struct prompt	prompt = { 0 };

	if (!json_object_is_type(c->body, json_type_object) ||
	    c->body == NULL) {
		refuse_param(c, "failed to parse the request body");
		return;
	}
	r.m = catalog_check(c, MODEL_RESPONSES);
	if (r.m == NULL || !responses_check(c, r.m) || !plan(&r))
		return;
	prompt_of_responses(&prompt, c->body);
	bill_prompt(&r.bill, c, r.m, &prompt);
	prompt_finish(&prompt);
	r.ending = choose_ending(&r);
	/* What isn't told isn't billed. */
	if (r.ending == END_COMPLETED || item_is_cut(&r))
		bill_answer(&r.bill, c, r.m,
		    r.plan.out_tokens + RESPONSES_THOUGHT_TOKENS);
	r.created = wall_ms() / 1000;
	seal(&r);
	if (js_bool(c->body, "stream", false))
		responses_stream(&r);
	else
		whole(&r);
	plan_finish(&r.plan);
	free(r.sealed);
}
