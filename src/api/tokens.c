/* Input that is tokens, as text. */
#include "config.h"

#include <stdio.h>

#include "api/tokens.h"
#include "api/vocabulary.h"
#include "base/budget.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "turn/complain.h"

bool
tokens_none(const char *param, struct err *err)
{
	return err_param(err, param, "empty_array",
	    "Invalid '%s': empty array. Expected an array with minimum length "
	    "1, but got an empty array instead.", param);
}

/* A byte of text is in "bytes", in "text", in the string and in the call. */
#define COPIES 4

static bool
check_count(struct tokens *t, size_t n, const char *param, struct err *err)
{
	if (n == 0)
		return tokens_none(param, err);
	if (n > t->max)
		return err_set(err, 400, ERR_REQUEST, NULL, NULL,
		    "This model's maximum context length is %zu tokens, "
		    "however you requested %zu tokens (%zu in your prompt; 0 "
		    "for the completion). Please reduce your prompt; or "
		    "completion length.", t->max, n, n);
	t->n += n;
	if (t->max_all > 0 && t->n > t->max_all)
		return err_set(err, 400, "max_tokens_per_request",
		    "max_tokens_per_request", NULL,
		    "Requested %zu tokens, max %zu tokens per request", t->n,
		    t->max_all);
	return true;
}

/* Before any of them is decoded: a token of 6 bytes can be 128 of text. */
static bool
afford(const struct tokens *t, json_object *list, struct err *err)
{
	size_t		 n = js_len(list), i, bytes = 0;
	json_object	*v;

	for (i = 0; i < n; i++) {
		v = json_object_array_get_idx(list, i);
		if (json_object_is_type(v, json_type_int) && v != NULL)
			bytes += vocabulary_bytes(t->vocabulary,
			    json_object_get_int64(v));
	}
	return budget_afford(bytes * COPIES) || budget_refuse(NULL, err);
}

static bool
decode(struct tokens *t, json_object *v, const char *param, size_t i,
    struct err *err)
{
	bool	is = v != NULL && json_object_is_type(v, json_type_int);
	char	where[64];

	if (is && vocabulary_decode(t->vocabulary, json_object_get_int64(v),
	    &t->bytes))
		return true;
	snprintf(where, sizeof(where), "%s[%zu]", param, i);
	if (!is)
		return complain_wrong_type(err, where, "an integer", v);
	return err_param(err, where, "invalid_value",
	    "Invalid '%s': %lld is not a token of this model's vocabulary, "
	    "%s.", where, (long long)json_object_get_int64(v),
	    vocabulary_name(t->vocabulary));
}

json_object *
tokens_text(struct tokens *t, json_object *list, const char *param,
    struct err *err)
{
	size_t n = js_len(list), i;

	if (!check_count(t, n, param, err) || !afford(t, list, err))
		return NULL;
	buf_truncate(&t->bytes, 0);
	for (i = 0; i < n; i++)
		if (!decode(t, json_object_array_get_idx(list, i), param, i,
		    err))
			return NULL;
	buf_truncate(&t->text, 0);
	text_utf8_repair(buf_str(&t->bytes), t->bytes.len, &t->text);
	return json_object_new_string_len(buf_str(&t->text),
	    (int)t->text.len);
}

void
tokens_finish(struct tokens *t)
{
	buf_finish(&t->bytes);
	buf_finish(&t->text);
}
