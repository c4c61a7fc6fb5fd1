/* The models. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "catalog.h"
#include "fake.h"
#include "jt.h"

#define AZURE	"Azure OpenAI"
#define LOW_HIGH "[\"low\",\"medium\",\"high\"]"
#define NONE_XHIGH "[\"none\",\"low\",\"medium\",\"high\",\"xhigh\"]"

/*
 * As captured in March 2026, with the states a capture lacks. The duplicate is
 * in the real list, too.
 */
static const struct model models[] = {
	{ "gpt-4.1", "GPT-4.1", AZURE, "gpt-4.1-2025-04-14", FAMILY_GPT,
	    MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_POLICY | MODEL_VISION |
	    MODEL_SCHEMA, 128000, 16384, 128000, NULL, "versatile", "0" },
	{ "gpt-4o", "GPT-4o", AZURE, "gpt-4o-2024-11-20", FAMILY_GPT4,
	    MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_POLICY | MODEL_VISION,
	    128000, 4096, 64000, NULL, "versatile", "0" },
	{ "gpt-5-mini", "GPT-5 mini", AZURE, "gpt-5-mini", FAMILY_GPT,
	    MODEL_CHAT | MODEL_RESPONSES | MODEL_MAX_COMPLETION |
	    MODEL_NO_TOP_P | MODEL_VISION | MODEL_NO_COMPACTION | MODEL_SCHEMA,
	    264000, 64000, 128000, LOW_HIGH, "lightweight", "0" },
	{ "gpt-5.4", "GPT-5.4", "OpenAI", "gpt-5.4", FAMILY_GPT,
	    MODEL_RESPONSES | MODEL_VISION | MODEL_SCHEMA | MODEL_EXTRA,
	    400000, 128000, 272000, NONE_XHIGH, "powerful", "1" },
	{ "gpt-5.3-codex", "GPT-5.3-Codex", "OpenAI", "gpt-5.3-codex",
	    FAMILY_GPT, MODEL_RESPONSES | MODEL_VISION | MODEL_SCHEMA |
	    MODEL_NO_TOP_P | MODEL_NO_TEMPERATURE, 400000, 128000, 272000,
	    LOW_HIGH, "powerful", "1" },
	{ "claude-sonnet-4.6", "Claude Sonnet 4.6", "Anthropic",
	    "claude-sonnet-4.6", FAMILY_CLAUDE, MODEL_CHAT | MODEL_VISION |
	    MODEL_SCHEMA, 200000, 32000, 168000, LOW_HIGH, "versatile", "1" },
	{ "claude-opus-4.5", "Claude Opus 4.5", "Anthropic",
	    "claude-opus-4.5", FAMILY_CLAUDE, MODEL_CHAT | MODEL_VISION,
	    200000, 32000, 168000, LOW_HIGH, "powerful", "3" },
	{ "gemini-3.1-pro-preview", "Gemini 3.1 Pro", "Google",
	    "gemini-3.1-pro-preview", FAMILY_GEMINI, MODEL_CHAT |
	    MODEL_PREVIEW | MODEL_VISION | MODEL_OPAQUE, 200000, 64000, 136000,
	    LOW_HIGH, "powerful", "1" },
	{ "gemini-2.5-pro", "Gemini 2.5 Pro", "Google", "gemini-2.5-pro",
	    FAMILY_GEMINI, MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_LIMITS |
	    MODEL_VISION, 0, 0, 0, NULL, "powerful", "1" },
	{ "text-embedding-3-small", "Embedding V3 small", AZURE,
	    "text-embedding-3-small", FAMILY_GPT, MODEL_EMBED |
	    MODEL_NO_ENDPOINTS | MODEL_NO_POLICY | MODEL_OLD |
	    MODEL_DIMENSIONS, 0, 0, 0, NULL, NULL, "0" },
	{ "text-embedding-ada-002", "Embedding V2 Ada", AZURE,
	    "text-embedding-ada-002", FAMILY_GPT, MODEL_EMBED |
	    MODEL_NO_ENDPOINTS | MODEL_NO_POLICY | MODEL_OLD, 0, 0, 0, NULL,
	    NULL, "0" },
	{ "gpt-4-o-preview", "GPT-4o", AZURE, "gpt-4o-2024-05-13",
	    FAMILY_GPT4, MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_POLICY |
	    MODEL_OLD, 128000, 4096, 64000, NULL, NULL, "0" },
	{ "gpt-4-o-preview", "GPT-4o", AZURE, "gpt-4o-2024-05-13",
	    FAMILY_GPT4, MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_POLICY |
	    MODEL_OLD, 128000, 4096, 64000, NULL, NULL, "0" },
	{ "claude-opus-4.6", "Claude Opus 4.6", "Anthropic",
	    "claude-opus-4.6", FAMILY_CLAUDE, MODEL_CHAT | MODEL_DISABLED |
	    MODEL_VISION, 200000, 32000, 168000, NULL, "powerful", "3" },
};

