/*
 * What the other fuzzers leave out, in one, since a fault often needs two of
 * them: FastCGI headers, config.json, the model list, tokens, GitHub's answers,
 * embeddings, replays of stored responses, upstream's errors, native answers
 * (whole and cut must agree), and whole requests through routes and handlers
 * with a store. The first byte of the input says which, the second how.
 */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../answer-run.h"
#include "api/api.h"
#include "api/embeddings-answer.h"
#include "api/exchange.h"
#include "api/models-codex.h"
#include "api/reply.h"
#include "base/body.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/js.h"
#include "base/log.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/answer.h"
#include "copilot/failure.h"
#include "copilot/github.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "copilot/quota.h"
#include "copilot/token.h"
#include "responses/native-answer.h"
#include "responses/native.h"
#include "responses/replay.h"
#include "server/incoming.h"
#include "server/route.h"
#include "state/reasoning.h"
#include "state/stored.h"

#define HOME "tests/fuzz/fuzz-mixed.home"	/* "make clean" removes it */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int	LLVMFuzzerInitialize(int *, char ***);

static struct conf	*conf;
static struct models	*models;
static struct stored	*stored;
static struct reasoning	*thoughts;
static struct lessons	*lessons;
static char		 conversation[128] = "conv_x", response[128] = "resp_x";

static const char model_list[] = "{\"data\":[{\"id\":\"m\",\"vendor\":"
    "\"OpenAI\",\"supported_endpoints\":[\"/responses\","
    "\"/chat/completions\"]},{\"id\":\"r\",\"supported_endpoints\":"
    "[\"/responses\"]},{\"id\":\"c\",\"supported_endpoints\":"
    "[\"/chat/completions\"],\"capabilities\":{\"limits\":{\"vision\":"
    "{\"max_prompt_images\":1}},\"supports\":{\"vision\":true}}},"
    "{\"id\":\"e\",\"capabilities\":{\"type\":\"embeddings\"}}]}";

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err err;

	(void)argc;
	(void)argv;
	log_set_level(LOG_ERR);
	mkdir(HOME, 0700);
	if ((conf = conf_load("/nonexistent", NULL, &err)) == NULL ||
	    (models = models_parse(model_list, sizeof(model_list) - 1,
	    &err)) == NULL)
		abort();
	conf->stored_responses_max_bytes = 4 << 20;
	stored = stored_create(&(struct state_place){ HOME, "", 0 });
	thoughts = reasoning_create(stored);
	lessons = lessons_create();
	return 0;
}

/* --- What must hold of whatever is made. */

static void
must_be_json(const char *p, size_t n)
{
	json_object *obj = js_parse_quiet(p, n);

	if (obj == NULL) {
		fprintf(stderr, "no JSON: %.*s\n", (int)n, p);
		abort();
	}
	json_object_put(obj);
}

static void
json_or_nothing(const struct buf *b)
{
	if (b->len > 0)
		must_be_json(b->p, b->len);
}

static bool
check_event(const struct sse_event *ev, void *arg)
{
	(void)arg;
	if (strcmp(ev->data, "[DONE]") != 0)
		must_be_json(ev->data, ev->len);
	return true;
}

static void
must_be_events(struct buf *b)
{
	struct sse sse = { .max = 1 << 24 };

	sse_feed(&sse, buf_str(b), b->len, check_event, NULL);
	sse_end(&sse, check_event, NULL);
	sse_finish(&sse);
}

/* --- What comes from upstream, or lies in a file. */

static void
fuzz_models(unsigned how, const char *p, size_t n)
{
	struct err	 err;
	struct models	*m = models_parse(p, n, &err);
	struct buf	 out = { 0 };
	size_t		 i;

	if (m == NULL)
		return;
	must_be_json(m->json, strlen(m->json));
	models_codex(m, "0.107.0", how & 1, &out);
	must_be_json(out.p, out.len);
	for (i = 0; i < m->n; i++)
		if (models_resolve(m, m->list[i].id) == NULL)
			abort();
	buf_finish(&out);
	models_unref(m);
}

