/* POST /v1/embeddings: the request to upstream, and its answer. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "embeddings.h"
#include "err.h"
#include "js.h"
#include "models.h"
#include "text.h"
#include "upstream-error.h"
#include "util.h"

#define INPUTS_MAX 512	/* upstream's limit where the model says none */

/* --- The request. */

static bool
check_text(json_object *v, const char *param, struct err *err)
{
	if (json_object_get_string_len(v) > 0)
		return true;
	return err_param(err, param, "empty_string",
	    "Invalid '%s': input cannot be an empty string.", param);
}

/* Tokens need the model's vocabulary, which upstream keeps to itself. */
static bool
refuse_tokens(struct err *err)
{
	return err_param(err, "input", "unsupported_value",
	    "Invalid 'input': this server takes text only. Send strings "
	    "instead of token arrays.");
}

static bool
check_element(json_object *v, size_t i, struct err *err)
{
	char param[32];

	snprintf(param, sizeof(param), "input[%zu]", i);
	if (v != NULL && json_object_is_type(v, json_type_string))
		return check_text(v, param, err);
	if (v != NULL && (json_object_is_type(v, json_type_int) ||
	    json_object_is_type(v, json_type_array)))
		return refuse_tokens(err);
	return err_param(err, param, "invalid_type",
	    "Invalid type for '%s': expected a string.", param);
}

static bool
check_array(json_object *list, const struct model *model, struct err *err)
{
	size_t	n = js_len(list), max, i;

	max = model != NULL && model->max_inputs > 0 ?
	    (size_t)model->max_inputs : INPUTS_MAX;
	if (n == 0)
		return err_param(err, "input", "empty_array",
		    "Invalid 'input': empty array. Expected an array with "
		    "minimum length 1, but got an empty array instead.");
	for (i = 0; i < n; i++)
		if (!check_element(json_object_array_get_idx(list, i), i, err))
			return false;
	if (n > max)
		return err_param(err, "input", "array_above_max_length",
		    "Invalid 'input': array too long. Expected an array with "
		    "maximum length %zu, but got an array with length %zu "
		    "instead.", max, n);
	return true;
}

static bool
check_input(json_object *obj, const struct model *model, struct err *err)
{
	json_object *input = js_get(obj, "input");

	if (input == NULL)
		return err_param(err, "input", "missing_required_parameter",
		    "Missing required parameter: 'input'.");
	if (json_object_is_type(input, json_type_string))
		return check_text(input, "input", err);
	if (json_object_is_type(input, json_type_array))
		return check_array(input, model, err);
	return err_param(err, "input", "invalid_type",
	    "Invalid type for 'input': expected a string or an array of "
	    "strings.");
}

static bool
check_format(json_object *obj, bool *base64, struct err *err)
{
	json_object	*v = js_get(obj, "encoding_format");
	char		 shown[64];

	*base64 = js_is(obj, "encoding_format", "base64");
	if (v == NULL || *base64 || js_is(obj, "encoding_format", "float"))
		return true;
	if (!json_object_is_type(v, json_type_string))
		return err_param(err, "encoding_format", "invalid_type",
		    "Invalid type for 'encoding_format': expected one of "
		    "'float' or 'base64'.");
	text_clean(json_object_get_string(v),
	    (size_t)json_object_get_string_len(v), shown, sizeof(shown));
	return err_param(err, "encoding_format", "invalid_value",
	    "Invalid value: '%s'. Supported values are: 'float' and 'base64'.",
	    shown);
}

static bool
check_dimensions(json_object *obj, struct err *err)
{
	json_object *v = js_get(obj, "dimensions");

	if (v == NULL)
		return true;
	if (!json_object_is_type(v, json_type_int))
		return err_param(err, "dimensions", "invalid_type",
		    "Invalid type for 'dimensions': expected an integer.");
	if (json_object_get_int64(v) < 1)
		return err_param(err, "dimensions", "integer_below_min_value",
		    "Invalid 'dimensions': integer below minimum value. "
		    "Expected a value >= 1, but got %lld instead.",
		    (long long)json_object_get_int64(v));
	return true;
}

static void
put_body(const char *text, size_t n, json_object *obj, const char *upstream,
    struct buf *body)
{
	json_object	*input = js_get(obj, "input"), *wrapped = NULL;
	json_object	*name = json_object_new_string(upstream);
	struct js_edit	 edits[5] = {
		{ .key = "model", .value = name },
		{ .key = "encoding_format", .remove = true },
		{ .key = "user", .remove = true }
	};
	size_t		 k = 3;

