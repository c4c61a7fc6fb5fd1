/* The list of models: reading it, finding a model, what clients are shown. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/models-codex.h"
#include "api/target.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"

/* The shapes of a captured list: duplicates, and members left out. */
static const char list[] = "{\"object\":\"list\",\"data\":["
"{\"id\":\"gpt-5-mini\",\"name\":\"GPT-5 mini\",\"object\":\"model\","
"\"vendor\":\"Azure OpenAI\",\"version\":\"gpt-5-mini-2025-08-07\","
"\"preview\":false,\"model_picker_enabled\":true,"
"\"billing\":{\"is_premium\":false,\"multiplier\":0},"
"\"policy\":{\"state\":\"enabled\",\"terms\":\"long terms\"},"
"\"request_headers\":{\"x-model\":\"mini\",\"Authorization\":\"no\","
"\"content-type\":\"no\",\"X-Initiator\":\"agent\",\"bad name\":\"x\","
"\"x-evil\":\"a\\r\\nb: c\",\"x-nul\":\"a\\u0000b\",\"x-number\":5},"
"\"supported_endpoints\":[\"/chat/completions\",\"/responses\","
"\"ws:/responses\",\"/new\",7,null],"
"\"capabilities\":{\"family\":\"gpt-5-mini\",\"type\":\"chat\","
"\"limits\":{\"max_context_window_tokens\":264000,"
"\"max_output_tokens\":64000,\"max_prompt_tokens\":128000,"
"\"vision\":{\"max_prompt_image_size\":3145728,\"max_prompt_images\":1,"
"\"supported_media_types\":[\"image/jpeg\",\"image/png\"]}},"
"\"supports\":{\"parallel_tool_calls\":true,\"streaming\":true,"
"\"reasoning_effort\":[\"low\",\"medium\",5,\"high\"],"
"\"structured_outputs\":true,\"tool_calls\":true,\"vision\":true}}},"
"{\"id\":\"gpt-5.3-codex\",\"vendor\":\"OpenAI\","
"\"supported_endpoints\":[\"/responses\"]},"
"{\"id\":\"claude-opus-4.6\",\"name\":\"Claude Opus 4.6\","
"\"vendor\":\"Anthropic\",\"policy\":{\"state\":\"enabled\"},"
"\"supported_endpoints\":[\"/v1/messages\",\"/chat/completions\"]},"
"{\"id\":\"claude-sonnet-4.5\",\"vendor\":\"Anthropic\"},"
"{\"id\":\"claude-sonnet-4\",\"vendor\":\"Anthropic\"},"
"{\"id\":\"twin-1.0\"},{\"id\":\"twin-1-0\"},"
"{\"id\":\"grok-code\",\"vendor\":\"xAI\",\"capabilities\":null},"
"{\"id\":\"text-embedding-3-small\",\"vendor\":\"Azure OpenAI\","
"\"capabilities\":{\"type\":\"embeddings\",\"limits\":{\"max_inputs\":512},"
"\"supports\":{\"dimensions\":true}}},"
"{\"id\":\"gpt-4-o-preview\",\"name\":\"first\","
"\"version\":\"gpt-4o-2024-05-13\",\"policy\":{\"state\":\"disabled\"}},"
"{\"id\":\"gpt-4-o-preview\",\"name\":\"second\","
"\"version\":\"gpt-4o-2024-05-13\"},"
"{\"id\":\"gpt-4-o-preview\",\"name\":\"third\"},"
"{\"id\":\"gone\",\"policy\":{\"state\":\"disabled\"}},"
"{\"id\":\"\"},{\"id\":7},{},null,[],\"text\",5]}";

static struct models *
parse(const char *text)
{
	struct err	 err;
	struct models	*m = models_parse(text, strlen(text), &err);

	assert_non_null(m);
	return m;
}

