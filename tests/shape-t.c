/*
 * Unit tests of shape.c, and that an answer is the same whether its events are
 * read one by one or told from those before: every recording both ways.
 */
#include "config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/shape.h"
#include "chat-client.h"
#include "responses/native-answer.h"
#include "responses/native.h"

static const struct shape_member members[] = {
	{ "text", SHAPE_SAME }, { "id", SHAPE_LOST }, { "number", SHAPE_COUNT },
};

static struct shape shape;

static void
learn(const char *event, const char *out)
{
	shape_learn(&shape, members, COUNT(members), event, strlen(event), out,
	    strlen(out));
}

/* "want" NULL: it is another shape. */
static void
follow(int line, const char *event, const char *want)
{
	struct buf	 out = { 0 };
	char		*copy = xmalloc(strlen(event));
	bool		 ok;

	/* Without a NUL behind it, so that a read too far shows. */
	memcpy(copy, event, strlen(event));
	ok = shape_follow(&shape, members, copy, strlen(event), 77, &out);
	if (ok != (want != NULL) || (ok && strcmp(buf_str(&out), want) != 0))
		fail_msg("line %d: %s", line, ok ? out.p : "not followed");
	buf_finish(&out);
	free(copy);
}

#define EVENT(text) "{\"id\":\"x\",\"a\":{\"text\":\"" text "\"},\"number\":1}"
#define OUT(text) "data: {\"number\":7,\"text\":\"" text "\"}\n\n"

static void
test_follow(void **state)
{
	static const char *const same[][2] = {
		{ EVENT("b"), "data: {\"number\":77,\"text\":\"b\"}\n\n" },
		{ EVENT("\\n\\\"\\\\ \xc3\xa9"), "data: {\"number\":77,"
		    "\"text\":\"\\n\\\"\\\\ \xc3\xa9\"}\n\n" },
		{ "{\"id\":\"\",\"a\":{\"text\":\"b\"},\"number\":123456}",
		    "data: {\"number\":77,\"text\":\"b\"}\n\n" },
	};
	static const char *const other[] = {
		"", "{", "{}", EVENT(""), EVENT("\\u0041"), EVENT("a\\/b"),
		EVENT("a\tb"), EVENT("\xff"), EVENT("\xc3"), EVENT("a\\"),
		EVENT("b") " ", EVENT("b\",\"c\":\"d"), EVENT("\\x"),
		"{\"id\":\"x\",\"a\":{\"text\":\"b\"},\"number\":01}",
		"{\"id\":\"x\",\"a\":{\"text\":\"b\"},\"number\":-1}",
		"{\"id\":\"x\",\"a\":{\"text\":\"b\"},\"number\":1e5}",
		"{\"id\":\"x\",\"a\":{\"text\":\"b\"},\"number\":1.5}",
		"{\"id\":\"x\",\"a\":{\"text\":\"b\"},\"number\":}",
		"{\"id\":\"x\",\"a\":{\"text\":null},\"number\":1}",
		"{\"id\":null,\"a\":{\"text\":\"b\"},\"number\":1}",
		"{\"id\":\"x\",\"a\":{\"text\":\"b\"},\"number\":1",
		"{\"id\":\"x\",\"a\":{\"text\":\"b",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(same); i++) {
		learn(EVENT("a"), OUT("a"));
		follow(__LINE__, same[i][0], same[i][1]);
		follow(__LINE__, same[i][0], same[i][1]);
	}
	for (i = 0; i < COUNT(other); i++) {
		learn(EVENT("a"), OUT("a"));
		follow((int)i, other[i], NULL);
		/* It has changed the state: nothing is known any more. */
		follow((int)i, EVENT("b"), NULL);
		learn(EVENT("a"), OUT("a"));
		follow((int)i, EVENT("b"), same[0][1]);
	}
	shape_finish(&shape);
	shape = (struct shape){ 0 };
}

