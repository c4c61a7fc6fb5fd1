/*
 * Unit tests of shape.c and delta.c, and that an answer is the same whether its
 * events are read one by one or told from those before: every recording both
 * ways.
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
#include "chat/answer-read.h"
#include "chat/answer-write.h"
#include "messages/answer-read.h"
#include "messages/answer-write.h"
#include "responses/answer-read.h"
#include "responses/answer-write.h"
#include "responses/native-answer.h"
#include "responses/native.h"
#include "turn/delta.h"
#include "turn/tools.h"

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

/* The text of the first member, of events like the one before. */
static void
test_text(void **state)
{
	static const char	*other[] = {
		EVENT(""), EVENT("\\u0041"), EVENT("a") " ",
		"{\"id\":\"x\",\"a\":{\"text\":\"b\"},\"number\":1.5}"
	};
	const char		*p = NULL;
	size_t			 n = 0, i;

	(void)state;
#define CALL(function, event) function(&shape, members, event, \
	    strlen(event), &p, &n)
	for (i = 0; i < COUNT(other); i++) {
		assert_true(shape_learn_event(&shape, members, COUNT(members),
		    EVENT("ab"), strlen(EVENT("ab")), &p, &n));
		assert_true(n == 2 && memcmp(p, "ab", 2) == 0);
		assert_true(CALL(shape_text, EVENT("c\\n\xc3\xa9")));
		assert_true(n == 5 && memcmp(p, "c\\n\xc3\xa9", 5) == 0);
		assert_false(CALL(shape_text, other[i]));
		assert_false(CALL(shape_text, EVENT("c")));
	}
#undef CALL
	assert_false(shape_learn_event(&shape, members, COUNT(members),
	    "{\"id\":\"a\"}", 10, &p, &n));
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

/* --- What a reader knows of the next event. */