static void
test_members(void **state)
{
	struct models		*models = parse(list);
	const struct model	*m = models_find(models, "gpt-5-mini");

	(void)state;
	assert_non_null(m);
	assert_string_equal(m->name, "GPT-5 mini");
	assert_string_equal(m->family, "gpt-5-mini");
	assert_true(m->openai && m->streaming && m->tool_calls &&
	    m->parallel_tool_calls && m->vision && m->structured_outputs);
	assert_false(m->dimensions);
	assert_int_equal(m->endpoints, MODEL_CHAT | MODEL_RESPONSES);
	assert_int_equal(m->max_output_tokens, 64000);
	assert_int_equal(m->max_prompt_tokens, 128000);
	assert_int_equal(m->max_context_window_tokens, 264000);
	assert_int_equal(m->max_prompt_image_size, 3145728);
	assert_int_equal(m->max_prompt_images, 1);
	assert_string_equal(m->reasoning_effort[2], "high");
	assert_null(m->reasoning_effort[3]);
	assert_string_equal(m->request_headers[0], "x-model: mini");
	assert_null(m->request_headers[1]);
	assert_string_equal(m->image_types[0], "image/jpeg");
	models_unref(models);
}

static void
test_defaults(void **state)
{
	struct models		*models = parse(list);
	const struct model	*m = models_find(models, "gpt-5.3-codex");

	(void)state;
	assert_int_equal(m->endpoints, MODEL_RESPONSES);
	assert_int_equal(m->max_output_tokens, 0);
	assert_null(m->reasoning_effort[0]);
	assert_null(m->request_headers[0]);
	m = models_find(models, "text-embedding-3-small");
	assert_int_equal(m->endpoints, MODEL_EMBEDDINGS);
	assert_int_equal(m->max_inputs, 512);
	assert_true(m->dimensions);
	assert_int_equal(models_find(models, "grok-code")->endpoints, MODEL_CHAT);
	m = models_find(models, "claude-opus-4.6");
	assert_int_equal(m->endpoints, MODEL_CHAT | MODEL_MESSAGES);
	assert_false(m->openai);
	models_unref(models);
}

/* Disabled models and repetitions are left out; what is no model, too. */
static void
test_unique(void **state)
{
	struct models *models = parse(list);

	(void)state;
	assert_int_equal(models->n, 10);
	assert_string_equal(models_find(models, "gpt-4-o-preview")->name,
	    "second");
	assert_null(models_find(models, "gone"));
	assert_null(models_find(NULL, "gpt-5-mini"));
	models_unref(models);
}

static void
test_resolve(void **state)
{
	static const struct {
		int		 line;
		const char	*name, *want;
	} cases[] = {
		{ __LINE__, "gpt-5-mini", "gpt-5-mini" },
		{ __LINE__, "claude-opus-4-6", "claude-opus-4.6" },
		{ __LINE__, "gpt-5.mini", "gpt-5-mini" },
		{ __LINE__, "gpt-5-mini-2025-08-07", "gpt-5-mini" },
		{ __LINE__, "claude-sonnet-4-5-20250929", "claude-sonnet-4.5" },
		{ __LINE__, "claude-sonnet-4-20250514", "claude-sonnet-4" },
		{ __LINE__, "twin-1.0", "twin-1.0" },
		{ __LINE__, "twin-1-0", "twin-1-0" },
		{ __LINE__, "twin.1.0", NULL },		/* could be either */
		{ __LINE__, "gone", NULL },
		{ __LINE__, "gpt-5-min", NULL },
		{ __LINE__, "gpt-5-mini-high", NULL },
		{ __LINE__, "gpt-5-mini-99999999", NULL },
		{ __LINE__, "-2025-08-07", NULL },
		{ __LINE__, "", NULL },
	};
	struct models		*models = parse(list);
	const struct model	*m;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		m = models_resolve(models, cases[i].name);
		if ((m == NULL) != (cases[i].want == NULL) ||
		    (m != NULL && strcmp(m->id, cases[i].want) != 0))
			fail_msg("line %d: %s", cases[i].line,
			    m != NULL ? m->id : "(none)");
	}
	assert_null(models_resolve(NULL, "gpt-5-mini"));
	models_unref(models);
}

