/*
 * POST /v1/completions, OpenAI's first protocol: text that is gone on with. No
 * model of Copilot's has it, so the prompt is what a user says to a model that
 * chats, as instruct models took it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/chat-ask.h"
#include "api/completions-answer.h"
#include "api/join.h"
#include "api/split.h"
#include "api/target.h"
#include "api/tokens.h"
#include "api/vocabulary.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/check.h"
#include "chat/terms.h"
#include "chat/wanted.h"
#include "copilot/models.h"
#include "turn/complain.h"
#include "turn/terms.h"
#include "turn/turn.h"

#define LOGPROBS_MAX	5	/* as OpenAI's reference has it */
#define TOKENS_MAX	1000000	/* of a prompt, if the model doesn't say */

/* --- What it calls things. */

static const struct terms_word words[] = {
	{ TERM_LIST,	"prompt", true },
	{ TERM_LIMIT,	"max_tokens", false },
	{ TERM_LOGPROBS, "logprobs", true },
	{ TERM_PATH,	"/completions", false },
	{ TERM_FORMAT,	"response_format", false },
	{ TERM_EFFORT,	"reasoning_effort", false },
	{ TERM_VERBOSITY, "verbosity", true },
	{ TERM_TOOLS,	"tools", true },
	{ TERM_CHOICE,	"tool_choice", false },
};

static const struct terms_side side = {
	.words = words, .nwords = COUNT(words), .beside = "prompt",
	.function = "", .custom = "", .image = ""
};

/* The one message that there will be is all of the prompt. */
static void
note_terms(struct exchange *x)
{
	struct turn t = { .side = &side };

	x->terms = xcalloc(1, sizeof(*x->terms));
	turn_add(&t, TURN_USER, TURN_WHOLE_INPUT, -1);
	terms_begin(x->terms, &t, &chat_terms);
	terms_note(x->terms, 0, 1);
	turn_finish(&t);
}

/* --- What can't be had. */

static bool
refuse(struct err *err, const char *param, const char *why)
{
	return err_param(err, param, "unsupported_parameter",
	    "Unsupported parameter: '%s'. %s", param, why);
}

static bool
check_echo(json_object *obj, struct err *err)
{
	json_object *v = js_get(obj, "echo");

	if (v != NULL && !json_object_is_type(v, json_type_boolean))
		return complain_wrong_type(err, "echo", "a boolean", v);
	return !js_bool(obj, "echo", false) || refuse(err, "echo",
	    "GitHub Copilot's models chat, and repeat no prompt. Put the "
	    "prompt in front of the text yourself.");
}

static bool
check_suffix(json_object *obj, struct err *err)
{
	json_object *v = js_get(obj, "suffix");

	if (v != NULL && !json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, "suffix", "a string", v);
	return v == NULL || json_object_get_string_len(v) == 0 || refuse(err,
	    "suffix", "None of GitHub Copilot's models that can be asked here "
	    "inserts text between a prompt and a suffix.");
}

/* How many others are told beside each token; a chat has a second member. */
static bool
check_logprobs(json_object *obj, struct err *err)
{
	json_object	*v = js_get(obj, "logprobs");
	int64_t		 n;

	if (v != NULL && !json_object_is_type(v, json_type_int))
		return complain_wrong_type(err, "logprobs", "an integer", v);
	n = v != NULL ? json_object_get_int64(v) : 0;
	if (n < 0)
		return err_param(err, "logprobs", "integer_below_min_value",
		    "Invalid 'logprobs': integer below minimum value. Expected "
		    "a value >= 0, but got %lld instead.", (long long)n);
	return n <= LOGPROBS_MAX || err_param(err, "logprobs",
	    "integer_above_max_value", "Invalid 'logprobs': integer above "
	    "maximum value. Expected a value <= %d, but got %lld instead.",
	    LOGPROBS_MAX, (long long)n);
}

