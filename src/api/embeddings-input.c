/* What an embeddings request has to be made of: text, whatever was sent. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>

#include "api/cl100k.h"
#include "api/embeddings-input.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "copilot/models.h"
#include "turn/complain.h"

/* OpenAI's limits (API reference, "Create embeddings"). */
#define INPUTS_MAX	2048
#define TOKENS_MAX	8192	/* of an input, if the model doesn't say */
#define TOKENS_ALL_MAX	300000

/* An input that consists of tokens, while it is read. */
struct tokens {
	size_t		 max;	/* of one input */
	size_t		 n;	/* of all of them so far */
	struct buf	 bytes;
	struct buf	 text;
};

static bool
refuse_empty_array(const char *param, struct err *err)
{
	return err_param(err, param, "empty_array",
	    "Invalid '%s': empty array. Expected an array with minimum length "
	    "1, but got an empty array instead.", param);
}

static bool
check_text(json_object *v, const char *param, struct err *err)
{
	if (v == NULL || !json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, param, "a string", v);
	if (json_object_get_string_len(v) == 0)
		return err_param(err, param, "empty_string",
		    "Invalid '%s': input cannot be an empty string.", param);
	return true;
}

/* One of an array of strings. */
static bool
check_element(json_object *list, size_t i, struct err *err)
{
	char param[32];

	snprintf(param, sizeof(param), "input[%zu]", i);
	return check_text(json_object_array_get_idx(list, i), param, err);
}

static bool
check_strings(json_object *list, struct err *err)
{
	size_t n = js_len(list), i;

	for (i = 0; i < n; i++)
		if (!check_element(list, i, err))
			return false;
	return true;
}

/* Before any of them is decoded: a token of 6 bytes can be 128 of text. */
static bool
check_count(struct tokens *t, size_t n, const char *param, struct err *err)
{
	if (n == 0)
		return refuse_empty_array(param, err);
	if (n > t->max)
		return err_set(err, 400, ERR_REQUEST, NULL, NULL,
		    "This model's maximum context length is %zu tokens, "
		    "however you requested %zu tokens (%zu in your prompt; 0 "
		    "for the completion). Please reduce your prompt; or "
		    "completion length.", t->max, n, n);
	t->n += n;
	if (t->n > TOKENS_ALL_MAX)
		return err_set(err, 400, "max_tokens_per_request",
		    "max_tokens_per_request", NULL,
		    "Requested %zu tokens, max %d tokens per request", t->n,
		    TOKENS_ALL_MAX);
	return true;
}

static bool
decode_token(struct tokens *t, json_object *v, const char *param, size_t i,
    struct err *err)
{
	char where[64];

	if (v != NULL && json_object_is_type(v, json_type_int) &&
	    cl100k_decode(json_object_get_int64(v), &t->bytes))
		return true;
	snprintf(where, sizeof(where), "%s[%zu]", param, i);
	if (v == NULL || !json_object_is_type(v, json_type_int))
		return complain_wrong_type(err, where, "an integer", v);
	return err_param(err, where, "invalid_value",
	    "Invalid '%s': %lld is not a token of this model's vocabulary, "
	    "cl100k_base.", where, (long long)json_object_get_int64(v));
}

/* The text of an array of tokens, NULL when it is refused. */
static json_object *
decode(struct tokens *t, json_object *list, const char *param, struct err *err)
{
	size_t n = js_len(list), i;

	if (!check_count(t, n, param, err))
		return NULL;
	buf_truncate(&t->bytes, 0);
	for (i = 0; i < n; i++)
		if (!decode_token(t, json_object_array_get_idx(list, i), param,
		    i, err))
			return NULL;
	buf_truncate(&t->text, 0);
	text_utf8_repair(buf_str(&t->bytes), t->bytes.len, &t->text);
	return json_object_new_string_len(buf_str(&t->text),
	    (int)t->text.len);
}

/* The i-th of an array of token arrays. */
static json_object *
decode_element(struct tokens *t, json_object *list, size_t i, struct err *err)
{
	json_object	*v = json_object_array_get_idx(list, i);
	char		 param[32];

	snprintf(param, sizeof(param), "input[%zu]", i);
	if (v != NULL && json_object_is_type(v, json_type_array))
		return decode(t, v, param, err);
	complain_wrong_type(err, param, "an array of integers", v);
	return NULL;
}

/* The texts of a token array, or of an array of such. */
static json_object *
decode_all(json_object *list, bool nested, const struct model *model,
    struct err *err)
{
	struct tokens	 t = { .max = TOKENS_MAX };
	json_object	*texts = json_object_new_array(), *text;
	size_t		 n = nested ? js_len(list) : 1, i;

	if (model != NULL && model->max_prompt_tokens > 0)
		t.max = (size_t)model->max_prompt_tokens;
	for (i = 0; i < n; i++) {
		text = nested ? decode_element(&t, list, i, err) :
		    decode(&t, list, "input", err);
		if (text == NULL)
			break;
		json_object_array_add(texts, text);
	}
	if (i < n) {
		json_object_put(texts);
		texts = NULL;
	}
	buf_finish(&t.bytes);
	buf_finish(&t.text);
	return texts;
}

static bool
check_length(json_object *list, struct err *err)
{
	if (js_len(list) <= INPUTS_MAX)
		return true;
	return err_param(err, "input", "array_above_max_length",
	    "Invalid 'input': array too long. Expected an array with maximum "
	    "length %d, but got an array with length %zu instead.", INPUTS_MAX,
	    js_len(list));
}

/* The first element says what the others have to be. */
static json_object *
read_array(json_object *list, const struct model *model, struct err *err)
{
	json_object	*first = json_object_array_get_idx(list, 0);
	bool		 nested;

	if (js_len(list) == 0) {
		refuse_empty_array("input", err);
		return NULL;
	}
	if (first != NULL && json_object_is_type(first, json_type_int))
		return decode_all(list, false, model, err);
	if (!check_length(list, err))
		return NULL;
	nested = first != NULL && json_object_is_type(first, json_type_array);
	if (nested)
		return decode_all(list, true, model, err);
	return check_strings(list, err) ? json_object_get(list) : NULL;
}

json_object *
embeddings_input(json_object *obj, const struct model *model, struct err *err)
{
	json_object *input = js_get(obj, "input"), *list;

	if (input == NULL) {
		complain_missing(err, "input");
		return NULL;
	}
	if (json_object_is_type(input, json_type_array))
		return read_array(input, model, err);
	if (!json_object_is_type(input, json_type_string)) {
		complain_wrong_type(err, "input", "a string, an array of "
		    "strings, an array of integers, or an array of arrays of "
		    "integers", input);
		return NULL;
	}
	if (!check_text(input, "input", err))
		return NULL;
	list = json_object_new_array();
	json_object_array_add(list, json_object_get(input));
	return list;
}