static json_object *
shown(json_object *data, const char *id)
{
	size_t i;

	for (i = 0; i < js_len(data); i++)
		if (js_is(json_object_array_get_idx(data, i), "id", id))
			return json_object_array_get_idx(data, i);
	fail_msg("%s is not listed", id);
	return NULL;
}

static void
test_json(void **state)
{
	struct models	*models = parse(list);
	json_object	*all = js_parse_quiet(models->json,
			    strlen(models->json));
	json_object	*data = js_array(all, "data"), *m;

	(void)state;
	assert_true(js_is(all, "object", "list"));
	assert_int_equal(js_len(data), models->n);
	m = shown(data, "gpt-5-mini");
	assert_true(js_is(m, "object", "model"));
	assert_int_equal(js_int(m, "created", 0), 1754524800); /* 2025-08-07 */
	assert_true(js_is(m, "owned_by", "openai"));
	assert_true(js_is(m, "display_name", "GPT-5 mini"));
	assert_non_null(js_obj(m, "capabilities"));
	assert_true(js_is(js_obj(m, "policy"), "state", "enabled"));
	assert_false(js_has(js_obj(m, "policy"), "terms"));
	assert_false(js_has(m, "request_headers"));
	m = shown(data, "claude-sonnet-4.5");
	assert_true(js_is(m, "owned_by", "anthropic"));
	assert_int_equal(js_int(m, "created", 0), 1735689600);
	m = shown(data, "twin-1.0");
	assert_true(js_is(m, "owned_by", "github-copilot"));
	json_object_put(all);
	assert_int_equal(strlen(models->etag), 18);
	assert_true(util_starts(models->json,
	    "{\"object\":\"list\",\"data\":[{\"id\":\"claude-opus-4.6\","
	    "\"object\":"));
	models_unref(models);
}

/* --- What OpenRouter's clients read. */

static const char priced[] = "{\"data\":["
"{\"id\":\"gpt-10\",\"capabilities\":{\"type\":\"chat\"}},"
"{\"id\":\"gpt-5.5\",\"vendor\":\"OpenAI\",\"supported_endpoints\":"
"[\"/responses\"],\"billing\":{\"token_prices\":{\"batch_size\":1000000,"
"\"default\":{\"input_price\":500,\"output_price\":3000,"
"\"cache_price\":50}}},\"capabilities\":{\"type\":\"chat\","
"\"tokenizer\":\"o200k_base\",\"limits\":{"
"\"max_context_window_tokens\":400000,\"max_output_tokens\":128000,"
"\"vision\":{\"supported_media_types\":[\"image/png\","
"\"application/pdf\"]}},\"supports\":{\"vision\":true,"
"\"tool_calls\":true,\"reasoning_effort\":[\"low\",\"high\"]}}},"
"{\"id\":\"claude\",\"vendor\":\"Anthropic\",\"billing\":"
"{\"token_prices\":{\"batch_size\":1000,\"default\":{\"input_price\":0.3,"
"\"cache_read_price\":0.03,\"cache_write_price\":0.375}}},"
"\"capabilities\":{\"limits\":{\"max_prompt_tokens\":200,"
"\"max_output_tokens\":50}}},"
"{\"id\":\"text-embedding-3-small\",\"billing\":{\"token_prices\":{"
"\"default\":{\"input_price\":-1}}},\"capabilities\":{"
"\"type\":\"embeddings\"}}]}";