/* What the benchmarks ask for; any other size works as well. */
static const char *const bench_names[] = {
	"bench", "bench-20-0-200", "bench-20-50-200", "bench-100-50-200",
	"bench-200-50-200", "bench-400-50-200", "bench-1200-50-200",
};

static const struct model *
find(const char *id)
{
	size_t i;

	for (i = 0; i < COUNT(models); i++)
		if (strcmp(models[i].id, id) == 0)
			return &models[i];
	return NULL;
}

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
	if (m->family == FAMILY_CLAUDE)
		jt(out, "'adaptive_thinking':true,'max_thinking_budget':32000,"
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
print_model(const struct model *m, bool enabled, struct buf *out)
{
	const char *type = m->flags & MODEL_EMBED ? "embeddings" : "chat";

	jt(out, "{'billing':{'is_premium':%b,'multiplier':%r",
	    strcmp(m->multiplier, "0") != 0, m->multiplier);
	if (strcmp(m->multiplier, "0") != 0)
		jt(out, ",'restricted_to':['pro','pro_plus','business',"
		    "'enterprise']");
	jt(out, "},'capabilities':{'family':%s,", m->id);
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
		    "latest %r model.'},", (m->flags & MODEL_DISABLED) &&
		    !enabled ? "disabled" : "enabled", m->name);
	jt(out, "'preview':%b,", (m->flags & MODEL_PREVIEW) != 0);
	print_endpoints(m, out);
	jt(out, "'vendor':%s,'version':%s}", m->vendor, m->version);
}

static void
print_bench(struct fake *f, struct buf *out)
{
	json_object	*more = js_array(f->set, "bench_models");
	struct model	 m = *find("gpt-4.1");
	size_t		 i, n = COUNT(bench_names) + js_len(more);

	m.vendor = "OpenAI";
	for (i = 0; i < n; i++) {
		m.id = m.name = m.version = i < COUNT(bench_names) ?
		    bench_names[i] : json_object_get_string(
		    json_object_array_get_idx(more, i - COUNT(bench_names)));
		if (m.id == NULL)
			continue;
		buf_putc(out, ',');
		print_model(&m, true, out);
	}
}

/* Old models that nobody may pick, to make the list as long as wanted. */
static void
print_padding(size_t bytes, struct buf *out)
{
	struct model	 m = *find("gpt-4-o-preview");
	size_t		 from = out->len;
	char		*id;
	int		 i;

	for (i = 0; out->len - from < bytes; i++) {
		id = xasprintf("gpt-padding-%d", i);
		m.id = m.name = m.version = id;
		buf_putc(out, ',');
		print_model(&m, true, out);
		free(id);
	}
}

/* The text of the list, made once and kept as a JSON string. */
static json_object *
list(struct fake *f)
{
	struct buf	out = { 0 };
	size_t		i;
	int64_t		pad = setting_int(f, "models_pad");

	if (f->models != NULL)
		return f->models;
	buf_puts(&out, "{\"object\":\"list\",\"data\":[");
	for (i = 0; i < COUNT(models); i++) {
		if (i > 0)
			buf_putc(&out, ',');
		print_model(&models[i], setting_lists(f, "enabled_models",
		    models[i].id), &out);
	}
	if (f->fast)
		print_bench(f, &out);
	if (pad > 0)
		print_padding(pad < 10000000 ? (size_t)pad : 10000000, &out);
	buf_puts(&out, "]}");
	f->models = json_object_new_string_len(out.p, (int)out.len);
	buf_finish(&out);
	return f->models;
}