/* What can't be told from one event. */
static void
test_not_learned(void **state)
{
	static const char *const pairs[][2] = {
		{ EVENT("a"), "" },
		{ EVENT(""), OUT("") },
		{ EVENT("a"), OUT("b") },
		{ EVENT("a"), "data: {}\n\n" },
		{ EVENT("\\u00e9"), OUT("\xc3\xa9") },
		{ "{\"\\u0074ext\":\"b\",\"text\":\"a\"}", OUT("a") },
		{ "{\"text\":\"a\",\"text\":\"a\"}", OUT("a") },
		{ EVENT("a"), "{\"text\":\"a\",\"text\":\"a\"}" },
		{ "{\"text\": \"a\"}", OUT("a") },
		{ "{\"text\":1}", "data: {\"text\":1}\n\n" },
		{ "{\"x\\\"text\":\"a\"}", OUT("b") },
		{ "{\"id\":\"a\"}", "data: {\"id\":\"b\"}\n\n" },
		{ "{\"text\":\"a\",\"number\":1,\"number\":2}", OUT("a") },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		shape.misses = 0;
		learn(pairs[i][0], pairs[i][1]);
		follow((int)i, pairs[i][0], NULL);
	}
	shape_finish(&shape);
	shape = (struct shape){ 0 };
}

/* --- Answers. */

/* Behind each event one that says nothing, so that none follows another. */
static void
separate(const struct buf *in, const char *nothing, struct buf *out)
{
	const char *p = in->p, *next;

	while ((next = strstr(p, "\n\n")) != NULL) {
		buf_append(out, p, (size_t)(next - p) + 2);
		buf_puts(out, nothing);
		p = next + 2;
	}
	buf_puts(out, p);
}

/* Random ids and the time, made the same each time. */
static void
mask_all(struct buf *b)
{
	static const char	hex[] = "0123456789abcdef";
	size_t			i, n;

	mask(b);
	for (i = 0; i < b->len; i += n > 0 ? n : 1)
		if ((n = strspn(b->p + i, hex)) >= 9)
			memset(b->p + i, '0', n);
}

static void
run_chat(const struct buf *in, struct buf *out)
{
	struct run r;

	begin(&r, &with_usage);
	feed(&r, in->p, in->len, 1 << 20);
	mask_all(&r.out);
	buf_append(out, buf_str(&r.out), r.out.len);
	done(&r);
}

static void
run_responses(const struct buf *in, bool plain_deltas, struct buf *out)
{
	struct responses r = {
		.model = xstrdup("asked"), .stream = true,
		.plain = plain_deltas, .echo = json_object_new_object()
	};
	struct run run = { .usage = USAGE_NONE, .ok = true };

	run.self = responses_answer_create(&r, &run.usage);
	feed(&run, in->p, in->len, 1 << 20);
	mask_all(&run.out);
	buf_append(out, buf_str(&run.out), run.out.len);
	done(&run);
}

static void
both_ways(const char *name, const struct buf *in)
{
	struct buf	slow = { 0 }, a = { 0 }, b = { 0 };
	int		i;

	for (i = 0; i < 3; i++) {
		separate(in, i == 0 ? "data: {}\n\n" :
		    "data: {\"type\":\"nothing\"}\n\n", &slow);
		if (i == 0) {
			run_chat(in, &a);
			run_chat(&slow, &b);
		} else {
			run_responses(in, i == 1, &a);
			run_responses(&slow, i == 1, &b);
		}
		if (a.len != b.len || memcmp(buf_str(&a), buf_str(&b), a.len))
			fail_msg("%s, %d: %s\nbut one by one: %s", name, i,
			    buf_str(&a), buf_str(&b));
		buf_truncate(&slow, 0);
		buf_truncate(&a, 0);
		buf_truncate(&b, 0);
	}
	buf_finish(&slow);
	buf_finish(&a);
	buf_finish(&b);
}

