/*
 * There and back: an answer that is read in one protocol and written in
 * another, streamed or whole, still says the same, on any way from one to
 * another and on to a third.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answer-run.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/answer-read.h"
#include "chat/answer-write.h"
#include "chat/wanted.h"
#include "data.h"
#include "messages/answer-read.h"
#include "messages/answer-write.h"
#include "responses/answer-read.h"
#include "responses/answer-write.h"
#include "responses/native.h"
#include "turn/sink.h"
#include "turn/tools.h"
#include "turn/usage.h"

/* --- A writer that notes what is said. */

#define ITEMS 16

/* Chat completions have no form for searches. */
static bool with_searches;

struct notes {
	struct sink	 sink;
	struct buf	 text[SINK_PART__MAX];
	struct buf	 calls[ITEMS];		/* name, id and arguments */
	size_t		 number[ITEMS];		/* of an item: its call's */
	size_t		 ncalls;
	enum sink_kind	 kind[ITEMS];
	struct buf	 sources;	/* pages that were found, and links */
	struct buf	*out;		/* all of it in the end */
};

static bool
note_head(struct sink *s, const struct sink_head *head, struct buf *out,
    struct err *err)
{
	(void)s;
	(void)head;
	(void)out;
	(void)err;
	return true;
}

static bool
note_begin(struct sink *s, size_t item, const struct sink_item *is,
    struct buf *out, struct err *err)
{
	struct notes *n = (struct notes *)s;

	(void)out;
	(void)err;
	assert_true(item < ITEMS);
	n->kind[item] = is->kind;
	if (is->kind == SINK_CALL) {
		n->number[item] = n->ncalls;
		buf_printf(&n->calls[n->ncalls++], "%s %s ", is->name, is->id);
	}
	return true;
}

static bool
note_delta(struct sink *s, size_t item, const struct sink_delta *d,
    struct buf *out, struct err *err)
{
	struct notes *n = (struct notes *)s;

	(void)out;
	(void)err;
	js_append_text(d->part == SINK_ARGUMENTS || d->part == SINK_INPUT ?
	    &n->calls[n->number[item]] : &n->text[d->part], d->text);
	return true;
}

static bool
note_seal(struct sink *s, size_t item, enum sink_seal form, json_object *text,
    struct buf *out, struct err *err)
{
	(void)s;
	(void)item;
	(void)form;
	(void)text;
	(void)out;
	(void)err;
	return true;
}

/* Responses have no titles of what was found. */
static bool
note_source(struct sink *s, size_t item, const struct sink_source *source,
    struct buf *out, struct err *err)
{
	struct notes *n = (struct notes *)s;

	(void)out;
	(void)err;
	if (n->kind[item] == SINK_SEARCH)
		buf_printf(&n->sources, "found %s\n",
		    json_object_get_string(source->url));
	else
		buf_printf(&n->sources, "link %s '%s' %d-%d\n",
		    json_object_get_string(source->url),
		    json_object_get_string(source->title), (int)source->start,
		    (int)source->end);
	return true;
}

static bool
note_end(struct sink *s, size_t item, bool cut, struct buf *out,
    struct err *err)
{
	struct notes *n = (struct notes *)s;

	(void)out;
	(void)err;
	if (n->kind[item] == SINK_SEARCH && cut)
		buf_puts(&n->sources, "in vain\n");
	return true;
}

/*
 * Arguments without their white space: a whole Message has an object, and for
 * text, which Messages have not, a string.
 */
static void
put_call(const struct buf *call, struct buf *out)
{
	const char	*args = strchr(strchr(call->p, ' ') + 1, ' ') + 1;
	json_object	*obj = js_parse_quiet(args, strlen(args));

	buf_append(out, call->p, (size_t)(args - call->p));
	if (json_object_is_type(obj, json_type_string))
		js_append_text(out, obj);
	else if (obj != NULL)
		js_print(obj, out);
	else
		buf_puts(out, args);
	buf_putc(out, '\n');
	json_object_put(obj);
}

