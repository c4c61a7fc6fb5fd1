/* The models. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "base/js.h"
#include "base/util.h"
#include "catalog.h"
#include "fake.h"
#include "jt.h"

#define AZURE	"Azure OpenAI"
#define LOW_HIGH "[\"low\",\"medium\",\"high\"]"
#define NONE_XHIGH "[\"none\",\"low\",\"medium\",\"high\",\"xhigh\"]"

/*
 * As captured in March 2026, with the states a capture lacks, then what has
 * come since. The duplicate is in the real list, too.
 */
static const struct model models[] = {
	{ "gpt-4.1", "GPT-4.1", AZURE, "gpt-4.1-2025-04-14", FAMILY_GPT,
	    MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_POLICY | MODEL_VISION |
	    MODEL_SCHEMA, 128000, 16384, 128000, NULL, "versatile", "0",
	    .price = { 200000, 50000, 0, 800000 } },
	{ "gpt-4o", "GPT-4o", AZURE, "gpt-4o-2024-11-20", FAMILY_GPT4,
	    MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_POLICY | MODEL_VISION,
	    128000, 4096, 64000, NULL, "versatile", "0",
	    .price = { 250000, 125000, 0, 1000000 } },
	{ "gpt-5-mini", "GPT-5 mini", AZURE, "gpt-5-mini", FAMILY_GPT,
	    MODEL_CHAT | MODEL_RESPONSES | MODEL_MAX_COMPLETION |
	    MODEL_NO_TOP_P | MODEL_VISION | MODEL_NO_COMPACTION | MODEL_SCHEMA |
	    MODEL_AZURE,
	    264000, 64000, 128000, LOW_HIGH, "lightweight", "0",
	    .price = { 25000, 2500, 0, 200000 },
	    .snapshot = "gpt-5-mini-2025-08-07",
	    .deployment = "capi-noe-ptuc-h200-oswe-gpt-5-mini" },
	{ "gpt-5.4", "GPT-5.4", "OpenAI", "gpt-5.4", FAMILY_GPT,
	    MODEL_RESPONSES | MODEL_VISION | MODEL_SCHEMA | MODEL_EXTRA,
	    400000, 128000, 272000, NONE_XHIGH, "powerful", "1",
	    .price = { 250000, 25000, 0, 1500000 }, .context_max = 272000,
	    .long_price = { 500000, 50000, 0, 2250000 } },
	{ "gpt-5.3-codex", "GPT-5.3-Codex", "OpenAI", "gpt-5.3-codex",
	    FAMILY_GPT, MODEL_RESPONSES | MODEL_VISION | MODEL_SCHEMA |
	    MODEL_NO_TOP_P | MODEL_NO_TEMPERATURE, 400000, 128000, 272000,
	    LOW_HIGH, "powerful", "1",
	    .price = { 175000, 17500, 0, 1400000 } },
	{ "claude-sonnet-4.6", "Claude Sonnet 4.6", "Anthropic",
	    "claude-sonnet-4.6", FAMILY_CLAUDE, MODEL_CHAT | MODEL_VISION |
	    MODEL_SCHEMA, 200000, 32000, 168000, LOW_HIGH, "versatile", "1",
	    .price = { 300000, 30000, 375000, 1500000 } },
	{ "claude-opus-4.5", "Claude Opus 4.5", "Anthropic",
	    "claude-opus-4.5", FAMILY_CLAUDE, MODEL_CHAT | MODEL_VISION,
	    200000, 32000, 168000, LOW_HIGH, "powerful", "3",
	    .price = { 500000, 50000, 625000, 2500000 } },
	{ "gemini-3.1-pro-preview", "Gemini 3.1 Pro", "Google",
	    "gemini-3.1-pro-preview", FAMILY_GEMINI, MODEL_CHAT |
	    MODEL_PREVIEW | MODEL_VISION | MODEL_OPAQUE, 200000, 64000, 136000,
	    LOW_HIGH, "powerful", "1",
	    .price = { 200000, 20000, 0, 1200000 }, .context_max = 200000,
	    .long_price = { 400000, 40000, 0, 1800000 } },
	{ "gemini-2.5-pro", "Gemini 2.5 Pro", "Google", "gemini-2.5-pro",
	    FAMILY_GEMINI, MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_LIMITS |
	    MODEL_VISION, 0, 0, 0, NULL, "powerful", "1",
	    .price = { 125000, 12500, 0, 1000000 } },
	{ "text-embedding-3-small", "Embedding V3 small", AZURE,
	    "text-embedding-3-small", FAMILY_GPT, MODEL_EMBED |
	    MODEL_NO_ENDPOINTS | MODEL_NO_POLICY | MODEL_OLD |
	    MODEL_DIMENSIONS, 0, 0, 0, NULL, NULL, "0",
	    .price = { 2000, 0, 0, 0 } },
	{ "text-embedding-ada-002", "Embedding V2 Ada", AZURE,
	    "text-embedding-ada-002", FAMILY_GPT, MODEL_EMBED |
	    MODEL_NO_ENDPOINTS | MODEL_NO_POLICY | MODEL_OLD, 0, 0, 0, NULL,
	    NULL, "0",
	    .price = { 10000, 0, 0, 0 } },
	{ "gpt-4-o-preview", "GPT-4o", AZURE, "gpt-4o-2024-05-13",
	    FAMILY_GPT4, MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_POLICY |
	    MODEL_OLD, 128000, 4096, 64000, NULL, NULL, "0",
	    .price = { 250000, 125000, 0, 1000000 } },
	{ "gpt-4-o-preview", "GPT-4o", AZURE, "gpt-4o-2024-05-13",
	    FAMILY_GPT4, MODEL_CHAT | MODEL_NO_ENDPOINTS | MODEL_NO_POLICY |
	    MODEL_OLD, 128000, 4096, 64000, NULL, NULL, "0",
	    .price = { 250000, 125000, 0, 1000000 } },
	{ "claude-opus-4.6", "Claude Opus 4.6", "Anthropic",
	    "claude-opus-4.6", FAMILY_CLAUDE, MODEL_CHAT | MODEL_DISABLED |
	    MODEL_VISION, 200000, 32000, 168000, NULL, "powerful", "3",
	    .price = { 500000, 50000, 625000, 2500000 } },
	/* Since then. */
	{ "gpt-5.5", "GPT-5.5", "OpenAI", "gpt-5.5", FAMILY_GPT, MODEL_NEW |
	    MODEL_RESPONSES | MODEL_VISION | MODEL_SCHEMA | MODEL_CACHE_KEY,
	    1050000, 128000, 922000, NONE_XHIGH, "powerful", "1",
	    .price = { 500000, 50000, 0, 3000000 }, .context_max = 272000,
	    .long_price = { 1000000, 100000, 0, 4500000 } },
	{ "gpt-5.6", "GPT-5.6", "OpenAI", "gpt-5.6", FAMILY_GPT, MODEL_NEW |
	    MODEL_RESPONSES | MODEL_VISION | MODEL_SCHEMA | MODEL_CACHE_KEY,
	    1050000, 128000, 922000, NONE_XHIGH, "powerful", "1",
	    .price = { 200000, 20000, 250000, 1200000 }, .context_max = 272000,
	    .long_price = { 400000, 40000, 500000, 1800000 } },
	{ "claude-haiku-4.5", "Claude Haiku 4.5", "Anthropic",
	    "claude-haiku-4.5", FAMILY_CLAUDE, MODEL_NEW | MODEL_CHAT |
	    MODEL_VISION, 200000, 32000, 168000, NULL, "versatile", "0.33",
	    .price = { 100000, 10000, 125000, 500000 },
	    .snapshot = "claude-haiku-4-5-20251001" },
	{ "claude-opus-4.7", "Claude Opus 4.7", "Anthropic",
	    "claude-opus-4.7", FAMILY_CLAUDE, MODEL_NEW | MODEL_CHAT |
	    MODEL_UNCONFIGURED | MODEL_VISION | MODEL_SCHEMA, 264000, 64000,
	    200000, LOW_HIGH, "powerful", "1",
	    .price = { 500000, 50000, 625000, 2500000 } },
	{ "gpt-41-copilot", "GPT-4.1 Copilot", AZURE, "gpt-41-copilot",
	    FAMILY_GPT, MODEL_NEW | MODEL_COMPLETION | MODEL_NO_ENDPOINTS |
	    MODEL_NO_POLICY | MODEL_OLD, 128000, 16384, 64000, NULL, NULL,
	    "0", .price = { 200000, 50000, 0, 800000 } },
};