static void
read_file(const char *path, struct buf *out)
{
	char	 block[4096];
	size_t	 n;
	FILE	*f = fopen(path, "rb");

	assert_non_null(f);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_append(out, block, n);
	fclose(f);
}

static size_t
all_of(const char *dir)
{
	struct dirent	*entry;
	struct buf	 in = { 0 };
	size_t		 n = 0;
	char		*path;
	DIR		*d = opendir(dir);

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (!util_ends(entry->d_name, ".sse"))
			continue;
		path = xasprintf("%s/%s", dir, entry->d_name);
		read_file(path, &in);
		if (in.len > 0)
			both_ways(entry->d_name, &in);
		buf_truncate(&in, 0);
		free(path);
		n++;
	}
	if (d != NULL)
		closedir(d);
	buf_finish(&in);
	return n;
}

static void
test_recordings(void **state)
{
	const char	*dir = getenv("srcdir");
	char		*data, *real;

	(void)state;
	if (dir == NULL)
		dir = ".";
	data = xasprintf("%s/tests/data", dir);
	/* As tests/answers-t: of the real service, where they are. */
	real = xasprintf("%s/../shared/captures", dir);
	assert_true(all_of(data) > 20);
	all_of(real);
	free(data);
	free(real);
}

static const char *const texts[] = {
	"a", "b", "", "c", " d\\n", "\\u00e9", "e", "\\ud83d", "\\ude80", "f",
	"\\/", "\xc3\xa9", "\\\"q\\\"", "\\\\", "g", "\\t", "h", "i",
};

/* Texts of all kinds behind each other, and what comes between them. */
static void
test_texts(void **state)
{
	static const char *const chat[] = {
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}],"
		    "\"created\":5,\"id\":\"i\",\"model\":\"m\"}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\","
		    "\"role\":\"assistant\",\"padding\":\"p\"}}],\"id\":\"i\","
		    "\"obfuscation\":\"%s\",\"usage\":{\"prompt_tokens\":0}}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"reasoning_text\":"
		    "\"%s\",\"content\":\"x\"}}]}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{"
		    "\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\","
		    "\"arguments\":\"%s\"}}]}}]}",
		"{\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","
		    "\"delta\":{\"content\":\"%s\"}}]}",
	};
	static const char *const responses[] = {
		"{\"type\":\"response.output_text.delta\",\"item_id\":\"%s\","
		    "\"output_index\":0,\"delta\":\"%s\","
		    "\"sequence_number\":4}",
		"{\"type\":\"response.output_text.delta\",\"logprobs\":[],"
		    "\"output_index\":0,\"delta\":\"%s\","
		    "\"obfuscation\":\"%s\"}",
		("{\"delta\":\"%s\",\"output_index\":1,\"type\":"
		    "\"response.function_call_arguments.delta\"}"),
		"{\"delta\":\"%s\",\"type\":\"error\"}",
	};
	struct buf	in = { 0 };
	unsigned	seed = 3;
	int		i, k, n, kind = 0;

	(void)state;
	for (i = 0; i < 300; i++) {
		buf_truncate(&in, 0);
		for (k = 0; k < 40; k++) {
			/* Of one kind some behind each other. */
			if (k == 0 || rand_r(&seed) % 4 == 0)
				kind = rand_r(&seed);
			n = rand_r(&seed);
			buf_puts(&in, "data: ");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			buf_printf(&in, i % 2 == 0 ?
			    chat[(unsigned)kind % COUNT(chat)] :
			    responses[(unsigned)kind % 97 == 0 ? 3 :
			    (unsigned)kind % 3],
			    texts[(unsigned)n % COUNT(texts)],
			    texts[(unsigned)(n / 64) % COUNT(texts)]);
#pragma GCC diagnostic pop
			buf_puts(&in, "\n\n");
		}
		both_ways("texts", &in);
	}
	buf_finish(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_not_learned),
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_texts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
