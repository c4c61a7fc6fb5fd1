/* Unit tests of js.c: parsing, reading, changing, and the original bytes. */
#include "config.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/scan.h"
#include "base/util.h"

static json_object *
parse(const char *text)
{
	json_object	*obj;
	struct err	 err;

	if (!js_parse(text, strlen(text), &obj, &err))
		fail_msg("%s: %s", text, err.msg);
	return obj;
}

static void
test_parse(void **state)
{
	static const char *const good[] = {
		"{}", "[]", "null", "true", "1", "-1.5e3", "\"a\"", " {} \r\n\t",
		"{\"a\":[1,2,{\"b\":null}]}", "\"\\u00e9\\ud83d\\ude00\"",
		"\"\xc3\xa9\"", "\"\\u0000\"",
	};
	static const char *const bad[] = {
		"", " ", "{", "[", "\"a", "{\"a\":1", "{\"a\" 1}", "{a:1}",
		"{'a':1}", "[1,]", "{\"a\":1,}", "{} {}", "{}x", "1 2", "tru",
		"nul", "\"\xff\"", "\"\xc3\"", "/* */{}", "01",
		"\"\\x\"", "}", "]", "NULL", "True", "NaN", "[-Infinity]",
		"{\"a\":'b'}", "[1 '\"']",
	};
	json_object	*obj;
	struct err	 err;
	char		*copy;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		if (!js_parse(good[i], strlen(good[i]), &obj, &err))
			fail_msg("%s: %s", good[i], err.msg);
		json_object_put(obj);
	}
	for (i = 0; i < COUNT(bad); i++) {
		/* Without a NUL behind it, so that a read too far shows. */
		copy = xmalloc(strlen(bad[i]));
		memcpy(copy, bad[i], strlen(bad[i]));
		obj = (json_object *)&err;
		if (js_parse(copy, strlen(bad[i]), &obj, &err))
			fail_msg("accepted: %s", bad[i]);
		assert_null(obj);
		assert_int_equal(err.status, 400);
		assert_string_equal(err.type, ERR_REQUEST);
		free(copy);
	}
}

static void
test_parse_position(void **state)
{
	json_object	*obj;
	struct err	 err;

	(void)state;
	assert_false(js_parse("{\n \"a\": x}", 10, &obj, &err));
	assert_non_null(strstr(err.msg, "line 2, column 7"));
	assert_false(js_parse("{}\n\n  y", 7, &obj, &err));
	assert_non_null(strstr(err.msg, "line 3, column 3"));
	assert_false(js_parse("", 0, &obj, &err));
	assert_non_null(strstr(err.msg, "empty"));
	assert_false(js_parse("{\"a\":", 5, &obj, &err));
	assert_non_null(strstr(err.msg, "unexpected end"));
}

static void
test_parse_null_and_nul(void **state)
{
	json_object *obj = NULL;
	struct err   err;

	(void)state;
	assert_true(js_parse("null", 4, &obj, &err));
	assert_null(obj);
	assert_null(js_parse_quiet("null", 4));
	assert_null(js_parse_quiet("nope", 4));
	assert_false(js_parse("{}\0", 3, &obj, &err));
	assert_false(js_parse("\0{}", 3, &obj, &err));
	assert_false(js_parse("{\"a\0\":1}", 8, &obj, &err));
}