	if (js_get(obj, "dimensions") == NULL)
		edits[k++] = (struct js_edit){ "dimensions", NULL, true };
	/* Upstream answers a bare string with 400 "Bad Request". */
	if (json_object_is_type(input, json_type_string)) {
		wrapped = json_object_new_array();
		json_object_array_add(wrapped, json_object_get(input));
		edits[k++] = (struct js_edit){ "input", wrapped, false };
	}
	js_splice(text, n, edits, k, body);
	json_object_put(name);
	json_object_put(wrapped);
}

bool
embeddings_request(const char *text, size_t n, json_object *obj,
    const char *upstream, const struct model *model, struct embeddings *e,
    struct buf *body, struct err *err)
{
	json_object	*input = js_get(obj, "input");
	bool		 base64;

	if (!check_input(obj, model, err) || !check_format(obj, &base64, err) ||
	    !check_dimensions(obj, err))
		return false;
	e->model = xstrdup(js_str(obj, "model"));
	e->base64 = base64;
	e->ninputs = json_object_is_type(input, json_type_array) ?
	    js_len(input) : 1;
	put_body(text, n, obj, upstream, body);
	return true;
}

/* --- The answer. */

/*
 * A batch is ten megabytes of numbers. They are not parsed into a tree: each
 * array of numbers is cut out of the text and replaced by its position in a
 * list, and only the rest is parsed.
 */
struct numbers {
	const char	*p;	/* behind '[' */
	size_t		 n;	/* up to ']' */
};

struct cut {
	struct buf	 rest;		/* the text without the numbers */
	struct numbers	*list;
	size_t		 n, cap;
};

static size_t
skip_space(const char *p, size_t n, size_t i)
{
	while (i < n && (p[i] == ' ' || p[i] == '\n' || p[i] == '\r' ||
	    p[i] == '\t'))
		i++;
	return i;
}

static size_t
skip_digits(const char *p, size_t n, size_t i)
{
	while (i < n && p[i] >= '0' && p[i] <= '9')
		i++;
	return i;
}

/* Behind the JSON number at i, or i when there is none (RFC 8259). */
static size_t
skip_number(const char *p, size_t n, size_t i)
{
	size_t at = i, end;

	if (at < n && p[at] == '-')
		at++;
	end = skip_digits(p, n, at);
	if (end == at || (p[at] == '0' && end > at + 1))
		return i;
	at = end;
	if (at < n && p[at] == '.') {
		end = skip_digits(p, n, at + 1);
		if (end == at + 1)
			return i;
		at = end;
	}
	if (at < n && (p[at] == 'e' || p[at] == 'E')) {
		at++;
		if (at < n && (p[at] == '+' || p[at] == '-'))
			at++;
		end = skip_digits(p, n, at);
		if (end == at)
			return i;
		at = end;
	}
	return at;
}

/* Where the array of numbers that begins behind '[' has its ']', else 0. */
static size_t
numbers_end(const char *p, size_t n, size_t i)
{
	size_t end;

	for (;; i++) {
		i = skip_space(p, n, i);
		if ((end = skip_number(p, n, i)) == i)
			return 0;
		i = skip_space(p, n, end);
		if (i >= n || (p[i] != ',' && p[i] != ']'))
			return 0;
		if (p[i] == ']')
			return i;
	}
}

static void
cut_add(struct cut *c, const char *p, size_t n)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->list = xrealloc(c->list, c->cap * sizeof(*c->list));
	}
	buf_printf(&c->rest, "%zu", c->n);
	c->list[c->n++] = (struct numbers){ p, n };
}

/* From a quote to behind the closing one. */
static size_t
skip_string(const char *p, size_t n, size_t i)
{
	for (i++; i < n && p[i] != '"'; i++)
		if (p[i] == '\\')
			i++;
	return i < n ? i + 1 : n;
}

/* Linear: a '[' that begins no array of numbers is looked past at once. */
static void
cut_numbers(struct cut *c, const char *p, size_t n)
{
	size_t i = 0, from = 0, end;

	while (i < n) {
		if (p[i] == '"') {
			i = skip_string(p, n, i);
		} else if (p[i] == '[' &&
		    (end = numbers_end(p, n, i + 1)) > 0) {
			buf_append(&c->rest, p + from, i - from);
			cut_add(c, p + i + 1, end - i - 1);
			i = from = end + 1;
		} else
			i++;
	}
	buf_append(&c->rest, p + from, n - from);
}

