/* How a model of Anthropic's is asked to think. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/edits.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"
#include "messages/thinking.h"
#include "turn/effort.h"

/* The budget, in tokens, that stands for an effort. */
static const struct {
	const char	*effort;
	int64_t		 budget;
} budgets[] = {
	{ "low", 4096 }, { "medium", 10240 }, { "high", 16384 },
	{ "xhigh", 24576 }, { "max", INT32_MAX }
};
#define BUDGET_DEFAULT 16384

static int64_t
budget_of(json_object *req)
{
	const char	*effort = js_str(js_obj(req, "output_config"),
			    "effort");
	size_t		 i;

	for (i = 0; effort != NULL && i < COUNT(budgets); i++)
		if (strcmp(effort, budgets[i].effort) == 0)
			return budgets[i].budget;
	return BUDGET_DEFAULT;
}

/* Within what the list says, and below max_tokens; 0: there is no room. */
static int64_t
clamp(const struct model *m, int64_t budget, int64_t max_tokens)
{
	int64_t min = m->min_thinking_budget > 0 ? m->min_thinking_budget :
	    1024;

	if (budget > m->max_thinking_budget)
		budget = m->max_thinking_budget;
	if (max_tokens > 0 && budget >= max_tokens)
		budget = max_tokens - 1;
	if (budget < min)
		budget = max_tokens == 0 || min < max_tokens ? min : 0;
	return budget;
}

/* How thoughts are shown is known of these two words only. */
static void
add_display(json_object *to, json_object *from)
{
	const char *display = js_str(from, "display");

	if (display == NULL)
		return;
	js_add_str(to, "display", strcmp(display, "omitted") == 0 ?
	    "omitted" : "summarized");
}

/* Are there calls, and no thought before all else? */
static bool
lacks_thought(json_object *blocks)
{
	json_object	*first;
	size_t		 i;
	bool		 calls = false;

	for (i = 0; i < js_len(blocks); i++)
		calls |= js_is(json_object_array_get_idx(blocks, i), "type",
		    "tool_use");
	if (!calls)
		return false;
	first = json_object_array_get_idx(blocks, 0);
	return !js_is(first, "type", "thinking") &&
	    !js_is(first, "type", "redacted_thinking");
}

/*
 * Where thinking has a budget, the turn that awaits results has to begin with
 * a thought. One whose thought is lost goes on without.
 */
static bool
is_thoughtless(json_object *messages)
{
	json_object	*last, *msg;
	size_t		 n = js_len(messages);
	bool		 thoughtless;

	if (n < 2)
		return false;
	last = js_slice(messages, n - 2, 1);
	msg = json_object_array_get_idx(last, 0);
	thoughtless = js_is(msg, "role", "assistant") &&
	    lacks_thought(js_array(msg, "content"));
	json_object_put(last);
	return thoughtless;
}

static void
set_budget(json_object *req, const struct model *m, int64_t max_tokens,
    struct edits *ed)
{
	json_object	*old = js_obj(req, "thinking"), *thinking;
	int64_t		 budget = 0;

	if (m->max_thinking_budget > 0 &&
	    !is_thoughtless(js_array(req, "messages")))
		budget = clamp(m, js_int(old, "budget_tokens", budget_of(req)),
		    max_tokens);
	if (budget == 0) {
		edits_remove(ed, "thinking");
		return;
	}
	if (js_is(old, "type", "enabled") && !js_has(old, "display") &&
	    js_int(old, "budget_tokens", 0) == budget)
		return;
	thinking = json_object_new_object();
	js_add_str(thinking, "type", "enabled");
	js_add_int(thinking, "budget_tokens", budget);
	add_display(thinking, old);
	edits_set_take(ed, "thinking", thinking);
}

static void
set_adaptive(json_object *req, struct edits *ed)
{
	json_object	*old = js_obj(req, "thinking"), *thinking;
	const char	*display = js_str(old, "display");

	if (js_is(old, "type", "adaptive") && (display == NULL ||
	    strcmp(display, "omitted") == 0 ||
	    strcmp(display, "summarized") == 0))
		return;
	thinking = json_object_new_object();
	js_add_str(thinking, "type", "adaptive");
	add_display(thinking, old);
	edits_set_take(ed, "thinking", thinking);
}

static void
set_thinking(json_object *req, const struct model *m, int64_t max_tokens,
    struct edits *ed)
{
	json_object *thinking = js_obj(req, "thinking");

	if (js_is(thinking, "type", "adaptive") ||
	    js_is(thinking, "type", "enabled")) {
		if (m->adaptive_thinking)
			set_adaptive(req, ed);
		else
			set_budget(req, m, max_tokens, ed);
	} else if (thinking != NULL && !m->adaptive_thinking &&
	    m->max_thinking_budget == 0)
		edits_remove(ed, "thinking");
}

/* The efforts of the list; a model that has none isn't told one. */
static void
set_effort(json_object *req, const struct model *m, struct edits *ed)
{
	json_object	*config = js_obj(req, "output_config");
	const char	*asked = js_str(config, "effort"), *best;

	if (asked == NULL)
		return;
	best = effort_nearest(asked, m->reasoning_effort);
	if (best != NULL && strcmp(best, asked) == 0)
		return;
	if (best != NULL)
		js_add_str(config, "effort", best);
	else
		js_del(config, "effort");
	if (json_object_object_length(config) > 0)
		edits_set_take(ed, "output_config", json_object_get(config));
	else
		edits_remove(ed, "output_config");
}

void
messages_thinking(json_object *req, const struct model *m, int64_t max_tokens,
    struct edits *ed)
{
	set_thinking(req, m, max_tokens, ed);
	set_effort(req, m, ed);
}