static bool
note_finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct notes	*n = (struct notes *)s;
	size_t		 i;

	(void)out;
	(void)err;
	for (i = 0; i < SINK_PART__MAX; i++)
		if (i != SINK_QUERY || with_searches)
			buf_printf(n->out, "%zu:%s\n", i,
			    buf_str(&n->text[i]));
	for (i = 0; i < n->ncalls; i++)
		put_call(&n->calls[i], n->out);
	if (with_searches)
		buf_append(n->out, buf_str(&n->sources), n->sources.len);
	buf_printf(n->out, "%d %lld+%lld\n", end->reason == SINK_LENGTH,
	    (long long)end->usage->input, (long long)end->usage->output);
	return true;
}

static void
note_fail(struct sink *s, const struct err *err, struct buf *out)
{
	(void)s;
	(void)out;
	fail_msg("%s", err->msg);
}

static void
note_destroy(struct sink *s)
{
	struct notes	*n = (struct notes *)s;
	size_t		 i;

	for (i = 0; i < SINK_PART__MAX; i++)
		buf_finish(&n->text[i]);
	for (i = 0; i < n->ncalls; i++)
		buf_finish(&n->calls[i]);
	buf_finish(&n->sources);
	free(n);
}

static const struct sink_ops notes_ops = {
	.head = note_head, .begin = note_begin, .delta = note_delta,
	.seal = note_seal, .source = note_source, .end = note_end,
	.finish = note_finish,
	.fail = note_fail, .destroy = note_destroy
};

static struct sink *
notes_create(struct buf *out)
{
	struct notes *n = xcalloc(1, sizeof(*n));

	n->sink.ops = &notes_ops;
	n->out = out;
	return &n->sink;
}

/* --- The protocols. */

static const struct tools	 no_tools;
static struct responses		 echo[2];	/* whole, streamed */

static void *
chat_read(struct sink *to, struct usage *usage)
{
	return chat_reader_create(to, false, &no_tools, 1 << 20, usage);
}

static struct sink *
chat_write(bool stream)
{
	const struct chat_wanted wanted = {
		.model = "m", .mapped = true, .stream = stream, .n = 1,
		.include_usage = true, .max = 1 << 20
	};

	return chat_write_create(&wanted);
}

static struct sink *
responses_write(bool stream)
{
	return responses_write_create(&echo[stream], true, "Google");
}

static void *
messages_read(struct sink *to, struct usage *usage)
{
	return messages_reader_create(to, NULL, usage);
}

static struct sink *
messages_write(bool stream)
{
	const struct messages_writing how = {
		.model = "m", .vendor = "", .request_id = "req",
		.stream = stream, .thoughts = true, .shown = true
	};

	return messages_write_create(&how);
}

enum { CHAT, RESPONSES, MESSAGES, PROTOCOLS };

static const struct protocol {
	const char			*name;
	const struct answer_reader	*reader;
	void		*(*read)(struct sink *, struct usage *);
	struct sink	*(*write)(bool stream);
} protocols[PROTOCOLS] = {
	[CHAT] = { "chat", &chat_reader, chat_read, chat_write },
	[RESPONSES] = { "responses", &responses_reader,
	    responses_reader_create, responses_write },
	[MESSAGES] = { "messages", &messages_reader, messages_read,
	    messages_write },
};

/* --- The ways. */

/* What upstream sends, read in a protocol and written by "to". */
static void
carry(const struct protocol *from, struct sink *to, bool stream,
    const struct buf *in, struct buf *out)
{
	struct answer	*a = answer_create(to);
	struct run	 r = { .self = a, .usage = USAGE_NONE };

	answer_read(a, from->reader, from->read(answer_first(a), &r.usage));
	if (stream)
		run_stream(&r, 1 << 20, in->p, in->len, in->len);
	else
		r.ok = run_whole(&turn_answer, a, in->p, in->len, &r.out,
		    &r.err);
	if (!r.ok)
		fail_msg("%s: %s", from->name, r.err.msg);
	*out = r.out;
	turn_answer.destroy(a);
}