static const int statuses[] = { 200, 401, 403, 404, 429, 500, 0, 204 };

static void
fuzz_exchange(unsigned how, const char *p, size_t n)
{
	struct github_exchange	x = { 0 };
	struct copilot_token	tok = { 0 };
	struct err		err;

	if (github_exchange_read(statuses[how & 7], p, n, NULL, &x, &err) &&
	    x.api != NULL && !conf_url_allowed(x.api))
		abort();
	github_exchange_finish(&x);
	copilot_token_read(p, n, "k", &tok);
	copilot_token_finish(&tok);
}

static void
fuzz_github(unsigned how, const char *p, size_t n)
{
	struct github_usage	usage = { 0 };
	struct github_device	device = { 0 };
	struct err		err;
	char			*s = NULL;
	int			 status = statuses[how & 7];

	github_usage_read(status, p, n, &usage, &err);
	github_usage_finish(&usage);
	github_login_read(status, p, n, &s, &err);
	free(s);
	s = NULL;
	github_device_read(status, p, n, &device, &err);
	github_poll_read(&device, status, p, n, &s, &err);
	free(s);
	github_device_finish(&device);
}

static void
fuzz_conf(unsigned how, const char *p, size_t n)
{
	const char	*path = HOME "/config.json";
	struct conf	*c;
	struct err	 err;
	struct buf	 out = { 0 };
	json_object	*value;
	size_t		 i;
	int		 fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	(void)how;
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
	if ((c = conf_load(HOME, NULL, &err)) == NULL)
		return;
	for (i = 0; conf_key_name(i) != NULL; i++) {
		buf_truncate(&out, 0);
		value = conf_key_value(c, i);
		js_print(value, &out);
		must_be_json(out.p, out.len);
		json_object_put(value);
	}
	if (!conf_url_allowed(c->github_base_url))
		abort();
	conf_unref(c);
	buf_finish(&out);
}

/* The request, \1, and upstream's answer. */
static void
fuzz_embeddings(unsigned how, const char *p, size_t n)
{
	const char		*cut = memchr(p, '\1', n);
	size_t			 first = cut != NULL ? (size_t)(cut - p) : n;
	json_object		*obj = js_parse_quiet(p, first);
	struct embeddings	 e = { 0 };
	struct buf		 body = { 0 }, out = { 0 };
	struct err		 err;

	(void)how;
	if (js_str(obj, "model") != NULL && embeddings_request(p, first, obj,
	    "up", models_find(models, "e"), &e, &body, &err)) {
		must_be_json(body.p, body.len);
		if (cut != NULL && embeddings_answer(&e, cut + 1,
		    n - first - 1, &out, &err))
			json_or_nothing(&out);
	}
	embeddings_finish(&e);
	json_object_put(obj);
	buf_finish(&body);
	buf_finish(&out);
}

static void
fuzz_replay(unsigned how, const char *p, size_t n)
{
	json_object	*obj = js_parse_quiet(p, n);
	struct buf	 out = { 0 };

	if (json_object_is_type(obj, json_type_object)) {
		responses_replay(obj, (int64_t)how - 1, &out);
		must_be_events(&out);
	}
	json_object_put(obj);
	buf_finish(&out);
}

static void
fuzz_errors(unsigned how, const char *p, size_t n)
{
	struct buf	 out = { 0 }, sent = { 0 };
	struct err	 err;
	char		*s = xstrndup(p, n);
	json_object	*obj = js_parse_quiet(p, n);
	struct lesson	 lesson;
	bool		 lasts;

	buf_append(&sent, p, n);
	failure_read(300 + (int)how, p, n, s, &err);
	err_json(&err, &out);
	must_be_json(out.p, out.len);
	lesson_read(&err, &sent, &lesson, &lasts);
	buf_truncate(&out, 0);
	failure_read_event(obj, &err);
	err_json(&err, &out);
	must_be_json(out.p, out.len);
	buf_truncate(&out, 0);
	quota_headers(QUOTA_OPENAI, s, 1700000000, &out);
	quota_headers(QUOTA_ANTHROPIC, s, 1700000000, &out);
	json_object_put(obj);
	buf_finish(&out);
	buf_finish(&sent);
	free(s);
}