/* What two readers read differently: refused from clients, read from others. */
static void
test_one_reading(void **state)
{
	static const struct {
		const char	*text, *why;
	} t[] = {
		{ "{\"a\":1,\"b\":2,\"a\":3}", "same name twice" },
		{ "{\"a\":1,\"\\u0061\":2}", "column 8" },
		{ "{\"\xc3\xa9\":1,\"\\u00E9\":2}", "same name twice" },
		{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}",
		    "same name twice" },
		{ "[{\"x\":[{\"k\":1,\"k\":1}]}]", "same name twice" },
		{ "{\"01\":1,\"02\":1,\"03\":1,\"04\":1,\"05\":1,\"06\":1,"
		    "\"07\":1,\"08\":1,\"09\":1,\"10\":1,\"11\":1,\"12\":1,"
		    "\"13\":1,\"07\":1}", "column 93" },
		{ "{\"a\\u0000b\":1}", "\\u0000" },
		{ "{\"model\\u0000\":1}", "name" },
		{ "\"a\tb\"", "control character" },
		{ "{\"a\":\"b\nc\"}", "control character" },
	};
	json_object	*obj;
	struct err	 err;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		if (js_parse(t[i].text, strlen(t[i].text), &obj, &err))
			fail_msg("accepted: %s", t[i].text);
		if (strstr(err.msg, t[i].why) == NULL)
			fail_msg("%s: %s", t[i].text, err.msg);
		obj = js_parse_quiet(t[i].text, strlen(t[i].text));
		if (obj == NULL)
			fail_msg("refused: %s", t[i].text);
		json_object_put(obj);
	}
	json_object_put(parse("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":2}}"));
	json_object_put(parse("[{\"a\":1},{\"a\":1}]"));
}

/* Half a character is U+FFFD in the tree and in the bytes. */
static void
test_halves(void **state)
{
	static const struct {
		const char	*in, *out;
	} t[] = {
		{ "[\"a\\ud83d\"]", "[\"a\\uFFFD\"]" },
		{ "[\"\\uDE00b\"]", "[\"\\uFFFDb\"]" },
		{ "[\"\\ud83d\\ud83d\\ude00\"]",
		    "[\"\\uFFFD\\ud83d\\ude00\"]" },
		{ "[\"\\ud83d\\u0041\"]", "[\"\\uFFFD\\u0041\"]" },
		{ "[\"\\\\ud83d\"]", "[\"\\\\ud83d\"]" },
		{ "[\"\\ud83d\\n\"]", "[\"\\uFFFD\\n\"]" },
	};
	struct buf	 text = { 0 };
	json_object	*obj, *same;
	struct err	 err;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		buf_truncate(&text, 0);
		buf_puts(&text, t[i].in);
		assert_true(js_parse_body(&text, &obj, &err));
		assert_string_equal(buf_str(&text), t[i].out);
		same = js_parse_quiet(t[i].in, strlen(t[i].in));
		assert_true(json_object_equal(obj, same));
		json_object_put(obj);
		json_object_put(same);
	}
	buf_finish(&text);
}

/* The estimate is never below what the tree takes, nor absurdly above it. */
static void
test_cost(void **state)
{
	static const struct {
		const char	*unit;
		size_t		 most;	/* times the real cost */
	} t[] = {
		{ "{}", 3 }, { "[]", 5 }, { "1", 3 }, { "\"abcdefgh\"", 3 },
		{ "{\"role\":\"user\",\"content\":\"Hello there\"}", 4 },
		{ "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,"
		    "\"h\":8,\"i\":9,\"j\":1,\"k\":1,\"l\":1}", 4 },
	};
	struct scan_facts	 f;
	struct buf		 text = { 0 };
	json_object		*obj;
	size_t			 i, k, real, guess;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		buf_truncate(&text, 0);
		for (k = 0; k < 20000; k++) {
			buf_putc(&text, k == 0 ? '[' : ',');
			buf_puts(&text, t[i].unit);
		}
		buf_putc(&text, ']');
		assert_true(scan_json(text.p, text.len, SCAN_ANY, &f));
		guess = scan_cost(&f);
		real = mallinfo2().uordblks;
		obj = js_parse_quiet(text.p, text.len);
		real = mallinfo2().uordblks - real;
		/* A sanitizer's allocator does not count. */
		if (real > 0 && (guess < real || guess > real * t[i].most))
			fail_msg("%s: %zu guessed for %zu", t[i].unit, guess,
			    real);
		json_object_put(obj);
	}
	buf_finish(&text);
}

/* --- Trees and prints are json-c's own. */

/* As json-c builds it, or NULL. */
static json_object *
reference(const char *text, size_t n)
{
	struct json_tokener	*tok = json_tokener_new_ex(SCAN_DEPTH + 1);
	json_object		*obj = json_tokener_parse_ex(tok, text, (int)n);

	if (json_tokener_get_error(tok) == json_tokener_continue)
		obj = json_tokener_parse_ex(tok, "", 1);
	assert_int_equal(json_tokener_get_error(tok), json_tokener_success);
	json_tokener_free(tok);
	return obj;
}