static bool
check_best_of(json_object *obj, struct err *err)
{
	json_object *v = js_get(obj, "best_of");

	if (v != NULL && !json_object_is_type(v, json_type_int))
		return complain_wrong_type(err, "best_of", "an integer", v);
	return v == NULL ||
	    json_object_get_int64(v) == js_int(obj, "n", 1) || refuse(err,
	    "best_of", "Nobody here can tell which answer is the best one: "
	    "ask for 'n' of them.");
}

/* --- The prompt. */

static bool
check_text(json_object *v, const char *param, struct err *err)
{
	if (v == NULL || !json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, param, "a string", v);
	if (json_object_get_string_len(v) > 0)
		return true;
	return err_param(err, param, "empty_string", "Invalid '%s': empty "
	    "string. A model that chats has to be told something.", param);
}

/* Tokens are looked at when the model is known, see decode_all(). */
static bool
is_tokens(json_object *list)
{
	json_object *first = json_object_array_get_idx(list, 0);

	return first != NULL && json_object_is_type(first, json_type_int);
}

static bool
check_element(json_object *v, const char *param, bool tokens, struct err *err)
{
	if (!tokens)
		return check_text(v, param, err);
	return (v != NULL && json_object_is_type(v, json_type_array)) ||
	    complain_wrong_type(err, param, "an array of integers", v);
}

/* The first element says what the others have to be. */
static bool
check_list(json_object *list, struct err *err)
{
	json_object	*first;
	bool		 tokens;
	size_t		 n = js_len(list), i;
	char		 param[32];

	if (n == 0)
		return tokens_none("prompt", err);
	if (is_tokens(list))
		return true;
	first = json_object_array_get_idx(list, 0);
	tokens = first != NULL && json_object_is_type(first, json_type_array);
	for (i = 0; i < n; i++) {
		snprintf(param, sizeof(param), "prompt[%zu]", i);
		if (!check_element(json_object_array_get_idx(list, i), param,
		    tokens, err))
			return false;
	}
	return true;
}

static bool
check_prompt(json_object *obj, struct err *err)
{
	json_object *v = js_get(obj, "prompt");

	if (v == NULL)
		return complain_missing(err, "prompt");
	return json_object_is_type(v, json_type_array) ? check_list(v, err) :
	    check_text(v, "prompt", err);
}

/* --- A prompt that consists of tokens. */

static bool
has_tokens(json_object *obj)
{
	json_object *prompt = js_array(obj, "prompt"), *first;

	if (js_len(prompt) == 0)
		return false;
	first = json_object_array_get_idx(prompt, 0);
	return is_tokens(prompt) || (first != NULL &&
	    json_object_is_type(first, json_type_array));
}

/* Only OpenAI's models share the vocabularies that their clients have. */
static bool
reads_tokens(const struct target *t)
{
	return t->model != NULL ? t->model->openai :
	    util_starts(t->upstream, "gpt-");
}

static bool
decode_list(json_object *list, struct tokens *t, struct err *err)
{
	size_t		 n = js_len(list), i;
	json_object	*text;
	char		 param[32];

	for (i = 0; i < n; i++) {
		snprintf(param, sizeof(param), "prompt[%zu]", i);
		text = tokens_text(t, json_object_array_get_idx(list, i),
		    param, err);
		if (text == NULL)
			return false;
		json_object_array_put_idx(list, i, text);
	}
	return true;
}

