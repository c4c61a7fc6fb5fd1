/*
 * What is stored of a chat completion is what its client's bytes add up to:
 * for each recording, by each protocol, streamed or whole on either side.
 */
#include "config.h"

#include "stored-fixture.h"

#include "answer-run.h"
#include "api/chat-keep.h"
#include "api/exchange.h"
#include "base/sse.h"
#include "chat/answer-read.h"
#include "chat/answer-write.h"
#include "chat/answer.h"
#include "chat/collect.h"
#include "chat/usage.h"
#include "data.h"
#include "messages/answer-read.h"
#include "messages/answer-write.h"
#include "responses/answer-read.h"
#include "responses/answer-write.h"
#include "responses/native.h"
#include "state/completions.h"
#include "turn/tools.h"

#define BODY_MAX (1 << 20)

static const char request[] = "{\"model\":\"asked\",\"store\":true,"
    "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"seed\":7,"
    "\"user\":\"me\",\"metadata\":{\"a\":\"b\"},\"stream\":%s}";

static struct stored	*stored;
static size_t		 most = BODY_MAX;	/* for what is stored */

/* --- What the client's bytes add up to. */

struct sum {
	json_object		*head;		/* the first chunk */
	struct chat_collect	*choices;
};

static bool
add(const struct sse_event *ev, void *arg)
{
	struct sum	*s = arg;
	json_object	*chunk = js_parse_quiet(ev->data, ev->len), *choice;
	json_object	*choices = js_array(chunk, "choices");
	size_t		 i;

	if (s->head == NULL && choices != NULL)
		s->head = json_object_get(chunk);
	for (i = 0; i < js_len(choices); i++) {
		choice = json_object_array_get_idx(choices, i);
		chat_collect_add(s->choices, js_int(choice, "index", 0),
		    choice);
	}
	json_object_put(chunk);
	return true;
}

static json_object *
sum_of_stream(const struct buf *out, const struct usage *usage)
{
	struct sum	 s = { .choices = chat_collect_create() };
	struct sse	 sse = { .max = out->len + 1 };
	json_object	*obj = NULL;

	sse_feed(&sse, buf_str(out), out->len, add, &s);
	if (s.head != NULL) {
		obj = s.head;
		js_add_str(obj, "object", "chat.completion");
		js_add_take(obj, "choices", chat_collect_choices(s.choices));
		js_add_take(obj, "usage", chat_usage_new(usage));
	}
	chat_collect_destroy(s.choices);
	sse_finish(&sse);
	return obj;
}

static json_object *
sum_of(const struct buf *out, bool stream, const struct usage *usage)
{
	return stream ? sum_of_stream(out, usage) :
	    js_parse_quiet(buf_str(out), out->len);
}

/* --- One run. */

/* What upstream sends, and as what. */
struct upstream {
	const char	*name;
	int		 protocol;
	bool		 stream, fails;
	int64_t		 n;		/* choices */
	struct buf	 bytes;
};

enum { CHAT, RESPONSES, MESSAGES, PROTOCOLS };

static const struct tools	 no_tools;
static struct responses		 echo[2];	/* whole, streamed */

/* An answer of that protocol, to be read as it is carried or natively. */
static struct answer *
answer_of(int protocol, const struct chat_wanted *wanted, struct usage *usage)
{
	struct answer *a;

	if (protocol == CHAT)
		return chat_answer_create(wanted, usage);
	a = answer_create(chat_write_create(wanted));
	if (protocol == RESPONSES)
		answer_read(a, &responses_reader,
		    responses_reader_create(answer_first(a), usage));
	else
		answer_read(a, &messages_reader,
		    messages_reader_create(answer_first(a), NULL, usage));
	return a;
}

static struct exchange *
exchange_of(bool stream)
{
	struct exchange *x = exchange_create();

	conf.max_response_body_bytes = (int64_t)most;
	x->conf = &conf;
	x->stored = stored;
	x->key = "";
	snprintf(x->req.id, sizeof(x->req.id), "req_1");
	x->usage = (struct usage)USAGE_NONE;
	buf_printf(&x->req.body, request, stream ? "true" : "false");
	return x;
}

