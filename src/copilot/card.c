/* Limits and prices of a model, in the words of lists that clients know. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "copilot/card.h"

#define MILLION		1e6
#define USD_OF_CREDIT	0.01
#define USD_MAX		1e6	/* for a million tokens; more is no price */

/* --- What it takes. */

static void
add_known(json_object *obj, const char *key, int64_t n)
{
	if (n > 0)
		js_add_int(obj, key, n);
}

static json_object *
inputs_of(const struct card *c)
{
	json_object *list = json_object_new_array();

	js_append_take(&list, json_object_new_string("text"));
	if (c->image)
		js_append_take(&list, json_object_new_string("image"));
	if (c->pdf)
		js_append_take(&list, json_object_new_string("file"));
	return list;
}

static void
add_architecture(json_object *obj, const struct card *c, json_object *entry)
{
	const char	*tokens = js_str(js_obj(entry, "capabilities"),
			    "tokenizer");
	json_object	*a = json_object_new_object(), *inputs, *outputs = NULL;

	inputs = inputs_of(c);
	js_append_take(&outputs, json_object_new_string(c->vectors ?
	    "embeddings" : "text"));
	js_add_str(a, "modality", c->vectors ? "text->embeddings" :
	    c->image ? "text+image->text" : "text->text");
	js_add_ref(a, "input_modalities", inputs);
	js_add_take(a, "output_modalities", outputs);
	if (tokens != NULL)
		js_add_str(a, "tokenizer", tokens);
	js_add_take(obj, "input_modalities", inputs);
	js_add_take(obj, "architecture", a);
}

static void
add_provider(json_object *obj, const struct card *c)
{
	json_object *top = json_object_new_object();

	add_known(top, "context_length", c->context);
	add_known(top, "max_completion_tokens", c->output);
	js_add_bool(top, "is_moderated", false);
	js_add_take(obj, "top_provider", top);
}

static void
add_words(json_object **list, bool has, const char *const *words)
{
	for (; has && *words != NULL; words++)
		js_append_take(list, json_object_new_string(*words));
}

/* The parameters of chat completions that make a difference. */
static void
add_parameters(json_object *obj, const struct card *c)
{
	static const char *const all[] = {
		"max_tokens", "temperature", "top_p", "stop",
		"response_format", NULL
	};
	static const char *const tools[] = { "tools", "tool_choice", NULL };
	static const char *const parallel[] = { "parallel_tool_calls", NULL };
	static const char *const schema[] = { "structured_outputs", NULL };
	static const char *const thinks[] = {
		"reasoning", "include_reasoning", "reasoning_effort", NULL
	};
	json_object *list = NULL;

	if (c->vectors)
		return;
	add_words(&list, true, all);
	add_words(&list, c->tools, tools);
	add_words(&list, c->parallel, parallel);
	add_words(&list, c->schema, schema);
	add_words(&list, c->thinks, thinks);
	js_add_take(obj, "supported_parameters", list);
}

/* --- What it costs. */

/* Upstream's names of a price, of which a list has one; ours of it. */
static const struct {
	const char	*theirs[2], *pricing, *cost;
} prices[] = {
	{ { "input_price" },		"prompt",		"input" },
	{ { "output_price" },		"completion",		"output" },
	{ { "cache_price", "cache_read_price" },
					"input_cache_read",	"cache_read" },
	{ { "cache_write_price" },	"input_cache_write",	"cache_write" },
};

/* USD for a million tokens: the list says credits for a batch. -1: unsaid. */
static double
price_of(json_object *list, const char *const name[2])
{
	json_object	*tier = js_obj(list, "default");
	double		 batch = js_double(list, "batch_size", MILLION);
	double		 credits = js_double(tier, name[0], -1);

	if (credits < 0 && name[1] != NULL)
		credits = js_double(tier, name[1], -1);
	if (!(credits >= 0) || !(batch > 0))
		return -1;
	credits *= USD_OF_CREDIT * MILLION / batch;
	return credits <= USD_MAX ? credits : -1;
}

/* As a decimal number: clients that read 5e-06 otherwise are many. */
static void
decimal(double v, int digits, char *out, size_t size)
{
	char *end;

	snprintf(out, size, "%.*f", digits, v);
	for (end = out + strlen(out); end[-1] == '0'; )
		*--end = '\0';
	if (end[-1] == '.')
		*--end = '\0';
}

static void
add_prices(json_object *obj, json_object *list)
{
	json_object	*pricing = json_object_new_object();
	json_object	*cost = json_object_new_object();
	char		 text[64];
	double		 usd;
	size_t		 i;

	for (i = 0; i < COUNT(prices); i++) {
		if ((usd = price_of(list, prices[i].theirs)) < 0)
			continue;
		decimal(usd, 6, text, sizeof(text));
		js_add_take(cost, prices[i].cost,
		    json_object_new_double_s(usd, text));
		decimal(usd / MILLION, 12, text, sizeof(text));
		js_add_str(pricing, prices[i].pricing, text);
	}
	if (json_object_object_length(cost) > 0) {
		js_add_ref(obj, "pricing", pricing);
		js_add_ref(obj, "cost", cost);
	}
	json_object_put(pricing);
	json_object_put(cost);
}

void
card_add(json_object *obj, const struct card *c, json_object *entry)
{
	add_known(obj, "context_length", c->context);
	add_known(obj, "max_output_tokens", c->output);
	add_architecture(obj, c, entry);
	add_provider(obj, c);
	add_parameters(obj, c);
	add_prices(obj, js_obj(js_obj(entry, "billing"), "token_prices"));
}