static void
same_tree(json_object *ours, json_object *theirs, const char *text)
{
	size_t		 n;
	const char	*want = json_object_to_json_string_length(theirs,
			    JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	struct buf	 out = { 0 };

	js_print(ours, &out);
	if (out.len != n || memcmp(out.p, want, n) != 0)
		fail_msg("%s: printed as %s, not %s", text, out.p, want);
	if (!json_object_equal(ours, theirs))
		fail_msg("%s: another tree", text);
	buf_finish(&out);
}

/*
 * The same values, each looked at as handlers do: what waits is read by that,
 * and its neighbours wait on.
 */
static void
same_values(json_object *ours, json_object *theirs, const char *text)
{
	json_object	*v;
	size_t		 i;

	if (json_object_get_type(ours) != json_object_get_type(theirs))
		fail_msg("%s: another type", text);
	switch (json_object_get_type(theirs)) {
	case json_type_string:
		assert_int_equal(json_object_get_string_len(ours),
		    json_object_get_string_len(theirs));
		assert_memory_equal(json_object_get_string(ours),
		    json_object_get_string(theirs),
		    json_object_get_string_len(theirs));
		break;
	case json_type_array:
		assert_int_equal(js_len(ours), js_len(theirs));
		for (i = js_len(theirs); i > 0; i--)
			same_values(json_object_array_get_idx(ours, i - 1),
			    json_object_array_get_idx(theirs, i - 1), text);
		break;
	case json_type_object:
		assert_int_equal(json_object_object_length(ours),
		    json_object_object_length(theirs));
		json_object_object_foreach(theirs, key, member) {
			assert_true(js_has(ours, key));
			v = js_get(ours, key);
			same_values(v, member, text);
		}
		break;
	default:
		break;
	}
}

/* A client's body is read as far as somebody looks, in whichever order. */
static void
compare_lazy(const char *text, size_t n, json_object *theirs)
{
	struct buf	 body = { 0 };
	json_object	*ours;
	struct err	 err;

	/* Looked at; printed without a look. */
	buf_append(&body, text, n);
	assert_true(js_parse_body(&body, &ours, &err));
	same_values(ours, theirs, text);
	same_tree(ours, theirs, text);
	json_object_put(ours);
	assert_true(js_parse_body(&body, &ours, &err));
	same_tree(ours, theirs, text);
	json_object_put(ours);
	/* Read whole, it needs its text no more. */
	assert_true(js_parse_body(&body, &ours, &err));
	js_read_all(ours);
	buf_finish(&body);
	same_tree(ours, theirs, text);
	json_object_put(ours);
}

/*
 * So is a large event, which has its own bytes; a name that comes twice and
 * control characters are read, too.
 */
static void
compare_event(const char *text, size_t n)
{
	struct buf		 event = { 0 };
	struct js_halves	 halves = { "" };
	json_object		*ours, *theirs, *part;
	struct scan_facts	 f;

	/* Halves of characters are joined with others in a stream. */
	assert_true(scan_json(text, n, SCAN_ANY, &f));
	if (f.half)
		return;
	buf_puts(&event, "[");
	buf_append(&event, text, n);
	buf_printf(&event, ",\"%0*d\",{\"a\":", 4096, 0);
	buf_append(&event, text, n);
	buf_puts(&event, "}]");
	theirs = reference(event.p, event.len);
	ours = js_parse_event(&halves, event.p, event.len);
	same_values(ours, theirs, text);
	json_object_put(ours);
	ours = js_parse_event(&halves, event.p, event.len);
	part = js_detach(ours);
	memset(event.p, 'x', event.len);
	buf_finish(&event);
	same_tree(ours, theirs, text);
	json_object_put(ours);
	same_tree(part, theirs, text);
	json_object_put(part);
	json_object_put(theirs);
}

/* True when it was accepted from a client, too. */
static bool
compare(const char *text, size_t n)
{
	json_object	*theirs = reference(text, n), *ours;
	struct err	 err;
	char		*copy = xmalloc(n);
	bool		 ok;

	/* Without a NUL behind it, so that a read too far shows. */
	memcpy(copy, text, n);
	ours = js_parse_quiet(copy, n);
	same_tree(ours, theirs, text);
	json_object_put(ours);
	compare_event(text, n);
	if ((ok = js_parse(copy, n, &ours, &err))) {
		same_tree(ours, theirs, text);
		json_object_put(ours);
		compare_lazy(text, n, theirs);
	}
	json_object_put(theirs);
	free(copy);
	return ok;
}

static const char *const odd_numbers[] = {
	"0", "-0", "1", "-1", "10", "0.0", "-0.0", "1.10", "1e5", "1E+05",
	"-2.50e-3", "1e400", "-1e400", "123456789012345678",
	"1234567890123456789", "-999999999999999999", "9223372036854775807",
	"9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"18446744073709551615", "18446744073709551616",
	"123456789012345678901234567890", "0.1", "3.14159265358979",
	"1e-7", "100000000000000000000.5",
};

static const char *const odd_strings[] = {
	"", "a", "role", "content", "\\n", "x\\ty", "\\\\", "\\\"", "\\/", "/",
	"\\b\\f\\r", "\\u0000", "a\\u0000b", "\\u001f", "\\u007f", "\x7f",
	"\\u00e9", "\xc3\xa9", "\xe6\xac\xa1", "\xf0\x9f\x9a\x80",
	"\\ud83d\\ude80", "\\ud83d", "\\ude80", "\\ud83dx", "\\ud83d\\n",
	"\\ud83d\\ud83d\\ude80", "\\ud83d\\u0041", "\\uFFFF", "tab\there",
	"\x01", "fifteen bytes..", "sixteen bytes...", "seventeen bytes..",
	"0123456789012345678901234567890123456789012345678901234567890123456789",
	"static bool\\nlist_next(struct list *l)\\n{\\n\\tif (*l->p == ',')\\n",
	"0123456789abcde\\n0123456789abcdef\\n0123456789abcdefg\\n",
};

static void
put_random(struct buf *b, unsigned *seed, int depth)
{
	unsigned	i, n = (unsigned)rand_r(seed) % 14;
	int		kind = rand_r(seed) % (depth < 5 ? 8 : 5);
	bool		object = kind == 7;

	if (kind < 5) {
		if (kind == 0)
			buf_puts(b, odd_numbers[(unsigned)rand_r(seed) %
			    COUNT(odd_numbers)]);
		else if (kind == 1)
			buf_puts(b, n < 4 ? "true" : n < 9 ? "null" : "false");
		else {
			buf_putc(b, '"');
			for (i = n % 4; i > 0; i--)
				buf_puts(b, odd_strings[(unsigned)
				    rand_r(seed) % COUNT(odd_strings)]);
			buf_putc(b, '"');
		}
		return;
	}
	buf_putc(b, object ? '{' : '[');
	for (i = 0; i < n; i++) {
		buf_puts(b, i > 0 ? n % 3 == 0 ? " ,\n" : "," : "");
		if (object)
			buf_printf(b, "\"%s\" : ", odd_strings[(unsigned)
			    rand_r(seed) % COUNT(odd_strings)]);
		put_random(b, seed, depth + 1);
	}
	buf_putc(b, object ? '}' : ']');
}

static void
test_same_as_json_c(void **state)
{
	struct buf	text = { 0 };
	size_t		i;
	unsigned	seed = 7, accepted = 0;

	(void)state;
	for (i = 0; i < COUNT(odd_numbers); i++) {
		assert_true(compare(odd_numbers[i], strlen(odd_numbers[i])));
		buf_truncate(&text, 0);
		buf_printf(&text, " { \"a\" : [%s,%s ,\n%s\t], \"b\":%s} ",
		    odd_numbers[i], odd_numbers[i], odd_numbers[i],
		    odd_numbers[i]);
		assert_true(compare(text.p, text.len));
	}
	for (i = 0; i < COUNT(odd_strings); i++) {
		buf_truncate(&text, 0);
		buf_printf(&text, "{\"%s\":\"%s\",\"a%s\":[\"%sb\"]}",
		    odd_strings[i], odd_strings[i], odd_strings[i],
		    odd_strings[i]);
		compare(text.p, text.len);
	}
	for (i = 0; i < 3000; i++) {
		buf_truncate(&text, 0);
		put_random(&text, &seed, 0);
		accepted += compare(text.p, text.len);
	}
	/* Names that come twice and raw control characters are refused. */
	assert_true(accepted > 700);
	buf_finish(&text);
}

static json_object *
parse_body(struct buf *body, const char *text)
{
	json_object	*obj;
	struct err	 err;

	buf_puts(body, text);
	if (!js_parse_body(body, &obj, &err))
		fail_msg("%s: %s", text, err.msg);
	return obj;
}

#define LONG "a text of more than fifty bytes, so that it waits to be read"

/* What waits is changed like any other value, and may outlive the rest. */
static void
test_waiting(void **state)
{
	struct buf	 body = { 0 }, out = { 0 };
	json_object	*obj = parse_body(&body, "{\"o\":{\"s\":\"" LONG "\"},"
	    "\"p\":{},\"l\":[1,null],\"m\":[[2]],\"t\":\"" LONG "\"}");
	json_object	*o, *t, *m;

	(void)state;
	o = json_object_get(js_get(obj, "o"));
	t = json_object_get(js_get(obj, "t"));
	m = json_object_get(js_get(obj, "m"));
	js_add_int(o, "i", 1);
	js_add_int(js_get(obj, "p"), "i", 2);
	js_del(o, "none");
	json_object_array_add(js_get(obj, "l"), json_object_new_int(3));
	json_object_array_put_idx(m, 1, json_object_new_int(4));
	js_print(obj, &out);
	assert_string_equal(out.p, "{\"o\":{\"s\":\"" LONG "\",\"i\":1},"
	    "\"p\":{\"i\":2},\"l\":[1,null,3],\"m\":[[2],4],\"t\":\""
	    LONG "\"}");
	json_object_put(obj);
	assert_string_equal(js_str(o, "s"), LONG);
	assert_int_equal(json_object_get_string_len(t), strlen(LONG));
	assert_int_equal(js_len(json_object_array_get_idx(m, 0)), 1);
	json_object_put(o);
	json_object_put(t);
	json_object_put(m);
	/* Nobody looked. */
	buf_truncate(&body, 0);
	obj = parse_body(&body, "[{\"a\":[{\"b\":\"" LONG "\"}]},\"" LONG
	    "\"]");
	o = json_object_get(json_object_array_get_idx(obj, 0));
	json_object_put(obj);
	assert_true(js_has(o, "a"));
	json_object_put(o);
	buf_finish(&body);
	buf_finish(&out);
}

/* Depth is limited: a megabyte of brackets is refused, not recursed into. */
/* A request that can't pay for the scan is not read without it. */
static void
check_poor(const char *text, size_t most, const char *what)
{
	struct budget		*b = budget_create();
	struct budget_account	 a = { .holder = budget_holder(b, NULL, 100) };
	struct buf		 body = { 0 };
	json_object		*obj = (json_object *)&body;
	struct err		 err;

	budget_limit(b, (int64_t)most, 1);
	buf_puts(&body, text);
	budget_enter(&a);
	if (js_parse_body(&body, &obj, &err))
		fail_msg("%s: read with %zu bytes", what, most);
	budget_leave();
	assert_null(obj);
	assert_int_equal(err.status, 503);
	assert_true(a.refused);
	assert_true(a.held <= most);
	budget_close(&a);
	budget_destroy(b);
	buf_finish(&body);
}

static void
test_no_memory(void **state)
{
	struct buf	lists = { 0 }, names = { 0 };
	int		i;

	(void)state;
	buf_puts(&lists, "[0");
	buf_puts(&names, "{\"name\":0");
	for (i = 0; i < 1000; i++) {
		buf_puts(&lists, ",[]");
		buf_printf(&names, ",\"%d\":0", i);
	}
	buf_putc(&lists, ']');
	buf_putc(&names, '}');
	/* The first marks or names, the later ones, and the tree. */
	check_poor(lists.p, 1024, "marks");
	check_poor(lists.p, 16384, "more marks");
	check_poor(lists.p, 65536, "a list's tree");
	check_poor(names.p, 1024, "names");
	check_poor(names.p, 16384, "more names");
	check_poor(names.p, 131072, "an object's tree");
	buf_finish(&lists);
	buf_finish(&names);
}

static void
test_parse_depth(void **state)
{
	struct buf	 b = { 0 };
	json_object	*obj;
	struct err	 err;
	size_t		 i;

	(void)state;
	for (i = 0; i < 100; i++)
		buf_putc(&b, '[');
	for (i = 0; i < 100; i++)
		buf_putc(&b, ']');
	assert_true(js_parse(b.p, b.len, &obj, &err));
	json_object_put(obj);
	buf_truncate(&b, 0);
	for (i = 0; i < 1 << 20; i++)
		buf_putc(&b, '[');
	assert_false(js_parse(b.p, b.len, &obj, &err));
	buf_finish(&b);
}

static void
test_print(void **state)
{
	static const char *const same[] = {
		"null", "{\"a\":\"b/c\",\"d\":[1,2.50,1e3,true,null]}",
		"\"\\\"\\\\\\n\\u0000\"", "\"\xc3\xa9\"", "{}", "[]",
	};
	struct buf	 out = { 0 };
	json_object	*obj;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(same); i++) {
		obj = parse(same[i]);
		js_print(obj, &out);
		assert_string_equal(buf_str(&out), same[i]);
		buf_truncate(&out, 0);
		json_object_put(obj);
	}
	buf_finish(&out);
}