static void
exchange_done(struct exchange *x)
{
	x->conf = NULL;
	exchange_destroy(x);
}

/* All but what was asked is what the client was told. */
static void
compare(const struct upstream *up, json_object *kept, json_object *told)
{
	size_t asked = 11;

	json_object_object_foreach(told, key, value)
		if (!json_object_equal(js_get(kept, key), value))
			fail_msg("%s, %d, %d: %s:\n got %s\nwant %s", up->name,
			    up->protocol, up->stream, key,
			    json_object_to_json_string(js_get(kept, key)),
			    json_object_to_json_string(value));
	assert_int_equal(json_object_object_length(kept),
	    (size_t)json_object_object_length(told) + asked);
	assert_true(js_is(kept, "request_id", "req_1"));
	assert_true(js_is(kept, "input_user", "me"));
	assert_int_equal(js_int(kept, "seed", 0), 7);
	assert_true(js_is(js_obj(kept, "metadata"), "a", "b"));
}

struct feeding {
	const struct answer_ops	*ops;
	struct run		 run;
};

static bool
feed_event(const struct sse_event *ev, void *arg)
{
	struct feeding *f = arg;

	f->run.said = f->ops->event(f->run.self, ev, &f->run.out, &f->run.err);
	return f->run.said == ANSWER_MORE;
}

static bool
feed(struct feeding *f, const struct upstream *up)
{
	struct sse	sse = { .max = BODY_MAX };
	bool		more;

	if (!up->stream)
		return run_whole(f->ops, f->run.self, up->bytes.p,
		    up->bytes.len, &f->run.out, &f->run.err);
	more = sse_feed(&sse, up->bytes.p, up->bytes.len, feed_event, f);
	if (more)
		sse_end(&sse, feed_event, f);
	sse_finish(&sse);
	return run_end(f->ops, f->run.self, f->run.said, &f->run.out,
	    &f->run.err);
}

static void
check(const struct upstream *up, const struct chat_wanted *form)
{
	struct chat_wanted	 wanted = *form;
	struct exchange		*x = exchange_of(wanted.stream);
	struct feeding		 f = { .ops = NULL };
	json_object		*obj, *told, *kept;
	struct err		 err;
	enum stored_found	 found;
	char			 owner[STATE_OWNER_SIZE];
	const char		*id;
	bool			 ok;

	state_owner(x->key, owner);
	assert_true(js_parse(x->req.body.p, x->req.body.len, &obj, &err));
	assert_true(chat_keep_read(x, obj, &wanted.tap, &err));
	json_object_put(obj);
	assert_non_null(wanted.tap.print);
	x->answer = &turn_answer;
	x->self = answer_of(up->protocol, &wanted, &x->usage);
	f.ops = x->answer;
	f.run.self = x->self;
	ok = feed(&f, up);
	told = ok ? sum_of(&f.run.out, wanted.stream, &x->usage) : NULL;
	id = js_str(told, "id");
	kept = id == NULL ? NULL : completion_get(stored, owner, id, &found);
	assert_int_equal(ok, !up->fails);
	assert_int_equal(kept != NULL, ok && most == BODY_MAX);
	if (kept != NULL) {
		compare(up, kept, told);
		assert_int_equal(completion_delete(stored, owner, id),
		    STORED_FOUND);
	}
	json_object_put(kept);
	json_object_put(told);
	buf_finish(&f.run.out);
	exchange_done(x);
}

/* --- The recordings. */

static void
check_forms(const struct upstream *up)
{
	struct chat_wanted	form = {
		.model = "asked", .n = up->n, .max = BODY_MAX
	};
	unsigned		i;

	for (i = 0; i < 8; i++) {
		form.stream = i & 1;
		form.include_usage = i & 2;
		form.functions = i & 4;
		check(up, &form);
	}
}