static void
test_card(void **state)
{
	struct models	*models = parse(priced);
	json_object	*all = js_parse_quiet(models->json,
			    strlen(models->json));
	json_object	*m = shown(js_array(all, "data"), "gpt-5.5"), *a;

	(void)state;
	assert_int_equal(js_int(m, "context_length", 0), 400000);
	assert_int_equal(js_int(m, "max_output_tokens", 0), 128000);
	assert_string_equal(json_object_to_json_string_ext(js_get(m,
	    "input_modalities"), JSON_C_TO_STRING_PLAIN),
	    "[\"text\",\"image\",\"file\"]");
	a = js_obj(m, "architecture");
	assert_int_equal(js_len(js_array(a, "input_modalities")), 3);
	assert_int_equal(js_len(js_array(a, "output_modalities")), 1);
	assert_true(js_is(a, "tokenizer", "o200k_base"));
	assert_true(js_is(js_obj(m, "pricing"), "prompt", "0.000005"));
	assert_true(js_is(js_obj(m, "pricing"), "completion", "0.00003"));
	assert_true(js_is(js_obj(m, "pricing"), "input_cache_read",
	    "0.0000005"));
	assert_false(js_has(js_obj(m, "pricing"), "input_cache_write"));
	assert_string_equal(json_object_to_json_string_ext(js_get(m, "cost"),
	    JSON_C_TO_STRING_PLAIN),
	    "{\"input\":5,\"output\":30,\"cache_read\":0.5}");
	assert_int_equal(js_int(js_obj(m, "top_provider"),
	    "max_completion_tokens", 0), 128000);
	assert_non_null(strstr(json_object_to_json_string(js_get(m,
	    "supported_parameters")), "reasoning_effort"));
	m = shown(js_array(all, "data"), "claude");
	assert_int_equal(js_int(m, "context_length", 0), 250);
	assert_true(js_is(js_obj(m, "pricing"), "prompt", "0.000003"));
	assert_true(js_is(js_obj(m, "pricing"), "input_cache_write",
	    "0.00000375"));
	m = shown(js_array(all, "data"), "text-embedding-3-small");
	assert_false(js_has(m, "pricing"));
	assert_false(js_has(m, "context_length"));
	json_object_put(all);
	models_unref(models);
}

/* Whatever order upstream has, the list has one, in which 10 is behind 5. */
static void
test_order(void **state)
{
	struct models *models = parse(priced);

	(void)state;
	assert_string_equal(models->list[0].id, "claude");
	assert_string_equal(models->list[1].id, "gpt-5.5");
	assert_string_equal(models->list[2].id, "gpt-10");
	assert_string_equal(models->list[3].id, "text-embedding-3-small");
	models_unref(models);
}

/* --- Names that say an effort. */

static void
test_efforts(void **state)
{
	static const struct {
		int		 line;
		const char	*name, *bare, *effort;
	} cases[] = {
		{ __LINE__, "gpt-5.5:high", "gpt-5.5", "high" },
		{ __LINE__, "gpt-5.5", "gpt-5.5", NULL },
		{ __LINE__, "gpt-5.5:latest", "gpt-5.5:latest", NULL },
		{ __LINE__, "gpt-5.5:", "gpt-5.5:", NULL },
		{ __LINE__, ":high", ":high", NULL },
		{ __LINE__, "fast", "gpt-5.5", "low" },
		{ __LINE__, "fast:max", "gpt-5.5", "max" },
		{ __LINE__, "big", "gpt-10", NULL },
		{ __LINE__, "big:none", "gpt-10", "none" },
		{ __LINE__, "gpt-4:high", "gpt-10", "low" },
	};
	struct conf_mapping	 map[] = {
		{ (char *)"fast", (char *)"gpt-5.5:low" },
		{ (char *)"big", (char *)"gpt-10" },
		{ (char *)"gpt-4:high", (char *)"gpt-10:low" },
	};
	struct conf		 conf = {
		.model_mappings = map, .nmodel_mappings = COUNT(map)
	};
	const char		*effort, *got;
	char			 bare[TARGET_NAME_SIZE];
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = target_bare(&conf, cases[i].name, bare, &effort);
		if (strcmp(got, cases[i].bare) != 0 || (effort == NULL) !=
		    (cases[i].effort == NULL) || (effort != NULL &&
		    strcmp(effort, cases[i].effort) != 0))
			fail_msg("line %d: %s, %s", cases[i].line, got,
			    effort != NULL ? effort : "none");
	}
}

/* --- The form for Codex. */