static void
test_read(void **state)
{
	json_object *o = parse("{\"s\":\"x\",\"i\":7,\"d\":1.5,\"t\":true,"
	    "\"n\":null,\"o\":{\"k\":1},\"a\":[1,2],\"e\":\"\"}");

	(void)state;
	assert_string_equal(js_str(o, "s"), "x");
	assert_string_equal(js_str(o, "e"), "");
	assert_null(js_str(o, "i"));
	assert_null(js_str(o, "n"));
	assert_null(js_str(o, "none"));
	assert_int_equal(js_int(o, "i", 3), 7);
	assert_int_equal(js_int(o, "d", 3), 1);
	assert_int_equal(js_int(o, "s", 3), 3);
	assert_int_equal(js_int(o, "n", 3), 3);
	assert_true(js_double(o, "d", 0) > 1.4);
	assert_true(js_double(o, "s", 2) > 1.9);
	assert_true(js_bool(o, "t", false));
	assert_true(js_bool(o, "i", true));
	assert_false(js_bool(o, "n", false));
	assert_non_null(js_obj(o, "o"));
	assert_null(js_obj(o, "a"));
	assert_null(js_obj(o, "n"));
	assert_int_equal(js_len(js_array(o, "a")), 2);
	assert_null(js_array(o, "o"));
	assert_int_equal(js_len(NULL), 0);
	assert_int_equal(js_len(js_obj(o, "o")), 0);
	assert_true(js_has(o, "n"));
	assert_false(js_has(o, "none"));
	assert_null(js_get(o, "n"));
	assert_null(js_get(NULL, "n"));
	assert_null(js_get(js_get(o, "s"), "n"));
	assert_true(js_is(o, "s", "x"));
	assert_false(js_is(o, "s", "y"));
	assert_false(js_is(o, "n", "x"));
	json_object_put(o);
}