/* --- Native answers: however the bytes are cut, clients get the same. */

static void
begin(struct run *r, unsigned how)
{
	struct chat_wanted	 w = {
		.model = "m", .stream = how & 4, .include_usage = true,
		.n = how & 2 ? 3 : 1, .max = 65536
	};
	struct responses	 resp = { .stream = true };

	*r = (struct run){ .ok = true, .usage = USAGE_NONE };
	if (how & 1) {
		r->self = chat_answer_create(&w, &r->usage);
	} else {
		resp.model = xstrdup("m");
		resp.echo = json_object_new_object();
		r->self = responses_answer_create(&resp, &r->usage);
	}
}

static void
run(struct run *r, unsigned how, const char *p, size_t n, size_t step)
{
	bool events = (how & 5) != 1;

	begin(r, how);
	run_stream(r, 65536, p, n, step);
	if (!r->ok && events)
		(turn_answer.fail)(r->self, &r->err, &r->out);
	if (events)
		must_be_events(&r->out);
	else if (r->ok)
		must_be_json(r->out.p, r->out.len);
	turn_answer.destroy(r->self);
}

static void
fuzz_native(unsigned how, const char *p, size_t n)
{
	struct run whole, cut;

	run(&whole, how, p, n, n);
	run(&cut, how, p, n, (how >> 3) + 1);
	if (whole.ok != cut.ok || whole.out.len != cut.out.len) {
		fprintf(stderr, "whole: %d %s\ncut: %d %s\n", whole.ok,
		    buf_str(&whole.out), cut.ok, buf_str(&cut.out));
		abort();
	}
	buf_finish(&whole.out);
	buf_finish(&cut.out);
}

/* --- What clients and web servers send. */

/* All of "n" bytes, "step" at a time: the request's texts, and its body. */
static enum incoming_state
come(const char *bytes, size_t n, size_t step, struct buf *out)
{
	const unsigned char	*p = (const unsigned char *)bytes, *end, *stop;
	struct incoming		 in = { 0 };
	enum incoming_state	 state = INCOMING_MORE;
	char			**env, **e;

	for (end = p + n; p < end && state <= INCOMING_BODY;) {
		stop = (size_t)(end - p) < step ? end : p + step;
		state = incoming_feed(&in, &p, stop);
		if (state == INCOMING_BODY)
			buf_append(out, in.piece, in.npiece);
		if (state != INCOMING_HEADER)
			continue;
		if ((env = incoming_env(&in)) == NULL)
			state = INCOMING_FOREIGN;
		for (e = env; e != NULL && *e != NULL; e++)
			buf_append(out, *e, strlen(*e) + 1);
		incoming_env_free(&in, env);
	}
	buf_printf(out, "%d %d", in.part, in.id);
	incoming_finish(&in);
	return state <= INCOMING_BODY ? INCOMING_MORE : state;
}

/* A request is the same however it comes. */
static void
fuzz_header(unsigned how, const char *p, size_t n)
{
	struct buf		 whole = { 0 }, cut = { 0 };
	enum incoming_state	 a = come(p, n, n, &whole);
	enum incoming_state	 b = come(p, n, how % 32 + 1, &cut);

	if (a != b || (a <= INCOMING_END && (whole.len != cut.len ||
	    memcmp(whole.p, cut.p, cut.len) != 0)))
		abort();
	buf_finish(&whole);
	buf_finish(&cut);
}