static void
test_delta(void **state)
{
	static const char	first[] = "{\"delta\":\"a\",\"item_id\":\"i\"}";
	struct sse_event	ev = { .data = first, .len = strlen(first) };
	struct delta		d = { 0 };
	json_object		*a = json_object_new_string("a"), *text;
	json_object		*b = json_object_new_string("b");

	(void)state;
	assert_null(delta_text(&d, &ev));
	/* What was said is something else than what stands there. */
	delta_learn(&d, &ev, "delta", b);
	assert_null(delta_text(&d, &ev));
	delta_learn(&d, &ev, "text", a);
	assert_null(delta_text(&d, &ev));
	delta_learn(&d, &ev, "delta", a);
	ev.data = "{\"delta\":\"\\\"b\\n\",\"item_id\":\"other\"}";
	ev.len = strlen(ev.data);
	text = delta_text(&d, &ev);
	assert_string_equal(json_object_get_string(text), "\"b\n");
	json_object_put(text);
	ev.unfinished = true;
	assert_null(delta_text(&d, &ev));
	json_object_put(a);
	json_object_put(b);
	delta_finish(&d);
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

static void *
native_chat(struct usage *usage)
{
	return chat_answer_create(&with_usage, usage);
}

static void *
native_responses(bool plain_deltas, struct usage *usage)
{
	struct responses r = {
		.model = xstrdup("asked"), .stream = true,
		.plain = plain_deltas, .echo = json_object_new_object()
	};

	return responses_answer_create(&r, usage);
}

static void *
native_plain(struct usage *usage)
{
	return native_responses(true, usage);
}

static void *
native_other(struct usage *usage)
{
	return native_responses(false, usage);
}

static void *
read_chat(struct answer *take, struct usage *usage)
{
	static const struct tools none;

	answer_read(take, &chat_reader, chat_reader_create(
	    answer_first(take), false, &none, 1 << 20, usage));
	return take;
}

static void *
read_responses(struct answer *take, struct usage *usage)
{
	answer_read(take, &responses_reader,
	    responses_reader_create(answer_first(take), usage));
	return take;
}

static void *
read_messages(struct answer *take, struct usage *usage)
{
	answer_read(take, &messages_reader,
	    messages_reader_create(answer_first(take), NULL, usage));
	return take;
}

static struct answer *
write_chat(void)
{
	return answer_create(chat_write_create(&with_usage));
}

static struct responses bridged;

static struct answer *
write_responses(void)
{
	return answer_create(responses_write_create(&bridged, false, ""));
}

static struct answer *
write_messages(void)
{
	const struct messages_writing how = {
		.model = "asked", .vendor = "", .request_id = "req",
		.stream = true, .thoughts = true, .shown = true
	};

	return answer_create(messages_write_create(&how));
}

static const struct way {
	const char	 *name;
	/* An answer in upstream's own protocol, or one of these two. */
	void		*(*native)(struct usage *);
	void		*(*read)(struct answer *, struct usage *);
	struct answer	*(*write)(void);
} ways[] = {
	{ "chat", native_chat, NULL, NULL },
	{ "responses, plain", native_plain, NULL, NULL },
	{ "responses", native_other, NULL, NULL },
	{ "responses of chat", NULL, read_chat, write_responses },
	{ "messages of chat", NULL, read_chat, write_messages },
	{ "chat of responses", NULL, read_responses, write_chat },
	{ "messages of responses", NULL, read_responses, write_messages },
	{ "chat of messages", NULL, read_messages, write_chat },
	{ "responses of messages", NULL, read_messages, write_responses },
};

static void
run_way(const struct way *w, const struct buf *in, struct buf *out)
{
	struct run r = { .usage = USAGE_NONE, .ok = true };

	r.self = w->native != NULL ? w->native(&r.usage) :
	    w->read(w->write(), &r.usage);
	feed(&r, in->p, in->len, 1 << 20);
	mask_all(&r.out);
	buf_append(out, buf_str(&r.out), r.out.len);
	done(&r);
}

static void
both_ways(const char *name, const struct buf *in)
{
	struct buf		 slow = { 0 }, a = { 0 }, b = { 0 };
	const struct way	*w;

	for (w = ways; w < ways + COUNT(ways); w++) {
		separate(in, w->native == native_chat || w->read == read_chat ?
		    "data: {}\n\n" : "data: {\"type\":\"nothing\"}\n\n",
		    &slow);
		run_way(w, in, &a);
		run_way(w, &slow, &b);
		if (a.len != b.len || memcmp(buf_str(&a), buf_str(&b), a.len))
			fail_msg("%s, %s: %s\nbut one by one: %s", name,
			    w->name, buf_str(&a), buf_str(&b));
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
	static const char *const messages[] = {
		"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
		    "\"type\":\"text_delta\",\"text\":\"%s\"}}",
		"{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{"
		    "\"type\":\"input_json_delta\",\"partial_json\":"
		    "\"%s\"}}",
		"{\"type\":\"content_block_delta\",\"delta\":{\"type\":"
		    "\"thinking_delta\",\"thinking\":\"%s\"},\"index\":2,"
		    "\"padding\":\"%s\"}",
		"{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{"
		    "\"type\":\"signature_delta\",\"signature\":\"%s\"}}",
		"{\"type\":\"content_block_stop\",\"index\":2,\"text\":"
		    "\"%s\"}",
	};
	static const char begin_blocks[] =
	    "data: {\"type\":\"content_block_start\",\"index\":0,"
	    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
	    "data: {\"type\":\"content_block_start\",\"index\":1,"
	    "\"content_block\":{\"type\":\"tool_use\",\"id\":\"c\","
	    "\"name\":\"f\",\"input\":{}}}\n\n"
	    "data: {\"type\":\"content_block_start\",\"index\":2,"
	    "\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}"
	    "\n\n";
	const char	*form;
	struct buf	in = { 0 };
	unsigned	seed = 3;
	int		i, k, n, kind = 0;

	(void)state;
	for (i = 0; i < 300; i++) {
		buf_truncate(&in, 0);
		if (i % 3 == 2)
			buf_puts(&in, begin_blocks);
		for (k = 0; k < 40; k++) {
			/* Of one kind some behind each other. */
			if (k == 0 || rand_r(&seed) % 4 == 0)
				kind = rand_r(&seed);
			n = rand_r(&seed);
			form = i % 3 == 0 ?
			    chat[(unsigned)kind % COUNT(chat)] : i % 3 == 1 ?
			    responses[(unsigned)kind % 97 == 0 ? 3 :
			    (unsigned)kind % 3] :
			    messages[(unsigned)kind % COUNT(messages)];
			buf_puts(&in, "data: ");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			buf_printf(&in, form,
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
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_not_learned),
		cmocka_unit_test(test_delta),
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_texts),
	};

	int	failed;

	bridged = (struct responses){
		.model = xstrdup("asked"), .stream = true,
		.echo = json_object_new_object()
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	responses_finish(&bridged);
	return failed;
}