/* Of objects of any size, and not by the beginning of a name. */
static void
test_many_members(void **state)
{
	json_object	*o = json_object_new_object();
	char		 name[16];
	int		 n, i;

	(void)state;
	for (n = 0; n < 40; n++) {
		for (i = 0; i < 40; i++) {
			snprintf(name, sizeof(name), "m%d", i);
			assert_int_equal(js_int(o, name, -1), i < n ? i : -1);
			assert_int_equal(js_has(o, name), i < n);
		}
		assert_false(js_has(o, "m"));
		assert_false(js_has(o, ""));
		snprintf(name, sizeof(name), "m%d", n);
		js_add_int(o, name, n);
	}
	js_add_null(o, "m7");
	assert_true(js_has(o, "m7"));
	assert_null(js_get(o, "m7"));
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		js_del(o, name);
		js_del(o, name);
		assert_false(js_has(o, name));
	}
	assert_int_equal(json_object_object_length(o), 0);
	json_object_put(o);
}

static void
test_write(void **state)
{
	json_object	*o = parse("{\"a\":1}"), *shared = parse("[1]");
	struct buf	 out = { 0 };

	(void)state;
	js_add_str(o, "a", "x");
	js_add_str(o, "null", NULL);
	js_add_int(o, "i", INT64_MAX);
	js_add_bool(o, "t", true);
	js_add_null(o, "n");
	js_add_ref(o, "r", shared);
	js_add_take(o, "k", shared);
	js_del(o, "n");
	js_del(o, "never there");
	js_print(o, &out);
	assert_string_equal(buf_str(&out), "{\"a\":\"x\",\"null\":null,"
	    "\"i\":9223372036854775807,\"t\":true,\"r\":[1],\"k\":[1]}");
	json_object_put(o);
	buf_finish(&out);
}

