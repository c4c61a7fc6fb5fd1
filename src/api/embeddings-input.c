/* An embeddings request has to be made of text, whatever was sent. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>

#include "api/embeddings-input.h"
#include "api/tokens.h"
#include "api/vocabulary.h"
#include "base/err.h"
#include "base/js.h"
#include "copilot/models.h"
#include "turn/complain.h"

/* OpenAI's limits (API reference, "Create embeddings"). */
#define INPUTS_MAX	2048
#define TOKENS_MAX	8192	/* of an input, if the model doesn't say */
#define TOKENS_ALL_MAX	300000

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

/* The i-th of an array of token arrays. */
static json_object *
decode_element(struct tokens *t, json_object *list, size_t i, struct err *err)
{
	json_object	*v = json_object_array_get_idx(list, i);
	char		 param[32];

	snprintf(param, sizeof(param), "input[%zu]", i);
	if (v != NULL && json_object_is_type(v, json_type_array))
		return tokens_text(t, v, param, err);
	complain_wrong_type(err, param, "an array of integers", v);
	return NULL;
}

/* The texts of a token array, or of an array of such. */
static json_object *
decode_all(json_object *list, bool nested, const struct model *model,
    struct err *err)
{
	struct tokens	 t = {
		.vocabulary = &vocabulary_cl100k, .max = TOKENS_MAX,
		.max_all = TOKENS_ALL_MAX
	};
	json_object	*texts = json_object_new_array(), *text;
	size_t		 n = nested ? js_len(list) : 1, i;

	if (model != NULL && model->max_prompt_tokens > 0)
		t.max = (size_t)model->max_prompt_tokens;
	for (i = 0; i < n; i++) {
		text = nested ? decode_element(&t, list, i, err) :
		    tokens_text(&t, list, "input", err);
		if (text == NULL)
			break;
		json_object_array_add(texts, text);
	}
	if (i < n) {
		json_object_put(texts);
		texts = NULL;
	}
	tokens_finish(&t);
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
		tokens_none("input", err);
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