static const char *const shapes[] = {
	"POST /v1/conversations", "GET /v1/conversations/%s",
	"POST /v1/conversations/%s/items", "GET /v1/conversations/%s/items",
	"POST /v1/responses", "POST /v1/chat/completions",
	"POST /v1/embeddings", "POST /v1/conversations/%s",
	"GET /v1/responses/%s", "GET /v1/responses/%s/input_items"
};

/* The environment of a request whose query is the input's first line. */
static void
environment(unsigned how, const char *query, char *env[5])
{
	const char	*shape = shapes[how % COUNT(shapes)];
	const char	*id = strstr(shape, "responses") != NULL ? response :
			    conversation;
	const char	*path = strchr(shape, ' ') + 1;
	const char	*mark = strstr(path, "%s");

	env[0] = xasprintf("REQUEST_METHOD=%.*s", (int)(path - shape - 1),
	    shape);
	env[1] = mark == NULL ? xasprintf("REQUEST_URI=%s?%s", path, query) :
	    xasprintf("REQUEST_URI=%.*s%s%s?%s", (int)(mark - path), path, id,
	    mark + 2, query);
	env[2] = xasprintf("QUERY_STRING=%s", query);
	env[3] = xstrdup("CONTENT_TYPE=application/json");
	env[4] = NULL;
}

/* What was made is asked for later. */
static void
remember(const struct buf *body)
{
	json_object	*obj = js_parse_quiet(body->p, body->len);
	const char	*id = js_str(obj, "id");

	if (id != NULL && js_is(obj, "object", "conversation"))
		snprintf(conversation, sizeof(conversation), "%s", id);
	if (id != NULL && js_is(obj, "object", "response"))
		snprintf(response, sizeof(response), "%s", id);
	json_object_put(obj);
}

static void
handled(struct exchange *x, enum handled how)
{
	const struct reply *reply = &x->reply;

	if (how == HANDLED_CALL) {
		body_settle(&x->call.body);
		json_or_nothing(&x->call.body.own);
	}
	if (how != HANDLED_REPLY || reply->content_type == NULL)
		return;
	if (reply->status == 500) {
		fprintf(stderr, "500: %s\n", buf_str(&x->reply.body));
		abort();
	}
	if (strcmp(reply->content_type, "application/json") == 0) {
		must_be_json(reply->body.p, reply->body.len);
		remember(&reply->body);
	}
}

static void
fuzz_request(unsigned how, const char *p, size_t n)
{
	struct exchange		*x = exchange_create();
	const char		*nl = memchr(p, '\n', n);
	size_t			 first = nl != NULL ? (size_t)(nl - p) : n, i;
	char			*query = xstrndup(p, first), *env[5];
	bool			 wants_body = false;
	exchange_handler	*handler;
	struct buf		 out = { 0 };

	environment(how, query, env);
	request_init(&x->req, env, route_is_head);
	x->conf = conf_ref(conf);
	x->stored = stored;
	x->thoughts = thoughts;
	x->lessons = lessons;
	x->models = models_ref(models);
	if ((handler = route_find(x, &wants_body)) != NULL) {
		if (nl != NULL)
			buf_append(&x->req.body, nl + 1, n - first - 1);
		handled(x, handler(x));
	}
	reply_print(&x->reply, &x->req, &out);
	buf_finish(&out);
	exchange_destroy(x);
	for (i = 0; env[i] != NULL; i++)
		free(env[i]);
	free(query);
}

static void (*const kinds[])(unsigned, const char *, size_t) = {
	fuzz_models, fuzz_exchange, fuzz_github, fuzz_conf, fuzz_embeddings,
	fuzz_replay, fuzz_errors, fuzz_native, fuzz_header, fuzz_request,
	fuzz_native, fuzz_request
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 2)
		kinds[data[0] % COUNT(kinds)](data[1], (const char *)data + 2,
		    size - 2);
	return 0;
}