static void
splice(int line, const char *text, const struct js_edit *edits, size_t n,
    const char *want)
{
	struct buf	 out = { 0 };
	json_object	*obj;

	js_splice(text, strlen(text), edits, n, &out);
	if (strcmp(buf_str(&out), want) != 0)
		fail_msg("line %d: got %s", line, buf_str(&out));
	obj = js_parse_quiet(out.p, out.len);
	assert_true(json_object_is_type(obj, json_type_object));
	json_object_put(obj);
	buf_finish(&out);
}

#define SPLICE(text, want, ...) do { \
	const struct js_edit e_[] = { __VA_ARGS__ }; \
	splice(__LINE__, text, e_, COUNT(e_), want); \
} while (0)

static void
test_splice(void **state)
{
	json_object *one = json_object_new_int(1);
	json_object *s = json_object_new_string("x\"y/z");

	(void)state;
	splice(__LINE__, "{}", NULL, 0, "{}");
	splice(__LINE__, " \r\n{ \"a\" : [ 1 , 2 ] , \"b\":\t\"}\" } ", NULL, 0,
	    "{\"a\":[ 1 , 2 ],\"b\":\"}\"}");
	SPLICE("{}", "{\"k\":1}", { "k", one, false });
	SPLICE("{\"a\":2}", "{\"a\":1}", { "a", one, false });
	SPLICE("{\"a\":2}", "{\"a\":null}", { "a", NULL, false });
	SPLICE("{\"a\":2}", "{}", { "a", NULL, true });
	SPLICE("{\"a\":2}", "{\"a\":2}", { "b", NULL, true });
	SPLICE("{\"a\":2,\"b\":3,\"c\":4}", "{\"a\":2,\"c\":4}",
	    { "b", NULL, true });
	SPLICE("{\"a\":2,\"b\":3}", "{\"b\":1,\"n\":\"x\\\"y/z\"}",
	    { "n", s, false }, { "a", NULL, true }, { "b", one, false });
	json_object_put(one);
	json_object_put(s);
}

