/* /embeddings: numbers that depend on the text and nothing else. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "catalog.h"
#include "fake.h"
#include "jt.h"

#define INPUTS_MAX	512
#define DIMENSIONS	1536

/* Forms a number can have in JSON, to begin each vector with. */
static const char *const forms[] = {
	"0", "-0.0", "1e-7", "-1.0E-5", "0.1", "1.17549435e-38",
	"-0.006929283", "0.333333343", "1", "-1.1920929e-07",
};

static void
put_vector(struct buf *out, const char *text, int64_t n)
{
	uint64_t	h = util_hash(text);
	double		v;
	int64_t		i;

	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		if ((size_t)i < COUNT(forms)) {
			buf_puts(out, forms[i]);
			continue;
		}
		h = h * 6364136223846793005u + 1442695040888963407u;
		v = (double)(int32_t)(h >> 32) / 2147483648.0;
		/* As wide as a component of a unit vector of that size. */
		buf_printf(out, "%.9g", (double)(float)(v * 0.05));
	}
}

static bool
check(struct call *c, const struct model *m, json_object *input, int64_t *n)
{
	size_t i;

	*n = js_int(c->body, "dimensions", DIMENSIONS);
	/* A bare string, and tokens: not even a JSON error. */
	if (js_len(input) == 0)
		return refuse_text(c, 400, "Bad Request\n");
	for (i = 0; i < js_len(input); i++)
		if (!json_object_is_type(json_object_array_get_idx(input, i),
		    json_type_string))
			return refuse_text(c, 400, "Bad Request\n");
	if (js_len(input) > INPUTS_MAX)
		return refuse_param(c, "input: expected at most %d items, but "
		    "got %zu", INPUTS_MAX, js_len(input));
	if (js_get(c->body, "dimensions") == NULL)
		return true;
	if (!(m->flags & MODEL_DIMENSIONS))
		return refuse_param(c, "This model does not support specifying "
		    "dimensions.");
	if (*n < 1 || *n > DIMENSIONS)
		return refuse_param(c, "Invalid 'dimensions': integer out of "
		    "range.");
	return true;
}

void
embeddings_handle(struct call *c)
{
	const struct model	*m = catalog_check(c, MODEL_EMBED);
	json_object		*input = js_get(c->body, "input");
	struct buf		*out = &c->ans->text;
	const char		*text;
	int64_t			 n, tokens = 0;
	size_t			 i;

	if (m == NULL || !check(c, m, input, &n))
		return;
	answer_begin(c->ans, 200, "application/json");
	jt(out, "{'data':[");
	for (i = 0; i < js_len(input); i++) {
		text = json_object_get_string(json_object_array_get_idx(input,
		    i));
		tokens += 1 + (int64_t)strlen(text) / 4;
		jt(out, "%r{'embedding':[", i > 0 ? "," : "");
		put_vector(out, text, n);
		jt(out, "],'index':%d,'object':'embedding'}", (int)i);
	}
	jt(out, "],'model':%s,'object':'list','usage':{'prompt_tokens':%l,"
	    "'total_tokens':%l}}", m->id, tokens, tokens);
}
