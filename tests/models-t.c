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

#include "buf.h"
#include "err.h"
#include "js.h"
#include "models.h"
#include "util.h"

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
"\"vision\":{\"max_prompt_image_size\":3145728,\"max_prompt_images\":1}},"
"\"supports\":{\"parallel_tool_calls\":true,\"streaming\":true,"
"\"reasoning_effort\":[\"low\",\"medium\",5,\"high\"],"
"\"structured_outputs\":true,\"tool_calls\":true,\"vision\":true}}},"
"{\"id\":\"gpt-5.3-codex\",\"vendor\":\"OpenAI\","
"\"supported_endpoints\":[\"/responses\"]},"
"{\"id\":\"claude-opus-4.6\",\"name\":\"Claude Opus 4.6\","
"\"vendor\":\"Anthropic\",\"policy\":{\"state\":\"unconfigured\"},"
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

static void
test_json(void **state)
{
	struct models	*models = parse(list);
	json_object	*all = js_parse_quiet(models->json, strlen(models->json));
	json_object	*data = js_array(all, "data"), *m;

	(void)state;
	assert_true(js_is(all, "object", "list"));
	assert_int_equal(js_len(data), models->n);
	m = json_object_array_get_idx(data, 0);
	assert_true(js_is(m, "id", "gpt-5-mini"));
	assert_true(js_is(m, "object", "model"));
	assert_int_equal(js_int(m, "created", 0), 1754524800); /* 2025-08-07 */
	assert_true(js_is(m, "owned_by", "openai"));
	assert_true(js_is(m, "display_name", "GPT-5 mini"));
	assert_non_null(js_obj(m, "capabilities"));
	assert_true(js_is(js_obj(m, "policy"), "state", "enabled"));
	assert_false(js_has(js_obj(m, "policy"), "terms"));
	assert_false(js_has(m, "request_headers"));
	m = json_object_array_get_idx(data, 3);
	assert_true(js_is(m, "owned_by", "anthropic"));
	assert_int_equal(js_int(m, "created", 0), 1735689600);
	m = json_object_array_get_idx(data, 5);
	assert_true(js_is(m, "owned_by", "github-copilot"));
	json_object_put(all);
	assert_int_equal(strlen(models->etag), 18);
	assert_true(util_starts(models->json,
	    "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-5-mini\",\"object\":"));
	models_unref(models);
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

/* Forty thousand entries take no quadratic time. */
static void
test_many(void **state)
{
	struct buf	 text = { 0 };
	struct models	*models;
	struct err	 err;
	int		 i;

	(void)state;
	buf_puts(&text, "{\"data\":[{\"id\":\"x\"}");
	for (i = 0; i < 20000; i++)
		buf_printf(&text, ",{\"id\":\"m%d\"},{\"id\":\"x\"}", i);
	buf_puts(&text, "]}");
	models = models_parse(text.p, text.len, &err);
	assert_int_equal(models->n, 20001);
	models_unref(models);
	buf_finish(&text);
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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_refs)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