#define CALLS "\"tool_calls\":true"
static const char codex_list[] = "{\"data\":["
"{\"id\":\"old\",\"model_picker_enabled\":false,\"capabilities\":"
"{\"supports\":{" CALLS "},\"limits\":"
"{\"max_context_window_tokens\":128000}}},"
"{\"id\":\"claude\",\"name\":\"Claude\",\"vendor\":\"Anthropic\","
"\"model_picker_enabled\":true,\"supported_endpoints\":"
"[\"/chat/completions\"],\"capabilities\":{\"supports\":{" CALLS ","
"\"vision\":true,\"reasoning_effort\":[\"low\",\"high\",\"max\"]}}},"
"{\"id\":\"gpt\",\"vendor\":\"OpenAI\",\"supported_endpoints\":"
"[\"/responses\"],\"capabilities\":{\"limits\":"
"{\"max_context_window_tokens\":400000,\"max_prompt_tokens\":272000},"
"\"supports\":{" CALLS ",\"parallel_tool_calls\":true,"
"\"reasoning_effort\":[\"none\",\"low\",\"medium\",\"xhigh\"]}}},"
"{\"id\":\"messages\",\"supported_endpoints\":[\"/v1/messages\"],"
"\"capabilities\":{\"supports\":{" CALLS "}}},"
"{\"id\":\"mute\"},{\"id\":\"text-embedding-3-small\","
"\"capabilities\":{\"type\":\"embeddings\"}}]}";

static json_object *
codex(const char *version)
{
	struct models	*models = parse(codex_list);
	struct buf	 out = { 0 };
	json_object	*obj;

	models_codex(models, version, false, &out);
	assert_non_null(obj = js_parse_quiet(out.p, out.len));
	assert_true(js_is(obj, "object", "list"));
	assert_int_equal(js_len(js_array(obj, "data")), models->n);
	buf_finish(&out);
	models_unref(models);
	return obj;
}

static json_object *
codex_model(json_object *answer, const char *slug)
{
	json_object	*all = js_array(answer, "models");
	size_t		 i;

	for (i = 0; i < js_len(all); i++)
		if (js_is(json_object_array_get_idx(all, i), "slug", slug))
			return json_object_array_get_idx(all, i);
	return NULL;
}

/* Members without which one version of Codex or another reads nothing. */
static void
codex_complete(json_object *m)
{
	static const char *const strings[] = {
		"slug", "display_name", "description", "shell_type",
		"visibility", "base_instructions", "apply_patch_tool_type",
		"web_search_tool_type", "default_reasoning_summary"
	};
	static const char *const others[] = {
		"supported_in_api", "priority", "upgrade", "availability_nux",
		"supports_reasoning_summaries", "support_verbosity",
		"default_verbosity", "supports_parallel_tool_calls",
		"supports_image_detail_original", "context_window"
	};
	static const char *const lists[] = {
		"supported_reasoning_levels", "experimental_supported_tools",
		"input_modalities"
	};
	size_t i;

	for (i = 0; i < COUNT(strings); i++)
		if (js_str(m, strings[i]) == NULL ||
		    *js_str(m, strings[i]) == '\0')
			fail_msg("%s: %s", js_str(m, "slug"), strings[i]);
	for (i = 0; i < COUNT(others); i++)
		if (!js_has(m, others[i]))
			fail_msg("%s: %s", js_str(m, "slug"), others[i]);
	for (i = 0; i < COUNT(lists); i++)
		assert_non_null(js_array(m, lists[i]));
	assert_true(js_is(js_obj(m, "truncation_policy"), "mode", "tokens"));
	assert_non_null(strstr(js_str(m, "base_instructions"), "AGENTS.md"));
}