/* RFC 4648, section 4. */
static void
put_base64(const unsigned char *p, size_t n, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t		  i, left;
	uint32_t	  v;
	char		  four[4];

	buf_reserve(out, n / 3 * 4 + 8);
	for (i = 0; i < n; i += 3) {
		left = n - i;
		v = (uint32_t)p[i] << 16;
		v |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= left > 2 ? p[i + 2] : 0;
		four[0] = digits[v >> 18];
		four[1] = digits[v >> 12 & 63];
		four[2] = left > 1 ? digits[v >> 6 & 63] : '=';
		four[3] = left > 2 ? digits[v & 63] : '=';
		buf_append(out, four, 4);
	}
}

/* The numbers as IEEE 754 singles, least significant byte first. */
static void
put_floats(const struct numbers *v, struct buf *out)
{
	struct buf	 bytes = { 0 };
	const char	*p = v->p, *stop = v->p + v->n;
	uint32_t	 bits;
	float		 f;
	char		*end, b[4];

	while (p < stop) {
		f = strtof(p, &end);
		memcpy(&bits, &f, sizeof(bits));
		b[0] = (char)(bits & 0xff);
		b[1] = (char)(bits >> 8 & 0xff);
		b[2] = (char)(bits >> 16 & 0xff);
		b[3] = (char)(bits >> 24);
		buf_append(&bytes, b, sizeof(b));
		for (p = end; p < stop && *p != ','; p++)
			;
		p++;
	}
	put_base64((const unsigned char *)buf_str(&bytes), bytes.len, out);
	buf_finish(&bytes);
}

static void
put_vector(const struct embeddings *e, const struct numbers *v, size_t i,
    struct buf *out)
{
	buf_printf(out, "%s{\"object\":\"embedding\",\"index\":%zu,"
	    "\"embedding\":", i > 0 ? "," : "", i);
	if (e->base64) {
		buf_putc(out, '"');
		put_floats(v, out);
		buf_putc(out, '"');
	} else {
		buf_putc(out, '[');
		buf_append(out, v->p, v->n);
		buf_putc(out, ']');
	}
	buf_putc(out, '}');
}

/* The vectors in the order of the inputs; false when one is missing. */
static bool
sort_vectors(const struct cut *c, json_object *data,
    const struct numbers **sorted)
{
	json_object	*entry, *v;
	size_t		 n = js_len(data), i;
	int64_t		 at, k;

	for (i = 0; i < n; i++) {
		entry = json_object_array_get_idx(data, i);
		v = js_get(entry, "embedding");
		at = js_int(entry, "index", (int64_t)i);
		k = js_int(entry, "embedding", -1);
		if (!json_object_is_type(v, json_type_int) || k < 0 ||
		    (size_t)k >= c->n || at < 0 || (size_t)at >= n ||
		    sorted[at] != NULL)
			return false;
		sorted[at] = &c->list[k];
	}
	return true;
}

static void
put_answer(const struct embeddings *e, const struct numbers **sorted,
    json_object *usage, struct buf *out, int64_t *tokens)
{
	json_object	*name = json_object_new_string(e->model);
	int64_t		 total;
	size_t		 i;

	*tokens = js_int(usage, "prompt_tokens", 0);
	total = js_int(usage, "total_tokens", *tokens);
	buf_puts(out, "{\"object\":\"list\",\"data\":[");
	for (i = 0; i < e->ninputs; i++)
		put_vector(e, sorted[i], i, out);
	buf_puts(out, "],\"model\":");
	js_print(name, out);
	buf_printf(out, ",\"usage\":{\"prompt_tokens\":%lld,"
	    "\"total_tokens\":%lld}}", (long long)*tokens, (long long)total);
	json_object_put(name);
}

static bool
refuse_answer(json_object *obj, struct err *err)
{
	if (js_get(obj, "error") != NULL) {
		upstream_error_event(obj, err);
		return false;
	}
	return err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
	    "GitHub Copilot's answer to the embeddings request could not be "
	    "read.");
}

bool
embeddings_answer(const struct embeddings *e, const char *p, size_t n,
    struct buf *out, int64_t *tokens, struct err *err)
{
	struct cut		  c = { 0 };
	json_object		 *obj, *data;
	const struct numbers	**sorted;
	bool			  ok;

	cut_numbers(&c, p, n);
	obj = js_parse_quiet(buf_str(&c.rest), c.rest.len);
	data = js_array(obj, "data");
	sorted = xcalloc(js_len(data), sizeof(*sorted));
	ok = js_len(data) == e->ninputs && sort_vectors(&c, data, sorted);
	if (ok)
		put_answer(e, sorted, js_obj(obj, "usage"), out, tokens);
	else
		refuse_answer(obj, err);
	free(sorted);
	json_object_put(obj);
	buf_finish(&c.rest);
	free(c.list);
	return ok;
}

void
embeddings_finish(struct embeddings *e)
{
	free(e->model);
	*e = (struct embeddings){ 0 };
}