const struct model *
catalog_find(const char *id)
{
	size_t i;

	for (i = 0; i < COUNT(models); i++)
		if (strcmp(models[i].id, id) == 0)
			return &models[i];
	return NULL;
}

const struct model *
catalog_at(size_t i)
{
	return i < COUNT(models) ? &models[i] : NULL;
}

const char *
catalog_answers_as(const struct fake *f, const struct model *m,
    unsigned endpoint)
{
	const char *name = endpoint == MODEL_RESPONSES ? m->deployment :
	    m->snapshot;

	return setting_new(f) && name != NULL ? name :
	    m->family == FAMILY_CLAUDE || m->family == FAMILY_GEMINI ? m->id :
	    m->version;
}

/* Listed, and nothing forbids it? */
static bool
is_usable(const struct fake *f, const struct model *m)
{
	if (((m->flags & MODEL_NEW) && !setting_new(f)) ||
	    (m->flags & MODEL_COMPLETION))
		return false;
	return !(m->flags & (MODEL_DISABLED | MODEL_UNCONFIGURED)) ||
	    setting_lists(f, "enabled_models", m->id);
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
	const struct model	*m = id != NULL ? catalog_find(id) : NULL;

	if (m == NULL || !is_usable(c->f, m) || !account_may(c, m)) {
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
