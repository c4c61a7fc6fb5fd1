/*
 * The list of models for the Codex CLI.
 *
 * Its form is Codex' ModelInfo (codex-rs/protocol/src/openai_models.rs), which
 * changes with the versions; a member that one of them does not know does no
 * harm, one that it misses or an unknown word makes it throw the whole list
 * away. Versions 0.128 to 0.169 read these members (tests/README says how that
 * was found out). Older ones ask nobody but chatgpt.com.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/codex-prompt.h"
#include "api/models-codex.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"

/*
 * The first version that takes any word for an effort; before it "max" is as
 * bad as a syntax error. 0.135 is the last one that was seen to fail.
 */
#define ANY_EFFORT_MINOR	140

/* Tokens; where upstream does not say: as much as its smallest models take. */
#define WINDOW_UNKNOWN		64000

/* Places in the picker: those that Codex is made for first, newest first. */
#define PLACES			10000

struct list {
	const struct models	*models;
	bool			 any_effort;
	bool			 long_context;
	char			*prompt;
};

/* "0.169.0"; a version that can't be read is one of the future. */
static bool
takes_any_effort(const char *version)
{
	unsigned major, minor;

	return sscanf(version, "%u.%u", &major, &minor) != 2 || major > 0 ||
	    minor >= ANY_EFFORT_MINOR || minor == 0;
}

/* Codex can do nothing with a model that calls no tools. */
static bool
is_for_codex(const struct model *m)
{
	return m->tool_calls &&
	    (m->endpoints & (MODEL_CHAT | MODEL_RESPONSES)) != 0;
}

/* --- One model. */

static bool
is_old_effort(const char *effort)
{
	static const char *const old[] = {
		"none", "minimal", "low", "medium", "high", "xhigh"
	};
	size_t i;

	for (i = 0; i < COUNT(old); i++)
		if (strcmp(old[i], effort) == 0)
			return true;
	return false;
}

static json_object *
effort_new(const char *effort)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "effort", effort);
	js_add_str(obj, "description", effort);
	return obj;
}

/* The efforts, and the one to begin with: medium, else the first. */
static void
add_efforts(json_object *obj, const struct model *m, bool any)
{
	json_object	*levels = json_object_new_array();
	const char	*dflt = NULL;
	char		**e;

	for (e = m->reasoning_effort; *e != NULL; e++) {
		if (**e == '\0' || (!any && !is_old_effort(*e)))
			continue;
		js_append_take(&levels, effort_new(*e));
		if (dflt == NULL || strcmp(*e, "medium") == 0)
			dflt = *e;
	}
	js_add_str(obj, "default_reasoning_level", dflt);
	js_add_take(obj, "supported_reasoning_levels", levels);
	js_add_bool(obj, "supports_reasoning_summaries", dflt != NULL);
	js_add_str(obj, "default_reasoning_summary", "auto");
}

/* OpenAI's thinking models know of verbosity; Codex asks them for little. */
static void
add_verbosity(json_object *obj, const struct model *m)
{
	bool has = m->openai && (m->endpoints & MODEL_RESPONSES) != 0 &&
	    *m->reasoning_effort != NULL;

	js_add_bool(obj, "support_verbosity", has);
	js_add_str(obj, "default_verbosity", has ? "low" : NULL);
}

/*
 * Codex may fill as much as upstream takes as prompt, not the window, which has
 * the answer in it; and no more than costs the usual price.
 */
static void
add_window(json_object *obj, const struct model *m, bool long_context)
{
	int64_t n = m->max_prompt_tokens;

	if (n == 0)
		n = m->max_context_window_tokens;
	if (n == 0)
		n = WINDOW_UNKNOWN;
	if (!long_context && m->context_max > 0 && m->context_max < n)
		n = m->context_max;
	js_add_int(obj, "context_window", n);
	js_add_int(obj, "max_context_window", n);
	js_add_int(obj, "effective_context_window_percent", 95);
}

static void
add_modalities(json_object *obj, const struct model *m)
{
	json_object *list = json_object_new_array();

	js_append_take(&list, json_object_new_string("text"));
	if (m->vision)
		js_append_take(&list, json_object_new_string("image"));
	js_add_take(obj, "input_modalities", list);
	js_add_bool(obj, "supports_image_detail_original", false);
}

/*
 * "shell_command" is known by all versions; each takes the shell it prefers.
 * The patch tool takes any text; models without such tools get it as a
 * function (turn/tools.h).
 */
static void
add_tools(json_object *obj, const struct model *m)
{
	json_object *cut = json_object_new_object();

	js_add_str(obj, "shell_type", "shell_command");
	js_add_str(obj, "apply_patch_tool_type", "freeform");
	js_add_bool(obj, "supports_parallel_tool_calls",
	    m->parallel_tool_calls);
	js_add_bool(obj, "supports_search_tool", false);
	js_add_str(obj, "web_search_tool_type", "text");
	js_add_take(obj, "experimental_supported_tools",
	    json_object_new_array());
	js_add_str(cut, "mode", "tokens"); /* output of tools, as Codex' own */
	js_add_int(cut, "limit", 10000);
	js_add_take(obj, "truncation_policy", cut);
}

static int64_t
place_of(const struct list *l, const struct model *m)
{
	int64_t at = l->models->list + l->models->n - m;

	if ((m->endpoints & MODEL_RESPONSES) == 0)
		at += PLACES;
	if (*m->reasoning_effort == NULL)
		at += 2 * PLACES;
	return at;
}

static void
add_names(json_object *obj, const struct model *m)
{
	char *text;

	js_add_str(obj, "slug", m->id);
	js_add_str(obj, "display_name", m->name[0] != '\0' ? m->name : m->id);
	text = m->vendor[0] == '\0' ? xstrdup("Through GitHub Copilot") :
	    xasprintf("%s, through GitHub Copilot", m->vendor);
	js_add_str(obj, "description", text);
	free(text);
}

/*
 * No version reads a list in which a model has no instructions; the other place
 * for them, model_messages, is not enough for those before 0.150.
 */
static json_object *
info_new(const struct list *l, const struct model *m)
{
	json_object *obj = json_object_new_object();

	add_names(obj, m);
	add_efforts(obj, m, l->any_effort);
	js_add_str(obj, "visibility", m->picker ? "list" : "hide");
	js_add_bool(obj, "supported_in_api", true);
	js_add_int(obj, "priority", place_of(l, m));
	js_add_null(obj, "availability_nux");
	js_add_null(obj, "upgrade");
	js_add_str(obj, "base_instructions", l->prompt);
	add_verbosity(obj, m);
	add_tools(obj, m);
	add_window(obj, m, l->long_context);
	add_modalities(obj, m);
	return obj;
}

/* --- All of them. */

void
models_codex(const struct models *models, const char *version,
    bool long_context, struct buf *out)
{
	struct list	 l = {
		models, takes_any_effort(version), long_context, NULL
	};
	json_object	*list = json_object_new_array();
	size_t		 i;

	l.prompt = codex_prompt();
	for (i = 0; i < models->n; i++)
		if (is_for_codex(&models->list[i]))
			js_append_take(&list, info_new(&l, &models->list[i]));
	/* OpenAI's list is an object: the member goes before its last brace. */
	buf_append(out, models->json, strlen(models->json) - 1);
	buf_puts(out, ",\"models\":");
	js_print(list, out);
	buf_putc(out, '}');
	json_object_put(list);
	free(l.prompt);
}