static void
test_splice_tricks(void **state)
{
	json_object *one = json_object_new_int(1);

	(void)state;
	/* Strings that look like structure, and escapes at their ends. */
	SPLICE("{\"x\":\"\\\\\",\"a\":\"\\\"}\",\"y\":\"a\\\\\\\"]\"}",
	    "{\"x\":\"\\\\\",\"a\":1,\"y\":\"a\\\\\\\"]\"}", { "a", one, false });
	SPLICE("{\"x\":{\"a\":2},\"y\":[{\"a\":3}],\"a\":4}",
	    "{\"x\":{\"a\":2},\"y\":[{\"a\":3}],\"a\":1}", { "a", one, false });
	/* The same name in another spelling, twice, empty, as a prefix. */
	SPLICE("{\"\\u0061\":2}", "{\"a\":1}", { "a", one, false });
	SPLICE("{\"a\":2,\"b\":3,\"a\":4}", "{\"a\":1,\"b\":3}",
	    { "a", one, false });
	SPLICE("{\"a\":2,\"b\":3,\"\\u0061\":4}", "{\"b\":3}",
	    { "a", NULL, true });
	SPLICE("{\"\":2,\"ab\":3}", "{\"\":2,\"ab\":3,\"a\":1}",
	    { "a", one, false });
	SPLICE("{\"a\\u0000\":2}", "{\"a\\u0000\":2,\"a\":1}",
	    { "a", one, false });
	/* Values of each kind keep their bytes. */
	SPLICE("{\"n\":-1.50e+2,\"t\":true ,\"f\":false\n,\"z\":null}",
	    "{\"n\":-1.50e+2,\"t\":true,\"f\":false,\"z\":null,\"a\":1}",
	    { "a", one, false });
	json_object_put(one);
}

