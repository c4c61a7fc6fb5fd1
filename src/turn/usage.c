/* The price of an answer: tokens, by kind, and what Copilot bills for them. */
#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "turn/usage.h"

#define NANO_USD INT64_C(100000000000)	/* a credit is 0.01 USD */

#define AT(member) offsetof(struct usage, member)

/* Where the protocols have the counts. */
static const struct {
	size_t		 offset;
	const char	*object;	/* within usage; NULL: itself */
	const char	*name;
} counts[] = {
	{ AT(input), NULL, "prompt_tokens" },
	{ AT(input), NULL, "input_tokens" },
	{ AT(output), NULL, "completion_tokens" },
	{ AT(output), NULL, "output_tokens" },
	{ AT(cached), "prompt_tokens_details", "cached_tokens" },
	{ AT(cached), "input_tokens_details", "cached_tokens" },
	{ AT(cache_write), "prompt_tokens_details", "cache_write_tokens" },
	{ AT(cache_write), "input_tokens_details", "cache_write_tokens" },
	{ AT(reasoning), "completion_tokens_details", "reasoning_tokens" },
	{ AT(reasoning), "output_tokens_details", "reasoning_tokens" },
	/* Anthropic's "input_tokens" has neither in it. */
	{ AT(cached), NULL, "cache_read_input_tokens" },
	{ AT(cache_write), NULL, "cache_creation_input_tokens" },
};

/* A count that can be added up: upstream's word, within reason; -1: none. */
static int64_t
count(json_object *obj, const char *name)
{
	int64_t n = js_int(obj, name, -1);

	return n > INT32_MAX ? INT32_MAX : n < 0 ? -1 : n;
}

static int64_t *
member(struct usage *u, size_t offset)
{
	return (int64_t *)(void *)((char *)u + offset);
}

/*
 * Gemini counts its reasoning in a member of its own and beside the completion;
 * OpenAI's completion includes it.
 */
static void
read_reasoning(struct usage *u, json_object *obj)
{
	int64_t n = count(obj, "reasoning_tokens");

	if (n <= 0)
		return;
	if (u->reasoning == 0)
		u->reasoning = n;
	if (count(obj, "total_tokens") - n == u->input + u->output)
		u->output += n;
}

static void
read_counts(struct usage *u, json_object *obj)
{
	json_object	*in;
	int64_t		 n;
	size_t		 i;

	for (i = 0; i < COUNT(counts); i++) {
		in = counts[i].object != NULL ? js_obj(obj, counts[i].object) :
		    obj;
		if ((n = count(in, counts[i].name)) >= 0)
			*member(u, counts[i].offset) = n;
	}
	if (js_has(obj, "cache_read_input_tokens") && u->input >= 0 &&
	    js_has(obj, "input_tokens"))
		u->input += u->cached + u->cache_write;
	read_reasoning(u, obj);
}

/* --- The bill. */

enum kind { INPUT, CACHE_READ, CACHE_WRITE, OUTPUT, KIND__MAX };

static const char *const kinds[KIND__MAX] = {
	"input", "cache_read", "cache_write", "output"
};

/* One line of it. False for a kind that we don't know. */
static bool
read_detail(json_object *detail, int64_t sum[static KIND__MAX])
{
	int64_t	n = count(detail, "token_count");
	size_t	i;

	for (i = 0; i < KIND__MAX && n >= 0; i++)
		if (js_is(detail, "token_type", kinds[i])) {
			sum[i] += n;
			return true;
		}
	return false;
}

static void
read_split(struct usage *u, json_object *details)
{
	int64_t		 sum[KIND__MAX] = { 0 }, input;
	size_t		 i, known = 0;
	json_object	*d;
	const char	*model;

	for (i = 0; i < js_len(details); i++) {
		d = json_object_array_get_idx(details, i);
		known += read_detail(d, sum);
		if (u->model[0] == '\0' && (model = js_str(d, "model")) != NULL)
			text_clean(model, strlen(model), u->model,
			    sizeof(u->model));
	}
	if (known == 0)
		return;
	u->cached = sum[CACHE_READ];
	u->cache_write = sum[CACHE_WRITE];
	input = sum[INPUT] + u->cached + u->cache_write;
	if (u->input < input)
		u->input = input;
	if (u->output < 0)
		u->output = sum[OUTPUT];
}

/* No more can be cached than there is. */
static void
settle(struct usage *u)
{
	if (u->input >= 0 && u->cached + u->cache_write > u->input)
		u->input = u->cached + u->cache_write;
}

void
usage_read(struct usage *u, json_object *usage, json_object *bill)
{
	int64_t nano = js_int(bill, "total_nano_aiu", -1);

	if (usage != NULL)
		read_counts(u, usage);
	if (nano >= 0)
		u->nano = nano;
	read_split(u, js_array(bill, "token_details"));
	settle(u);
}

/* --- What is made of it. */

/* A negative one is not known. */
static int64_t
both(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void
usage_add(struct usage *u, const struct usage *more)
{
	u->input = both(u->input, more->input);
	u->cached = both(u->cached, more->cached);
	u->cache_write = both(u->cache_write, more->cache_write);
	u->output = both(u->output, more->output);
	u->reasoning = both(u->reasoning, more->reasoning);
	u->nano = both(u->nano, more->nano);
	if (u->model[0] == '\0')
		snprintf(u->model, sizeof(u->model), "%s", more->model);
}

/* A double has no room for eleven places of any amount: the text has. */
json_object *
usage_usd(int64_t nano)
{
	char	text[40];
	size_t	n;

	n = (size_t)snprintf(text, sizeof(text), "%lld.%011lld",
	    (long long)(nano / NANO_USD), (long long)(nano % NANO_USD));
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	text[n] = '\0';
	return json_object_new_double_s((double)nano / (double)NANO_USD, text);
}

json_object *
usage_cost(const struct usage *u)
{
	return u->nano < 0 || !u->show_cost ? NULL : usage_usd(u->nano);
}