/* "prompt" becomes the text, or the texts, that the tokens stand for. */
static bool
decode_prompt(json_object *obj, const struct target *to, struct err *err)
{
	json_object	*prompt = js_array(obj, "prompt"), *text;
	struct tokens	 t = {
		.vocabulary = vocabulary_of(to->upstream), .max = TOKENS_MAX
	};
	bool		 ok;

	if (!reads_tokens(to))
		return err_param(err, "prompt", "unsupported_value",
		    "Unsupported value: 'prompt' has tokens, and '%s' has "
		    "none of OpenAI's vocabularies. Send the text.",
		    to->asked);
	if (to->model != NULL && to->model->max_prompt_tokens > 0)
		t.max = (size_t)to->model->max_prompt_tokens;
	if (!is_tokens(prompt))
		ok = decode_list(prompt, &t, err);
	else if ((ok = (text = tokens_text(&t, prompt, "prompt", err)) !=
	    NULL))
		js_add_take(obj, "prompt", text);
	tokens_finish(&t);
	return ok;
}

/* The prompt in a chat's form; what both protocols have stays. */
static void
make_chat(json_object *obj)
{
	static const char *const own[] = {
		"prompt", "suffix", "echo", "best_of", "logprobs", "store"
	};
	json_object	*messages = json_object_new_array();
	json_object	*message = json_object_new_object();
	json_object	*prompt = js_get(obj, "prompt");
	bool		 logprobs = js_get(obj, "logprobs") != NULL;
	int64_t		 top = js_int(obj, "logprobs", 0);
	size_t		 i;

	if (json_object_is_type(prompt, json_type_array))
		prompt = json_object_array_get_idx(prompt, 0);
	js_add_str(message, "role", "user");
	js_add_ref(message, "content", prompt);
	json_object_array_add(messages, message);
	for (i = 0; i < COUNT(own); i++)
		js_del(obj, own[i]);
	js_add_take(obj, "messages", messages);
	if (logprobs)
		js_add_bool(obj, "logprobs", true);
	if (top > 0)
		js_add_int(obj, "top_logprobs", top);
}

static bool
check(json_object *obj, struct err *err)
{
	const char *name;

	return target_name(obj, &name, err) && check_prompt(obj, err) &&
	    check_echo(obj, err) && check_suffix(obj, err) &&
	    check_logprobs(obj, err) && check_best_of(obj, err);
}

/* Several prompts are requests of their own. */
static enum handled
split(struct exchange *x, json_object *obj)
{
	json_object	*n = js_get(obj, "n");
	struct err	 err;
	bool		 ok;

	if (n != NULL && !json_object_is_type(n, json_type_int))
		ok = complain_wrong_type(&err, "n", "an integer", n);
	else
		ok = split_prompts(x, obj, js_array(obj, "prompt"), &err);
	json_object_put(obj);
	return ok ? HANDLED_PARTS : exchange_refuse(x, &err);
}

/* Read the request, which is in this protocol's form. */
static bool
read_request(const struct exchange *x, json_object *obj, bool *models,
    struct err *err)
{
	struct target t;

	*models = false;
	if (!check(obj, err))
		return false;
	if (!has_tokens(obj))
		return true;
	if (x->models == NULL && !x->models_tried)
		return *models = true;
	return target_find(x, obj, MODEL_CHAT | MODEL_RESPONSES |
	    MODEL_MESSAGES, &t, err) && decode_prompt(obj, &t, err);
}

static enum handled
ask(struct exchange *x, json_object *take)
{
	const struct chat_tap	 next = join_tap(x->part);
	struct chat_tap		 tap = { .print = completions_print };

	tap.arg = completions_create(js_bool(take, "stream", false), &next);
	x->kept = tap.arg;
	x->forget = completions_destroy;
	make_chat(take);
	note_terms(x);
	return chat_ask_take(x, take, true, &tap);
}

enum handled
api_completions(struct exchange *x)
{
	json_object	*obj;
	struct err	 err;
	bool		 models;

	if (!exchange_parse(x, &obj, &err))
		return exchange_refuse(x, &err);
	if (!read_request(x, obj, &models, &err) || models) {
		json_object_put(obj);
		return models ? HANDLED_MODELS : exchange_refuse(x, &err);
	}
	return js_len(js_array(obj, "prompt")) > 1 ? split(x, obj) :
	    ask(x, obj);
}
