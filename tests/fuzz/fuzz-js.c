/*
 * Any bytes to the JSON reader; what it accepts is printed, parsed again and
 * spliced, as the handlers do with a client's body.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/scan.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* An edited object is an object still, and holds the edit. */
static void
splice(const char *text, size_t n)
{
	json_object	*five = json_object_new_int(5), *obj = NULL;
	struct buf	 out = { 0 };
	struct err	 err = { 0 };
	struct js_edit	 edits[] = {
		{ "model", five, false },
		{ "a", NULL, true },
		{ "b", NULL, false },
	};

	js_splice(text, n, edits, sizeof(edits) / sizeof(edits[0]), &out);
	must(js_parse(buf_str(&out), out.len, &obj, &err));
	must(js_int(obj, "model", 0) == 5);
	must(!js_has(obj, "a"));
	must(js_has(obj, "b") && js_get(obj, "b") == NULL);
	json_object_put(obj);
	json_object_put(five);
	buf_finish(&out);
}

/* The tree and its print are json-c's own. */
static void
compare(const char *text, size_t n, json_object *obj, const struct buf *out)
{
	struct json_tokener	*tok = json_tokener_new_ex(SCAN_DEPTH + 1);
	json_object		*same;
	const char		*print;
	size_t			 len;

	same = json_tokener_parse_ex(tok, text, (int)n);
	if (json_tokener_get_error(tok) == json_tokener_continue)
		same = json_tokener_parse_ex(tok, "", 1);
	must(json_tokener_get_error(tok) == json_tokener_success);
	print = json_object_to_json_string_length(same,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	must(len == out->len && memcmp(print, out->p, len) == 0);
	must(json_object_equal(obj, same));
	json_object_put(same);
	json_tokener_free(tok);
}

/* A client's body is read as far as somebody looks: it is the same tree. */
static void
compare_lazy(const char *text, size_t n, json_object *obj)
{
	struct buf	 body = { 0 }, out = { 0 };
	json_object	*lazy;
	struct err	 err = { 0 };
	size_t		 i;

	buf_append(&body, text, n);
	must(js_parse_body(&body, &lazy, &err));
	must(js_len(lazy) == js_len(obj));
	for (i = 0; i < js_len(obj); i += 2)
		must(json_object_equal(json_object_array_get_idx(lazy, i),
		    json_object_array_get_idx(obj, i)));
	js_print(lazy, &out);
	must(json_object_equal(lazy, obj));
	json_object_put(lazy);
	buf_finish(&out);
	buf_finish(&body);
}

/* So is a large event of upstream's. */
static void
compare_event(const char *text, size_t n)
{
	struct js_halves	 halves = { "" };
	struct buf		 event = { 0 }, ours = { 0 }, theirs = { 0 };
	json_object		*lazy, *whole;
	struct scan_facts	 f;

	/* Halves of characters are joined with others in a stream. */
	if (scan_json(text, n, SCAN_ANY, &f) && f.half)
		return;
	buf_puts(&event, "[");
	buf_append(&event, text, n);
	buf_printf(&event, ",\"%04096d\"]", 0);
	whole = js_parse_quiet(event.p, event.len);
	lazy = js_parse_event(&halves, event.p, event.len);
	must((whole == NULL) == (lazy == NULL));
	js_print(lazy, &ours);
	js_print(whole, &theirs);
	must(ours.len == theirs.len &&
	    memcmp(buf_str(&ours), buf_str(&theirs), ours.len) == 0);
	must(json_object_equal(lazy, whole));
	json_object_put(lazy);
	json_object_put(whole);
	buf_finish(&event);
	buf_finish(&ours);
	buf_finish(&theirs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char	*text = (const char *)data;
	json_object	*obj = NULL, *again = NULL;
	struct buf	 out = { 0 };
	struct err	 err = { 0 };

	compare_event(text, size);
	if (!js_parse(text, size, &obj, &err)) {
		must(err.status == 400 && err.msg[0] != '\0');
		return 0;
	}
	must(js_line_of(text, size, "auth.apiKeys") >= 0);
	js_print(obj, &out);
	compare(text, size, obj, &out);
	compare_lazy(text, size, obj);
	must(js_parse(buf_str(&out), out.len, &again, &err));
	if (json_object_is_type(obj, json_type_object))
		splice(text, size);
	json_object_put(again);
	json_object_put(obj);
	buf_finish(&out);
	return 0;
}