static struct sink *
writer_of(int protocol, bool stream)
{
	const struct messages_writing how = {
		.model = "m", .vendor = "", .request_id = "req",
		.stream = stream, .thoughts = true, .shown = true
	};

	if (protocol == MESSAGES)
		return messages_write_create(&how);
	return responses_write_create(&echo[stream], true, "Google");
}

/* The same answer, as upstream would have sent it by another protocol. */
static void
carry(const struct upstream *from, struct upstream *to)
{
	struct answer	*a = answer_create(writer_of(to->protocol, to->stream));
	struct feeding	 f = { &turn_answer, { .usage = USAGE_NONE } };

	f.run.self = a;
	if (from->protocol == CHAT)
		answer_read(a, &chat_reader, chat_reader_create(
		    answer_first(a), false, &no_tools, BODY_MAX, &f.run.usage));
	else
		answer_read(a, &responses_reader,
		    responses_reader_create(answer_first(a), &f.run.usage));
	assert_true(feed(&f, from));
	to->bytes = f.run.out;
	turn_answer.destroy(a);
}

static void
check_carried(const struct upstream *from)
{
	struct upstream	to;
	unsigned	i;

	for (i = 0; i < 4; i++) {
		to = (struct upstream){
			.name = from->name, .stream = i & 2, .n = 1,
			.protocol = i & 1 ? RESPONSES : MESSAGES
		};
		carry(from, &to);
		check_forms(&to);
		buf_finish(&to.bytes);
	}
}

static void
check_file(const char *file, bool fails)
{
	struct upstream up = {
		.name = file, .fails = fails,
		.protocol = file[0] == 'r' ? RESPONSES : CHAT,
		.stream = strstr(file, ".sse") != NULL,
		.n = strstr(file, "-n3.") != NULL ? 3 : 1
	};

	read_data(file, &up.bytes);
	check_forms(&up);
	if (!fails && up.n == 1)
		check_carried(&up);
	buf_finish(&up.bytes);
}

static const char *const files[] = {
	"chat-azure-tools.sse", "chat-azure.sse", "chat-claude-split.json",
	"chat-claude-tools.sse", "chat-claude.json", "chat-claude.sse",
	"chat-function.sse", "chat-gemini-tools.sse", "chat-gemini.json",
	"chat-gemini.sse", "chat-n3.json", "chat-n3.sse", "chat-no-done.sse",
	"chat-no-reason.sse", "chat-openai-tools.sse", "chat-openai.json",
	"chat-openai.sse", "chat-split.sse", "chat-text.sse",
	"chat-thinking.sse", "responses-incomplete.sse",
	"responses-stream.sse", "responses-whole.json",
};

static void
test_recordings(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(files); i++)
		check_file(files[i], false);
}

static void
test_failures(void **state)
{
	static const char *const failing[] = {
		"chat-bare-error.sse", "chat-copilot-errors.json",
		"chat-cut-event.sse", "chat-cut.sse", "chat-error.json",
		"chat-error.sse", "chat-garbage.sse",
		"responses-error-late.sse", "responses-failed-early.sse",
		"responses-failed-late.sse",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(failing); i++)
		check_file(failing[i], true);
}

/* The client gets it all the same. */
static void
test_too_large(void **state)
{
	size_t i;

	(void)state;
	most = 64;
	for (i = 0; i < COUNT(files); i++)
		check_file(files[i], false);
	most = BODY_MAX;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_too_large),
	};
	size_t	 i;
	int	 status;
	char	*home;

	if (mkdtemp(top) == NULL)
		return 1;
	stored = open_fresh(&home);
	for (i = 0; i < COUNT(echo); i++)
		echo[i] = (struct responses){
			.model = xstrdup("m"), .stream = i == 1,
			.echo = json_object_new_object()
		};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	status = cmocka_run_group_tests(tests, NULL, NULL);
	for (i = 0; i < COUNT(echo); i++)
		responses_finish(&echo[i]);
	close_fresh(stored, home);
	return dir_remove(top) | status;
}