static void
said_by(const struct protocol *p, bool stream, const struct buf *in,
    struct buf *notes)
{
	struct buf none = { 0 };

	carry(p, notes_create(notes), stream, in, &none);
	buf_finish(&none);
}

/* Over one protocol, and from there over another. */
static void
check(const struct protocol *from, const struct buf *in, unsigned way,
    const char *want)
{
	const struct protocol	*one = &protocols[way % PROTOCOLS];
	const struct protocol	*two = &protocols[way / PROTOCOLS % PROTOCOLS];
	bool			 first = way & 1, second = way & 2;
	struct buf		 there = { 0 }, on = { 0 }, got = { 0 };

	carry(from, one->write(first), true, in, &there);
	carry(one, two->write(second), first, &there, &on);
	said_by(two, second, &on, &got);
	if (strcmp(buf_str(&got), want) != 0)
		fail_msg("%s, %s, %s:\n got %s\nwant %s", from->name, one->name,
		    two->name, buf_str(&got), want);
	buf_finish(&there);
	buf_finish(&on);
	buf_finish(&got);
}

static void
test_round(void **state)
{
	static const struct {
		int		 protocol;
		const char	*file;
	} cases[] = {
		{ CHAT, "chat-openai.sse" }, { CHAT, "chat-openai-tools.sse" },
		{ CHAT, "chat-claude.sse" }, { CHAT, "chat-claude-tools.sse" },
		{ CHAT, "chat-gemini.sse" }, { CHAT, "chat-gemini-tools.sse" },
		{ CHAT, "chat-thinking.sse" },
		{ RESPONSES, "responses-stream.sse" },
	};
	struct buf	in, want;
	size_t		i;
	unsigned	way;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		in = want = (struct buf){ 0 };
		read_data(cases[i].file, &in);
		said_by(&protocols[cases[i].protocol], true, &in, &want);
		/* Each pair, and each of its streams and wholes. */
		for (way = 0; way < PROTOCOLS * PROTOCOLS * 4; way++)
			check(&protocols[cases[i].protocol], &in, way, want.p);
		buf_finish(&in);
		buf_finish(&want);
	}
}

/* --- Searches of the web, and what a text refers to. */

static const char searched[] =
    "{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"output\":["
    "{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\","
    "\"action\":{\"type\":\"search\",\"query\":\"sink\",\"sources\":[{\"type\":"
    "\"url\",\"url\":\"https://a.test/\"},{\"type\":\"url\",\"url\":"
    "\"https://b.test/\"}]}},"
    "{\"type\":\"web_search_call\",\"id\":\"ws_2\",\"status\":\"failed\","
    "\"action\":{\"type\":\"search\",\"queries\":[\"tap\"]}},"
    "{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":"
    "\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":"
    "\"It is \u00fcber.\",\"annotations\":[{\"type\":\"url_citation\","
    "\"start_index\":0,\"end_index\":11,\"url\":\"https://a.test/\",\"title\":"
    "\"A\"}]}]},"
    "{\"type\":\"message\",\"id\":\"msg_2\",\"role\":\"assistant\",\"status\":"
    "\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"And.\","
    "\"annotations\":[{\"type\":\"url_citation\",\"start_index\":0,"
    "\"end_index\":4,\"url\":\"https://b.test/\",\"title\":\"B\"}]}]}],"
    "\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"total_tokens\":3}}";

static const char sources[] =
    "found https://a.test/\nfound https://b.test/\nin vain\n"
    "link https://a.test/ 'A' 0-11\nlink https://b.test/ 'B' 0-4\n";