static void
codex_efforts(json_object *m, const char *want, const char *dflt)
{
	json_object	*levels = js_array(m, "supported_reasoning_levels"), *e;
	struct buf	 got = { 0 };
	size_t		 i;

	for (i = 0; i < js_len(levels); i++) {
		e = json_object_array_get_idx(levels, i);
		buf_printf(&got, "%s ", js_str(e, "effort"));
		assert_non_null(js_str(e, "description"));
	}
	assert_string_equal(buf_str(&got), want);
	if (dflt == NULL)
		assert_null(js_get(m, "default_reasoning_level"));
	else
		assert_true(js_is(m, "default_reasoning_level", dflt));
	assert_int_equal(js_bool(m, "supports_reasoning_summaries", false),
	    dflt != NULL);
	buf_finish(&got);
}

static void
test_codex(void **state)
{
	json_object	*answer = codex("0.169.0"), *old, *gpt, *claude;
	size_t		 i;

	(void)state;
	assert_int_equal(js_len(js_array(answer, "models")), 3);
	for (i = 0; i < 3; i++)
		codex_complete(json_object_array_get_idx(js_array(answer,
		    "models"), i));
	old = codex_model(answer, "old");
	claude = codex_model(answer, "claude");
	gpt = codex_model(answer, "gpt");
	assert_true(js_is(claude, "display_name", "Claude"));
	assert_true(js_is(gpt, "display_name", "gpt"));
	assert_true(js_is(old, "visibility", "hide"));
	assert_true(js_is(claude, "visibility", "list"));
	/* What the prompt may have, not the window with the answer. */
	assert_int_equal(js_int(gpt, "context_window", 0), 272000);
	assert_int_equal(js_int(old, "context_window", 0), 128000);
	assert_true(js_int(claude, "context_window", 0) > 0);
	assert_int_equal(js_len(js_array(claude, "input_modalities")), 2);
	assert_int_equal(js_len(js_array(gpt, "input_modalities")), 1);
	assert_true(js_bool(gpt, "supports_parallel_tool_calls", false));
	assert_false(js_bool(claude, "supports_parallel_tool_calls", true));
	assert_true(js_int(gpt, "priority", 0) <
	    js_int(claude, "priority", 0));
	assert_true(js_int(claude, "priority", 0) < js_int(old, "priority", 0));
	assert_true(js_is(gpt, "default_verbosity", "low"));
	assert_false(js_bool(claude, "support_verbosity", true));
	codex_efforts(gpt, "none low medium xhigh ", "medium");
	codex_efforts(old, "", NULL);
	json_object_put(answer);
}

/* Up to 0.139 one unknown effort is the end of the whole list. */
static void
test_codex_versions(void **state)
{
	static const struct {
		const char	*version;
		bool		 any;
	} cases[] = {
		{ "0.128.0", false }, { "0.139.9", false }, { "0.140.0", true },
		{ "0.169.0", true }, { "1.2.3", true }, { "0.0.0", true },
		{ "", true }, { "next", true }, { "0.140.0-alpha.1", true },
		{ "0.99", false }
	};
	json_object	*answer;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		answer = codex(cases[i].version);
		codex_efforts(codex_model(answer, "claude"), cases[i].any ?
		    "low high max " : "low high ", "low");
		json_object_put(answer);
	}
}

/* Every cut of the text is refused, none crashes. */
static void
test_broken(void **state)
{
	static const char *const bad[] = {
		"", "null", "[]", "{}", "{\"data\":{}}", "{\"data\":null}",
		"<html>", "{\"data\":[]} x"
	};
	struct err	err;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		assert_null(models_parse(bad[i], strlen(bad[i]), &err));
		assert_int_equal(err.status, 502);
	}
	for (i = 0; i < sizeof(list) - 1; i++)
		assert_null(models_parse(list, i, &err));
}

