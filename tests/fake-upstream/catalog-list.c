/* The models as /models lists them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "base/js.h"
#include "base/util.h"
#include "catalog.h"
#include "fake.h"
#include "jt.h"
#include "messages.h"

/* What the benchmarks ask for; any other size works as well. */
static const char *const bench_names[] = {
	"bench", "bench-20-0-200", "bench-20-50-200", "bench-100-50-200",
	"bench-200-50-200", "bench-400-50-200", "bench-1200-50-200",
};

static void
print_limits(const struct model *m, struct buf *out)
{
	if (m->flags & MODEL_EMBED) {
		buf_puts(out, "\"limits\":{\"max_inputs\":512},");
		return;
	}
	if (m->flags & MODEL_NO_LIMITS)
		return;
	jt(out, "'limits':{'max_context_window_tokens':%d,", m->context);
	if (m->family == FAMILY_CLAUDE)
		jt(out, "'max_non_streaming_output_tokens':16000,");
	jt(out, "'max_output_tokens':%d,'max_prompt_tokens':%d", m->output,
	    m->prompt);
	if (m->flags & MODEL_VISION)
		jt(out, ",'vision':{'max_prompt_image_size':3145728,"
		    "'max_prompt_images':%d,'supported_media_types':"
		    "['image/jpeg','image/png','image/webp']}",
		    m->family == FAMILY_GEMINI ? 10 :
		    m->family == FAMILY_CLAUDE ? 5 : 1);
	buf_puts(out, "},");
}

static void
print_supports(const struct model *m, struct buf *out)
{
	if (m->flags & MODEL_EMBED) {
		buf_puts(out, m->flags & MODEL_DIMENSIONS ?
		    "\"supports\":{\"dimensions\":true}" : "\"supports\":{}");
		return;
	}
	jt(out, "'supports':{'parallel_tool_calls':true,");
	if (m->efforts != NULL)
		jt(out, "'reasoning_effort':%r,", m->efforts);
	if (m->family == FAMILY_CLAUDE && !messages_has_budget(m))
		buf_puts(out, "\"adaptive_thinking\":true,");
	if (m->family == FAMILY_CLAUDE)
		jt(out, "'max_thinking_budget':32000,"
		    "'min_thinking_budget':1024,");
	if (m->flags & MODEL_SCHEMA)
		jt(out, "'structured_outputs':true,");
	if (m->flags & MODEL_VISION)
		jt(out, "'vision':true,");
	jt(out, "'streaming':true,'tool_calls':true}");
}

static void
print_endpoints(const struct model *m, struct buf *out)
{
	bool both = (m->flags & MODEL_CHAT) && (m->flags & MODEL_RESPONSES);

	if (m->flags & MODEL_NO_ENDPOINTS)
		return;
	if (m->family == FAMILY_CLAUDE)
		jt(out, "'supported_endpoints':"
		    "['/chat/completions','/v1/messages'],");
	else
		jt(out, "'supported_endpoints':[%r%r%r],",
		    m->flags & MODEL_CHAT ? "\"/chat/completions\"" : "",
		    both ? "," : "", m->flags & MODEL_RESPONSES ?
		    "\"/responses\",\"ws:/responses\"" : "");
}

/* Members that a client has never heard of. */
static void
print_extra(struct buf *out)
{
	jt(out, "'request_headers':{'x-model-hint':'fake'},"
	    "'info_messages':[{'code':'hint','message':'An information.'}],"
	    "'unheard_of':{'deep':[1,2.5,null,{'x':'\\u00e9'}]},");
}

static void
print_multiplier(const struct model *m, struct buf *out)
{
	jt(out, "'billing':{'is_premium':%b,'multiplier':%r",
	    strcmp(m->multiplier, "0") != 0, m->multiplier);
	if (strcmp(m->multiplier, "0") != 0)
		jt(out, ",'restricted_to':['pro','pro_plus','business',"
		    "'enterprise']");
	buf_puts(out, "},");
}