/* Over Messages and back, with all of it. */
static void
test_sources(void **state)
{
	const struct protocol	*r = &protocols[RESPONSES];
	const struct protocol	*m = &protocols[MESSAGES];
	struct buf		 in = { 0 }, there, back, want, got;
	int			 way;

	(void)state;
	with_searches = true;
	buf_puts(&in, searched);
	for (way = 0; way < 4; way++) {
		there = back = want = got = (struct buf){ 0 };
		said_by(r, false, &in, &want);
		assert_non_null(strstr(want.p, sources));
		carry(r, m->write(way & 1), false, &in, &there);
		carry(m, r->write(way & 2), way & 1, &there, &back);
		said_by(r, way & 2, &back, &got);
		assert_string_equal(got.p, want.p);
		buf_finish(&there);
		buf_finish(&back);
		buf_finish(&want);
		buf_finish(&got);
	}
	buf_finish(&in);
	with_searches = false;
}

/* A chat completion has one content, whose characters its links count. */
static void
test_links(void **state)
{
	static const char want[] = "\"annotations\":[{\"type\":\"url_citation\","
	    "\"url_citation\":{\"start_index\":0,\"end_index\":11,\"url\":"
	    "\"https://a.test/\",\"title\":\"A\"}},{\"type\":\"url_citation\","
	    "\"url_citation\":{\"start_index\":13,\"end_index\":17,\"url\":"
	    "\"https://b.test/\",\"title\":\"B\"}}]";
	struct buf in = { 0 }, out = { 0 };

	(void)state;
	buf_puts(&in, searched);
	carry(&protocols[RESPONSES], chat_write(false), false, &in, &out);
	if (strstr(out.p, want) == NULL)
		fail_msg("%s", out.p);
	buf_finish(&out);
	carry(&protocols[RESPONSES], chat_write(true), false, &in, &out);
	assert_non_null(strstr(out.p, "\"annotations\":[{\"type\":"
	    "\"url_citation\",\"url_citation\":{\"start_index\":13"));
	buf_finish(&in);
	buf_finish(&out);
}

/* --- A stage that cuts an answer off. */

static bool
first_only(struct sink *s, size_t item, const struct sink_item *is,
    struct buf *out, struct err *err)
{
	return item > 0 || sink_begin(s->next, item, is, out, err);
}

static void
nothing(struct sink *s)
{
	(void)s;
}

static const struct sink_ops first_ops = {
	.begin = first_only, .destroy = nothing
};

static void
tell(struct sink *s, size_t item, const char *word, struct buf *out)
{
	const struct sink_item	 is = { .kind = SINK_MESSAGE };
	struct sink_delta	 d = { .text = json_object_new_string(word) };
	struct err		 err;

	assert_true(sink_begin(s, item, &is, out, &err));
	assert_true(sink_delta(s, item, &d, out, &err));
	assert_true(sink_seal(s, item, SINK_OPAQUE, d.text, out, &err));
	assert_true(sink_end(s, item, false, out, &err));
	json_object_put(d.text);
}

/* No writer hears of an item that didn't begin for it. */
static void
test_cut(void **state)
{
	const struct sink_end	 end = { .reason = SINK_STOP };
	struct sink		 first;
	struct buf		 out = { 0 };
	struct err		 err;
	size_t			 i, item;

	(void)state;
	for (i = 0; i < PROTOCOLS; i++) {
		first = (struct sink){
			.ops = &first_ops, .next = protocols[i].write(true)
		};
		tell(&first, 0, "kept", &out);
		for (item = 1; item < ITEMS; item++)
			tell(&first, item, "lost", &out);
		assert_true(sink_finish(&first, &end, &out, &err));
		assert_non_null(strstr(out.p, "kept"));
		assert_null(strstr(out.p, "lost"));
		sink_destroy(&first);
		buf_finish(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_cut),
	};
	size_t	i;
	int	failed;

	for (i = 0; i < COUNT(echo); i++)
		echo[i] = (struct responses){
			.model = xstrdup("m"), .stream = i == 1,
			.echo = json_object_new_object()
		};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (i = 0; i < COUNT(echo); i++)
		responses_finish(&echo[i]);
	return failed;
}