/* One that takes the loop long to read is refused. */
static void
test_many(void **state)
{
	static const char *const entries[][2] = {
		{ "{\"id\":\"m", "\"}" }, { "{\"id\":\"x\",\"n\":", "}" },
		{ "{\"n\":", "}" }, { "[", "]" }, { "", "" },
		{ "{\"a\":[{},[[]],\"\",null],\"id\":\"m", "\"}" }
	};
	struct buf	 text = { 0 };
	struct models	*models;
	struct err	 err;
	size_t		 k;
	int		 i, n;

	(void)state;
	for (k = 0; k < COUNT(entries); k++)
		for (n = 1000; n <= 300000; n *= 300) {
			buf_puts(&text, "{\"data\":[{\"id\":\"x\"}");
			for (i = 0; i < n; i++) {
				buf_printf(&text, ",%s%d%s", entries[k][0], i,
				    entries[k][1]);
			}
			buf_puts(&text, "]}");
			models = models_parse(text.p, text.len, &err);
			assert_true((models != NULL) == (n == 1000));
			if (k == 0 && models != NULL)
				assert_int_equal(models->n, 1001);
			if (k == 0 && models == NULL)
				assert_non_null(strstr(err.msg, "too large"));
			models_unref(models);
			buf_finish(&text);
		}
}

static void
test_refs(void **state)
{
	struct models *models = parse("{\"data\":[{\"id\":\"a\"}]}");

	(void)state;
	assert_ptr_equal(models_ref(models), models);
	models_unref(models);
	assert_string_equal(models->list[0].id, "a");
	models_unref(models);
	assert_null(models_ref(NULL));
	models_unref(NULL);
}

/* What can't be used is not listed; people's names are names, too. */
static void
test_list_of_2026(void **state)
{
	static const char text[] = "{\"data\":["
	    "{\"id\":\"a-1\",\"name\":\"Model A\",\"vendor\":\"OpenAI\",\"billing\":"
	    "{\"token_prices\":{\"batch_size\":1000000,\"default\":{"
	    "\"input_price\":5,\"context_max\":272000}}},\"policy\":{\"state\":"
	    "\"enabled\"},\"capabilities\":{\"type\":\"chat\",\"limits\":{"
	    "\"max_prompt_tokens\":922000}}},"
	    "{\"id\":\"b\",\"policy\":{\"state\":\"unconfigured\"}},"
	    "{\"id\":\"c\",\"policy\":{\"state\":\"disabled\"}},"
	    "{\"id\":\"d\",\"capabilities\":{\"type\":\"completion\"}},"
	    "{\"id\":\"e\",\"name\":\"Same\"},{\"id\":\"f\",\"name\":\"Same\","
	    "\"billing\":{\"is_premium\":false,\"multiplier\":0}}]}";
	struct models *models = parse(text);

	(void)state;
	assert_int_equal(models->n, 3);
	assert_null(models_find(models, "b"));
	assert_null(models_find(models, "c"));
	assert_null(models_find(models, "d"));
	assert_ptr_equal(models_resolve(models, "model a"), &models->list[0]);
	assert_null(models_resolve(models, "Same"));
	assert_int_equal(models->list[0].context_max, 272000);
	assert_true(models->list[0].premium);
	assert_false(models->list[2].premium);
	models_unref(models);
}

/* Codex fills a window only as far as tokens cost the usual price. */
static void
test_codex_context(void **state)
{
	static const char text[] = "{\"data\":[{\"id\":\"gpt-5.4\",\"name\":"
	    "\"GPT\",\"vendor\":\"OpenAI\",\"supported_endpoints\":["
	    "\"/responses\"],\"billing\":{\"token_prices\":{\"default\":{"
	    "\"context_max\":272000}}},\"capabilities\":{\"type\":\"chat\","
	    "\"supports\":{\"tool_calls\":true,\"streaming\":true},\"limits\":{"
	    "\"max_prompt_tokens\":922000}}}]}";
	struct models	*models = parse(text);
	struct buf	 out = { 0 };
	json_object	*obj;
	int		 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		models_codex(models, "0.169.0", i == 1, &out);
		obj = js_parse_quiet(out.p, out.len);
		assert_int_equal(js_int(json_object_array_get_idx(
		    js_array(obj, "models"), 0), "context_window", 0),
		    i == 1 ? 922000 : 272000);
		json_object_put(obj);
		buf_truncate(&out, 0);
	}
	buf_finish(&out);
	models_unref(models);
}

