/* A turn as a Responses request for upstream. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "responses/request-tools.h"
#include "responses/request-write.h"
#include "responses/terms.h"
#include "responses/tools.h"
#include "turn/effort.h"
#include "turn/terms.h"
#include "turn/turn.h"

#define OUTPUT_TOKENS_MIN 16	/* upstream's; other protocols have none */

/* --- Parts. */

static json_object *
text_part(const struct turn_part *p, bool said)
{
	json_object *part = js_typed(said ? "output_text" : "input_text");

	js_add_ref(part, "text", p->text);
	return part;
}

/* Upstream takes three values of detail, and wants one. */
static json_object *
image_part(const struct turn_part *p)
{
	json_object *part = js_typed("input_image");

	js_add_ref(part, "image_url", p->text);
	js_add_str(part, "detail", p->detail != NULL ? p->detail : "auto");
	return part;
}

/* Its data is a data URL; else it is an address. */
static json_object *
file_part(const struct turn_part *p)
{
	json_object	*part = js_typed("input_file");
	const char	*s = json_object_get_string(p->text);

	if (s != NULL && util_starts_nocase(s, "http")) {
		js_add_ref(part, "file_url", p->text);
		return part;
	}
	js_add_ref(part, "file_data", p->text);
	if (p->name != NULL)
		js_add_ref(part, "filename", p->name);
	else
		js_add_str(part, "filename", "file.pdf");
	return part;
}

static json_object *
part_of(const struct turn_part *p, bool said)
{
	json_object *part;

	switch (p->kind) {
	case TURN_IMAGE:
		return image_part(p);
	case TURN_DOCUMENT:
		return file_part(p);
	case TURN_REFUSAL:
		if (!said)
			return text_part(p, said);
		part = js_typed("refusal");
		js_add_ref(part, "refusal", p->text);
		return part;
	default:
		return text_part(p, said);
	}
}

static json_object *
parts_of(const struct turn_item *item)
{
	json_object	*parts = json_object_new_array_ext((int)item->nparts);
	size_t		 i;

	for (i = 0; i < item->nparts; i++)
		json_object_array_add(parts, part_of(&item->parts[i],
		    item->kind == TURN_SAID));
	return parts;
}

/* A string stays one. */
static json_object *
content_of(const struct turn_item *item)
{
	if (item->listed)
		return parts_of(item);
	return item->nparts > 0 ? json_object_get(item->parts[0].text) :
	    json_object_new_string("");
}

/* --- Items; NULL for what can't be read there. */

static json_object *
message_of(const struct turn_item *item, const char *role)
{
	json_object *msg = js_typed("message");

	js_add_str(msg, "role", role);
	js_add_take(msg, "content", item->kind == TURN_SAID ?
	    parts_of(item) : content_of(item));
	js_add_given(msg, "phase", item->phase);
	return msg;
}

static json_object *
system_of(const struct turn_item *item)
{
	return message_of(item, item->developer ? "developer" : "system");
}

static json_object *
user_of(const struct turn_item *item)
{
	return message_of(item, "user");
}

static json_object *
said_of(const struct turn_item *item)
{
	return message_of(item, "assistant");
}

static json_object *
thought_of(const struct turn_item *item)
{
	json_object *obj;

	if (item->seal.endpoint != MODEL_RESPONSES || item->seal.text == NULL)
		return NULL;
	obj = js_typed("reasoning");
	js_add_take(obj, "summary", json_object_new_array());
	js_add_ref(obj, "encrypted_content", item->seal.text);
	return obj;
}

static json_object *
call_of(const struct turn_item *item)
{
	json_object *obj = js_typed(item->custom ? "custom_tool_call" :
	    "function_call");

	js_add_ref(obj, "call_id", item->id);
	js_add_ref(obj, "name", item->name);
	js_add_ref(obj, item->custom ? "input" : "arguments",
	    item->arguments);
	return obj;
}

static json_object *
result_of(const struct turn_item *item)
{
	json_object *obj = js_typed(item->custom ? "custom_tool_call_output" :
	    "function_call_output");

	js_add_ref(obj, "call_id", item->id);
	js_add_take(obj, "output", content_of(item));
	return obj;
}

static void
put_input(const struct turn *t, struct terms *terms, json_object *to)
{
	static json_object *(*const make[TURN_KIND__MAX])(
	    const struct turn_item *) = {
		[TURN_SYSTEM] = system_of, [TURN_USER] = user_of,
		[TURN_SAID] = said_of, [TURN_THOUGHT] = thought_of,
		[TURN_CALL] = call_of, [TURN_RESULT] = result_of,
	};
	json_object	*input = json_object_new_array(), *item;
	size_t		 i;

	for (i = 0; i < t->n; i++) {
		if ((item = make[t->items[i].kind](&t->items[i])) == NULL)
			continue;
		json_object_array_add(input, item);
		terms_note(terms, i, 1);
	}
	js_add_take(to, "input", input);
}