void
catalog_list(struct call *c)
{
	json_object *text = list(c->f);

	answer_begin(c->ans, 200, "application/json");
	buf_append(&c->ans->text, json_object_get_string(text),
	    (size_t)json_object_get_string_len(text));
}

/* The user accepts the terms of a model, once. */
static void
policy(struct call *c, const struct model *m)
{
	json_object *enabled = js_array(c->f->set, "enabled_models");

	if (!js_is(c->body, "state", "enabled") ||
	    !(m->flags & MODEL_DISABLED) ||
	    setting_lists(c->f, "enabled_models", m->id)) {
		refuse_param(c, "the policy of this model can't be changed");
		return;
	}
	json_object_array_add(enabled, json_object_new_string(m->id));
	json_object_put(c->f->models);
	c->f->models = NULL;
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
	m = find(own);
	free(own);
	if (m == NULL)
		refuse(c, 404, "not_found", "%s", "");
	else if (post)
		policy(c, m);
	else {
		answer_begin(c->ans, 200, "application/json");
		print_model(m, setting_lists(c->f, "enabled_models", m->id),
		    &c->ans->text);
	}
}

static const char *
endpoint_path(unsigned endpoint)
{
	return endpoint == MODEL_CHAT ? "/chat/completions" :
	    endpoint == MODEL_RESPONSES ? "/responses" : "/embeddings";
}

const struct model *
catalog_check(struct call *c, unsigned endpoint)
{
	const char		*id = js_str(c->body, "model");
	const struct model	*m = id != NULL ? find(id) : NULL;

	if (m == NULL || ((m->flags & MODEL_DISABLED) &&
	    !setting_lists(c->f, "enabled_models", m->id))) {
		answer_begin(c->ans, 400,
		    setting_str(c->f, "error_content_type"));
		jt(&c->ans->text, "{'error':{'message':'The requested model is "
		    "not supported.','code':'model_not_supported','param':"
		    "'model','type':'invalid_request_error'}}\n");
		return NULL;
	}
	if (!(m->flags & endpoint)) {
		refuse(c, 400, "unsupported_api_for_model", "model \"%s\" is "
		    "not accessible via the %s endpoint", id,
		    endpoint_path(endpoint));
		return NULL;
	}
	return m;
}

bool
catalog_effort(const struct model *m, const char *effort)
{
	json_object	*list_;
	size_t		 i;
	bool		 ok = effort == NULL;

	if (ok || m->efforts == NULL)
		return ok;
	list_ = js_parse_quiet(m->efforts, strlen(m->efforts));
	for (i = 0; i < js_len(list_) && !ok; i++)
		ok = strcmp(effort, json_object_get_string(
		    json_object_array_get_idx(list_, i))) == 0;
	json_object_put(list_);
	return ok;
}

/* "reasoning.effort" is in an object. */
static bool
has(json_object *body, const char *name)
{
	const char	*dot = strchr(name, '.');
	char		*outer;
	bool		 found;

	if (dot == NULL)
		return js_get(body, name) != NULL;
	outer = xstrndup(name, (size_t)(dot - name));
	found = js_get(js_obj(body, outer), dot + 1) != NULL;
	free(outer);
	return found;
}

bool
catalog_parameters(struct call *c, const struct model *m)
{
	json_object	*list;
	const char	*name;
	size_t		 i;

	list = js_array(js_get(c->f->set, "refuse"), m->id);
	for (i = 0; i < js_len(list); i++) {
		name = json_object_get_string(json_object_array_get_idx(list,
		    i));
		if (has(c->body, name))
			return refuse_param(c, "Unsupported parameter: '%s' "
			    "is not supported with this model.", name);
	}
	return true;
}

/* What Google says of a request isn't passed on. */
bool
catalog_images(struct call *c, const struct model *m, int images, bool address)
{
	if (address)
		return refuse_param(c, "external image URLs are not supported");
	if (m->family == FAMILY_CLAUDE && images > 20)
		return refuse(c, 400, "", "too many URL images in request "
		    "(max 20)");
	return m->family != FAMILY_GEMINI || images <= 10 ||
	    refuse_text(c, 400, "Bad Request\n");
}