/* Prices are in AIU a batch. What is read from the cache has two names. */
static void
print_tier(const struct model *m, const char *name, const struct price *p,
    int64_t max, struct buf *out)
{
	jt(out, "%s:{%s:", name, m->family == FAMILY_CLAUDE ?
	    "cache_read_price" : "cache_price");
	buf_printf(out, "%g", p->read / 1000.0);
	if (p->write > 0)
		buf_printf(out, ",\"cache_write_price\":%g",
		    p->write / 1000.0);
	if (max > 0)
		jt(out, ",'context_max':%l", max);
	buf_printf(out, ",\"input_price\":%g,\"output_price\":%g}",
	    p->input / 1000.0, p->output / 1000.0);
}

static void
print_prices(const struct model *m, struct buf *out)
{
	jt(out, "'billing':{'restricted_to':['pro','pro_plus','max',"
	    "'business','enterprise'],'token_prices':{'batch_size':1000000,");
	print_tier(m, "default", &m->price, m->context_max, out);
	if (m->context_max > 0) {
		buf_putc(out, ',');
		print_tier(m, "long_context", &m->long_price, m->context,
		    out);
	}
	buf_puts(out, "}},");
}

static const char *
policy_state(const struct model *m, bool enabled)
{
	return enabled ? "enabled" : m->flags & MODEL_DISABLED ? "disabled" :
	    m->flags & MODEL_UNCONFIGURED ? "unconfigured" : "enabled";
}

static void
print_model(const struct model *m, bool priced, bool enabled, struct buf *out)
{
	const char *type = m->flags & MODEL_EMBED ? "embeddings" :
	    m->flags & MODEL_COMPLETION ? "completion" : "chat";

	buf_putc(out, '{');
	if (priced)
		print_prices(m, out);
	else
		print_multiplier(m, out);
	jt(out, "'capabilities':{'family':%s,", m->id);
	print_limits(m, out);
	jt(out, "'object':'model_capabilities',");
	print_supports(m, out);
	jt(out, ",'tokenizer':%s,'type':%s},'id':%s,'is_chat_default':%b,"
	    "'is_chat_fallback':%b,", m->flags & MODEL_EMBED ? "cl100k_base" :
	    "o200k_base", type, m->id, strcmp(m->id, "gpt-4.1") == 0,
	    strcmp(m->id, "gpt-4.1") == 0);
	if (m->category != NULL)
		jt(out, "'model_picker_category':%s,", m->category);
	if (m->flags & MODEL_EXTRA)
		print_extra(out);
	jt(out, "'model_picker_enabled':%b,'name':%s,'object':'model',",
	    !(m->flags & MODEL_OLD), m->name);
	if (!(m->flags & MODEL_NO_POLICY))
		jt(out, "'policy':{'state':%s,'terms':'Enable access to the "
		    "latest %r model.'},", policy_state(m, enabled), m->name);
	jt(out, "'preview':%b,", (m->flags & MODEL_PREVIEW) != 0);
	print_endpoints(m, out);
	jt(out, "'vendor':%s,'version':%s}", m->vendor, m->version);
}

static void
print_bench(struct fake *f, bool priced, struct buf *out)
{
	json_object	*more = js_array(f->set, "bench_models");
	struct model	 m = *catalog_find("gpt-4.1");
	size_t		 i, n = COUNT(bench_names) + js_len(more);

	m.vendor = "OpenAI";
	for (i = 0; i < n; i++) {
		m.id = m.name = m.version = i < COUNT(bench_names) ?
		    bench_names[i] : json_object_get_string(
		    json_object_array_get_idx(more, i - COUNT(bench_names)));
		if (m.id == NULL)
			continue;
		buf_putc(out, ',');
		print_model(&m, priced, true, out);
	}
}