/* --- The other members. */

static json_object *
format_of(const struct turn_format *f)
{
	static const char *const types[] = {
		[TURN_FORMAT_TEXT] = "text",
		[TURN_FORMAT_OBJECT] = "json_object",
		[TURN_FORMAT_SCHEMA] = "json_schema",
	};
	json_object *format = js_typed(types[f->kind]);

	if (f->kind != TURN_FORMAT_SCHEMA)
		return format;
	js_add_given(format, "name", f->name);
	js_add_given(format, "description", f->description);
	js_add_given(format, "strict", f->strict);
	js_add_take(format, "schema", f->schema != NULL ?
	    json_object_get(f->schema) : responses_empty_schema());
	return format;
}

static void
put_unless_empty(json_object *to, const char *key, json_object *take)
{
	if (json_object_object_length(take) > 0)
		js_add_take(to, key, take);
	else
		json_object_put(take);
}

static void
put_text(const struct turn *t, json_object *to)
{
	json_object *text = json_object_new_object();

	if (t->format.kind != TURN_FORMAT_UNSAID)
		js_add_take(text, "format", format_of(&t->format));
	js_add_given(text, "verbosity", t->verbosity);
	put_unless_empty(to, "text", text);
}

/* A model that can choose how much to think is one that thinks. */
static bool
reasons(const struct model *m)
{
	return m != NULL && m->reasoning_effort != NULL &&
	    m->reasoning_effort[0] != NULL;
}

/* The effort that is asked for, NULL when the model decides. */
static const char *
effort_of(const struct turn *t, const struct model *m)
{
	const char *asked = json_object_get_string(t->effort);

	if (asked == NULL || m == NULL)
		return asked;
	return effort_nearest(asked, m->reasoning_effort);
}

/* A summary is all of its thoughts that a model shows, and costs tokens. */
static void
put_reasoning(const struct turn *t, const struct model *m, json_object *to)
{
	json_object	*reasoning = json_object_new_object();
	const char	*effort = effort_of(t, m);

	if (effort != NULL)
		js_add_str(reasoning, "effort", effort);
	if (reasons(m) && t->summaries)
		js_add_str(reasoning, "summary", "auto");
	put_unless_empty(to, "reasoning", reasoning);
}

/*
 * A model that reasons refuses both, and many clients send them always; when it
 * is told not to reason it takes them.
 */
static void
put_sampling(const struct turn *t, const struct model *m, json_object *to)
{
	const char *effort = effort_of(t, m);

	if (reasons(m) && (effort == NULL || strcmp(effort, "none") != 0))
		return;
	js_add_given(to, "temperature", t->temperature);
	js_add_given(to, "top_p", t->top_p);
}

static void
put_limit(const struct turn *t, json_object *to)
{
	int64_t n = json_object_get_int64(t->limit);

	if (n > 0)
		js_add_int(to, "max_output_tokens",
		    n < OUTPUT_TOKENS_MIN ? OUTPUT_TOKENS_MIN : n);
}

/* Upstream keeps nothing: its thoughts come sealed, to be given back. */
static void
put_include(const struct turn *t, json_object *to)
{
	json_object *include = json_object_new_array();

	json_object_array_add(include,
	    json_object_new_string(RESPONSES_SEALED));
	if (t->logprobs) {
		json_object_array_add(include,
		    json_object_new_string("message.output_text.logprobs"));
		js_add_given(to, "top_logprobs", t->top_logprobs);
	}
	js_add_take(to, "include", include);
	js_add_bool(to, "store", false);
}

void
responses_request_write(const struct turn *t, const char *upstream,
    const struct model *info, const struct lesson *lesson, struct terms *terms,
    struct buf *body)
{
	json_object *to = json_object_new_object();

	terms_begin(terms, t, &responses_terms);
	js_add_str(to, "model", upstream);
	put_input(t, terms, to);
	js_add_bool(to, "stream", t->stream);
	put_include(t, to);
	put_reasoning(t, info, to);
	put_sampling(t, info, to);
	put_text(t, to);
	put_limit(t, to);
	responses_write_tools(t, terms, to);
	js_add_given(to, "prompt_cache_key", t->cache_key);
	lesson_apply(lesson, to);
	js_print(to, body);
	json_object_put(to);
}