/* A large unchanged member is copied; what is done is linear in its size. */
static void
test_splice_large(void **state)
{
	json_object	*one = json_object_new_int(1);
	struct js_edit	 edit = { "z", one, false };
	struct buf	 in = { 0 }, out = { 0 };
	clock_t		 began;
	size_t		 i;

	(void)state;
	buf_puts(&in, "{\"a\":\"");
	for (i = 0; i < 1 << 20; i++)
		buf_puts(&in, "\\\\\\\"");
	buf_puts(&in, "\",\"z\":[");
	for (i = 0; i < 1 << 18; i++)
		buf_puts(&in, "{},");
	buf_puts(&in, "0]}");
	began = clock();
	js_splice(in.p, in.len, &edit, 1, &out);
	assert_true(clock() - began < 20 * CLOCKS_PER_SEC);
	assert_true(out.len > 4 << 20);
	assert_string_equal(out.p + out.len - 8, "\",\"z\":1}");
	json_object_put(one);
	buf_finish(&in);
	buf_finish(&out);
}

static void
test_line_of(void **state)
{
	static const char t[] = "{\n  \"a\": 1,\n  \"auth\": {\n"
	    "    \"x\": \"auth.apiKeys\",\n    \"apiKeys\":\n      [\n 2 ]\n"
	    "  },\n  \"b\\u002e\": \"a\\nb\",\n  \"c\": 3 }\n";

	(void)state;
	assert_int_equal(js_line_of(t, sizeof(t) - 1, "a"), 2);
	assert_int_equal(js_line_of(t, sizeof(t) - 1, "auth"), 3);
	assert_int_equal(js_line_of(t, sizeof(t) - 1, "auth.x"), 4);
	assert_int_equal(js_line_of(t, sizeof(t) - 1, "auth.apiKeys"), 6);
	assert_int_equal(js_line_of(t, sizeof(t) - 1, "c"), 10);
	assert_int_equal(js_line_of(t, sizeof(t) - 1, "auth.none"), 0);
	assert_int_equal(js_line_of(t, sizeof(t) - 1, "a.b"), 0);
	assert_int_equal(js_line_of(t, sizeof(t) - 1, "none"), 0);
	assert_int_equal(js_line_of("[1]", 3, "a"), 0);
	assert_int_equal(js_line_of("", 0, "a"), 0);
}

/* Memory is bounded by the number of values, not of bytes alone. */
static void
test_too_many_values(void **state)
{
	json_object	*obj;
	struct err	 err;
	struct buf	 b = { 0 };
	size_t		 i;

	(void)state;
	buf_reserve(&b, 2 * SCAN_VALUES + 8);
	buf_putc(&b, '[');
	for (i = 0; i < SCAN_VALUES; i++)
		buf_append(&b, "1,", 2);
	buf_puts(&b, "1]");
	assert_false(js_parse(b.p, b.len, &obj, &err));
	assert_int_equal(err.status, 400);
	assert_non_null(strstr(err.msg, "too large"));
	buf_finish(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_position),
		cmocka_unit_test(test_parse_null_and_nul),
		cmocka_unit_test(test_one_reading),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_same_as_json_c),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_parse_depth),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_many_members),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_splice),
		cmocka_unit_test(test_splice_tricks),
		cmocka_unit_test(test_splice_large),
		cmocka_unit_test(test_line_of),
		cmocka_unit_test(test_too_many_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