/* Old models that nobody may pick, to make the list as long as wanted. */
static void
print_padding(size_t bytes, bool priced, struct buf *out)
{
	struct model	 m = *catalog_find("gpt-4-o-preview");
	size_t		 from = out->len;
	char		*id;
	int		 i;

	for (i = 0; out->len - from < bytes; i++) {
		id = xasprintf("gpt-padding-%d", i);
		m.id = m.name = m.version = id;
		buf_putc(out, ',');
		print_model(&m, priced, true, out);
		free(id);
	}
}

/*
 * Prices came with API version 2026-06-01. A client that names none gets the
 * oldest form.
 */
static bool
wants_prices(struct call *c)
{
	const char *v = req_header(c->req, "X-GitHub-Api-Version");

	return setting_new(c->f) && v != NULL && strcmp(v, "2026-06-01") >= 0;
}

static void
print_listed(struct fake *f, bool priced, struct buf *out)
{
	const struct model	*m;
	size_t			 i, n = 0;

	for (i = 0; (m = catalog_at(i)) != NULL; i++) {
		if ((m->flags & MODEL_NEW) && !setting_new(f))
			continue;
		if (n++ > 0)
			buf_putc(out, ',');
		print_model(m, priced, setting_lists(f, "enabled_models",
		    m->id), out);
	}
}

/* The text of the list, made once and kept as a JSON string. */
static json_object *
list(struct fake *f, bool priced)
{
	struct buf	out = { 0 };
	int64_t		pad = setting_int(f, "models_pad");

	if (f->models[priced] != NULL)
		return f->models[priced];
	buf_puts(&out, "{\"object\":\"list\",\"data\":[");
	print_listed(f, priced, &out);
	if (f->fast)
		print_bench(f, priced, &out);
	if (pad > 0)
		print_padding(pad < 10000000 ? (size_t)pad : 10000000, priced,
		    &out);
	buf_puts(&out, "]}");
	f->models[priced] = json_object_new_string_len(out.p, (int)out.len);
	buf_finish(&out);
	return f->models[priced];
}

void
catalog_forget(struct fake *f)
{
	json_object_put(f->models[0]);
	json_object_put(f->models[1]);
	f->models[0] = f->models[1] = NULL;
}

void
catalog_list(struct call *c)
{
	json_object *text = list(c->f, wants_prices(c));

	answer_begin(c->ans, 200, "application/json");
	buf_append(&c->ans->text, json_object_get_string(text),
	    (size_t)json_object_get_string_len(text));
	account_models(c, &c->ans->text);
}

void
catalog_print(struct call *c, const struct model *m, struct buf *out)
{
	print_model(m, wants_prices(c), setting_lists(c->f, "enabled_models",
	    m->id), out);
}

/* The user accepts the terms of a model, once. */
static void
policy(struct call *c, const struct model *m)
{
	json_object *enabled = js_array(c->f->set, "enabled_models");

	if (!js_is(c->body, "state", "enabled") ||
	    !(m->flags & (MODEL_DISABLED | MODEL_UNCONFIGURED)) ||
	    setting_lists(c->f, "enabled_models", m->id)) {
		refuse_param(c, "the policy of this model can't be changed");
		return;
	}
	json_object_array_add(enabled, json_object_new_string(m->id));
	catalog_forget(c->f);
	answer_begin(c->ans, 200, "application/json");
	jt(&c->ans->text, "{'id':%s,'state':'enabled'}", m->id);
}

void
catalog_model(struct call *c)
{
	const char		*id = c->req->path + strlen("/models/");
	char			*own = xstrdup(id);
	bool			 post = strcmp(c->req->method, "POST") == 0;
	const struct model	*m;

	if (post && util_ends(own, "/policy"))
		own[strlen(own) - strlen("/policy")] = '\0';
	else if (post)
		own[0] = '\0';
	m = catalog_find(own);
	free(own);
	if (m == NULL)
		refuse(c, 404, "not_found", "%s", "");
	else if (post)
		policy(c, m);
	else {
		answer_begin(c->ans, 200, "application/json");
		catalog_print(c, m, &c->ans->text);
	}
}