#define ENTRY(id, picker, type) "{\"id\":\"" id "\"," \
	"\"model_picker_enabled\":" picker ",\"capabilities\":{\"type\":\"" \
	type "\"}}"

static struct models *
list_of(const char *data)
{
	struct err	 err;
	char		*text = xasprintf("{\"data\":[%s]}", data);
	struct models	*m = models_parse(text, strlen(text), &err);

	assert_non_null(m);
	free(text);
	return m;
}

static void
test_auto(void **state)
{
	static const struct {
		const char	*data;
		bool		 only;
	} t[] = {
		{ ENTRY("a", "false", "chat") "," ENTRY("b", "false", "chat"),
		    true },
		{ ENTRY("a", "false", "chat") "," ENTRY("b", "true", "chat"),
		    false },
		{ ENTRY("a", "false", "chat") ","
		    ENTRY("e", "true", "embeddings"), true },
		{ ENTRY("e", "false", "embeddings"), false },
		{ ENTRY("a", "true", "chat") "," ENTRY("auto", "true", "chat"),
		    false },
		{ "", false },
	};
	struct models	*m;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		m = list_of(t[i].data);
		if (m->auto_only != t[i].only ||
		    (models_find(m, "auto") != NULL) != t[i].only ||
		    (strstr(m->json, "\"id\":\"auto\"") != NULL) != t[i].only)
			fail_msg("%s", t[i].data);
		assert_string_equal(models_resolve(m, "auto")->id, "auto");
		models_unref(m);
	}
}

/* Who is asked for what, once a session has chosen. */
static void
test_chosen(void **state)
{
	struct models		*paid, *none;
	const struct models	*m;

	(void)state;
	paid = list_of(ENTRY("a", "true", "chat") "," ENTRY("b", "true",
	    "chat"));
	none = list_of(ENTRY("a", "false", "chat") ","
	    ENTRY("e", "false", "embeddings"));
	m = models_chosen(paid, "{\"id\":\"b\"}");
	assert_ptr_equal(models_resolve(m, "auto"), &paid->list[1]);
	assert_string_equal(models_resolve(m, "a")->id, "a");
	models_unref(m);
	m = models_chosen(none, "{\"id\":\"new\",\"supported_endpoints\":"
	    "[\"/responses\"]}");
	models_unref(none);
	assert_string_equal(models_resolve(m, "auto")->id, "new");
	assert_string_equal(models_resolve(m, "a")->id, "new");
	assert_string_equal(models_resolve(m, "nowhere")->id, "new");
	assert_string_equal(models_resolve(m, "e")->id, "e");
	assert_int_equal(models_resolve(m, "a")->endpoints, MODEL_RESPONSES);
	models_unref(m);
	m = models_chosen(NULL, "{\"id\":\"b\"}");
	assert_string_equal(models_resolve(m, "auto")->id, "b");
	models_unref(m);
	models_unref(paid);
}

static void
test_outdated(void **state)
{
	static const struct {
		const char	*data, *said;
	} t[] = {
		{ "{\"id\":\"a\"}", NULL },
		{ "{\"id\":\"a\",\"warning_messages\":[{\"code\":"
		    "\"model_degraded_github\",\"message\":\"m\"}]}", NULL },
		{ "{\"id\":\"a\",\"warning_messages\":[null,{\"code\":"
		    "\"client_version_deprecated\",\"message\":\"Up\\nd\"}]}",
		    "Up d" },
		{ "{\"id\":\"a\",\"warning_messages\":"
		    "[\"client_version_deprecated\"]}",
		    "client_version_deprecated" },
	};
	struct models	*m;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		m = list_of(t[i].data);
		if (t[i].said == NULL)
			assert_null(m->outdated);
		else
			assert_string_equal(m->outdated, t[i].said);
		models_unref(m);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_card),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_efforts),
		cmocka_unit_test(test_codex),
		cmocka_unit_test(test_codex_versions),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_refs),
		cmocka_unit_test(test_list_of_2026),
		cmocka_unit_test(test_codex_context),
		cmocka_unit_test(test_auto),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_outdated),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
