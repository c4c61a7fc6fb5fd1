/* POST /v1/embeddings: the request to upstream, and its answer. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/embeddings-answer.h"
#include "api/embeddings-input.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "copilot/models.h"
#include "turn/complain.h"

#define INPUTS_MAX	512	/* upstream's limit where the model says none */
#define DATA_MAX	(256u << 20) /* of vectors; then no more calls */

/* --- The request. */

static bool
check_format(json_object *obj, bool *base64, struct err *err)
{
	json_object	*v = js_get(obj, "encoding_format");
	char		 shown[64];

	*base64 = js_is(obj, "encoding_format", "base64");
	if (v == NULL || *base64 || js_is(obj, "encoding_format", "float"))
		return true;
	if (!json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, "encoding_format",
		    "one of 'float' or 'base64'", v);
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
		return complain_wrong_type(err, "dimensions", "an integer", v);
	if (json_object_get_int64(v) < 1)
		return err_param(err, "dimensions", "integer_below_min_value",
		    "Invalid 'dimensions': integer below minimum value. "
		    "Expected a value >= 1, but got %lld instead.",
		    (long long)json_object_get_int64(v));
	return true;
}

/* Add as many inputs as one call takes to the other members. */
static void
put_part(struct embeddings *e, const char *text, size_t n, struct buf *body)
{
	json_object	*part = json_object_new_array();
	struct js_edit	 edit = { "input", part, false };
	size_t		 i;

	for (i = e->done; i < e->done + e->asked; i++)
		json_object_array_add(part,
		    json_object_get(json_object_array_get_idx(e->inputs, i)));
	js_splice(text, n, &edit, 1, body);
	json_object_put(part);
}

/* The body of the first call: inputs that can stay as they are do. */
static void
put_body(struct embeddings *e, const char *text, size_t n, json_object *obj,
    const char *upstream, struct buf *body)
{
	json_object	*name = json_object_new_string(upstream);
	bool		 same = e->inputs == js_get(obj, "input");
	struct js_edit	 edits[5] = {
		{ .key = "model", .value = name },
		{ .key = "encoding_format", .remove = true },
		{ .key = "user", .remove = true }
	};
	size_t		 k = 3;

	if (js_get(obj, "dimensions") == NULL)
		edits[k++] = (struct js_edit){ "dimensions", NULL, true };
	if (same && e->asked == e->ninputs)
		js_splice(text, n, edits, k, body);
	else {
		edits[k++] = (struct js_edit){ "input", NULL, true };
		js_splice(text, n, edits, k, &e->rest);
		put_part(e, buf_str(&e->rest), e->rest.len, body);
	}
	json_object_put(name);
}

/* How many inputs go with the next call. */
static size_t
part_size(const struct embeddings *e)
{
	size_t left = e->ninputs - e->done;

	return left < e->most ? left : e->most;
}

bool
embeddings_check(json_object *obj, struct err *err)
{
	json_object	*inputs;
	bool		 base64;

	if (!check_format(obj, &base64, err) || !check_dimensions(obj, err) ||
	    (inputs = embeddings_input(obj, NULL, err)) == NULL)
		return false;
	json_object_put(inputs);
	return true;
}

bool
embeddings_request(const char *text, size_t n, json_object *obj,
    const char *upstream, const struct model *model, struct embeddings *e,
    struct buf *body, struct err *err)
{
	bool base64;

	if (!check_format(obj, &base64, err) || !check_dimensions(obj, err) ||
	    (e->inputs = embeddings_input(obj, model, err)) == NULL)
		return false;
	e->model = xstrdup(js_str(obj, "model"));
	e->base64 = base64;
	e->ninputs = js_len(e->inputs);
	e->most = model != NULL && model->max_inputs > 0 ?
	    (size_t)model->max_inputs : INPUTS_MAX;
	e->asked = part_size(e);
	put_body(e, text, n, obj, upstream, body);
	if (e->asked == e->ninputs) {
		json_object_put(e->inputs);	/* megabytes, perhaps */
		e->inputs = NULL;
	}
	return true;
}

bool
embeddings_next(struct embeddings *e, struct buf *body)
{
	if (e->done == e->ninputs)
		return false;
	e->asked = part_size(e);
	put_part(e, buf_str(&e->rest), e->rest.len, body);
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
	base64_encode(buf_str(&bytes), bytes.len, out);
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

/* One call's vectors and usage behind those of the calls before. */
static void
add_part(struct embeddings *e, const struct numbers **sorted,
    json_object *obj)
{
	struct usage	 one = { .nano = -1 };
	json_object	*usage = js_obj(obj, "usage");
	size_t		 i;

	for (i = 0; i < e->asked; i++)
		put_vector(e, sorted[i], e->done + i, &e->data);
	e->done += e->asked;
	usage_read(&one, usage, js_obj(obj, "copilot_usage"));
	usage_add(&e->usage, &one);
	e->total_tokens += js_int(usage, "total_tokens", one.input);
}

static void
put_answer(const struct embeddings *e, struct buf *out)
{
	json_object *name = json_object_new_string(e->model);
	json_object *cost = usage_cost(&e->usage);

	buf_reserve(out, e->data.len + 256);
	buf_puts(out, "{\"object\":\"list\",\"data\":[");
	buf_append(out, buf_str(&e->data), e->data.len);
	buf_puts(out, "],\"model\":");
	js_print(name, out);
	buf_printf(out, ",\"usage\":{\"prompt_tokens\":%lld,"
	    "\"total_tokens\":%lld", (long long)e->usage.input,
	    (long long)e->total_tokens);
	if (cost != NULL)
		buf_printf(out, ",\"cost\":%s",
		    json_object_to_json_string(cost));
	buf_puts(out, "}}");
	json_object_put(cost);
	json_object_put(name);
}

static bool
refuse_answer(json_object *obj, struct err *err)
{
	if (js_get(obj, "error") != NULL) {
		failure_read_event(obj, err);
		return false;
	}
	return err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
	    "GitHub Copilot's answer to the embeddings request could not be "
	    "read.");
}

/* Usage is a count: what is none would overflow a sum. */
static bool
usage_fits(json_object *usage)
{
	int64_t prompt = js_int(usage, "prompt_tokens", 0);
	int64_t total = js_int(usage, "total_tokens", prompt);

	return prompt >= 0 && prompt <= INT32_MAX && total >= 0 &&
	    total <= INT32_MAX;
}

bool
embeddings_answer(struct embeddings *e, const char *p, size_t n,
    struct buf *out, struct err *err)
{
	struct cut		  c = { 0 };
	json_object		 *obj, *data, *usage;
	const struct numbers	**sorted;
	bool			  ok;

	cut_numbers(&c, p, n);
	obj = js_parse_quiet(buf_str(&c.rest), c.rest.len);
	data = js_array(obj, "data");
	usage = js_obj(obj, "usage");
	sorted = xcalloc(js_len(data), sizeof(*sorted));
	ok = js_len(data) == e->asked && sort_vectors(&c, data, sorted) &&
	    usage_fits(usage) && e->data.len <= DATA_MAX;
	if (ok)
		add_part(e, sorted, obj);
	else
		refuse_answer(obj, err);
	if (ok && e->done == e->ninputs)
		put_answer(e, out);
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
	json_object_put(e->inputs);
	buf_finish(&e->rest);
	buf_finish(&e->data);
	*e = (struct embeddings){ 0 };
}
