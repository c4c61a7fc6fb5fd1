/* The parts wired together, and the way of a request up to its handler. */
#include "config.h"

#include <sys/resource.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/encoding.h"
#include "base/http.h"
#include "base/js.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "base/workers.h"
#include "cli/cli.h"
#include "copilot/copilot.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "server/route.h"
#include "server/serve.h"
#include "state/reasoning.h"
#include "state/stored.h"

#define FILES_WANTED 65536	/* two descriptors a stream */

/*
 * A place among maxConcurrentRequests. What is answered at once needs none,
 * unless it has a body to wait for.
 */
static bool
take_place(struct server *s, struct exchange *x, struct err *err)
{
	if (atomic_fetch_add(&s->exchanges, 1) <
	    x->conf->max_concurrent_requests) {
		x->counted = true;
		return true;
	}
	atomic_fetch_sub(&s->exchanges, 1);
	err_set(err, 503, ERR_SERVER, "server_overloaded", NULL,
	    "This server is at its limit of %lld requests at a time "
	    "(maxConcurrentRequests). Try again in a moment.",
	    (long long)x->conf->max_concurrent_requests);
	snprintf(err->retry_after, sizeof(err->retry_after), "1");
	return false;
}

bool
serve_handle(struct server *s, struct exchange *x, serve_read *read, void *arg,
    enum handled *handled)
{
	exchange_handler	*handler;
	struct err		 err = { 0 };
	bool			 wants_body = false;

	*handled = HANDLED_REPLY;
	x->conf = conf_file_get(s->conf_file);
	x->stored = s->stored;
	x->thoughts = s->thoughts;
	x->lessons = s->lessons;
	if ((handler = route_find(x, &wants_body)) == NULL)
		return true;
	if (wants_body && !take_place(s, x, &err)) {
		exchange_refuse(x, &err);
		return true;
	}
	if (wants_body && (!read(x, arg, &err) ||
	    !coding_decode(x->req.content_encoding,
	    (size_t)x->conf->max_request_body_bytes, &x->req.body, &err))) {
		if (err.status == 0)
			return false;
		exchange_refuse(x, &err);
		return true;
	}
	x->models = copilot_models(s->copilot);
	x->trouble = copilot_trouble(s->copilot);
	*handled = handler(x);
	if (*handled != HANDLED_REPLY && !x->counted &&
	    !take_place(s, x, &err))
		*handled = exchange_refuse(x, &err);
	return true;
}

enum handled
serve_again(struct server *s, struct exchange *x)
{
	bool			 wants_body;
	enum handled		 handled;
	exchange_handler	*handler;

	exchange_reset(x);
	if (x->models == NULL)
		x->models = copilot_models(s->copilot);
	handler = route_find(x, &wants_body);
	handled = handler != NULL ? handler(x) : HANDLED_REPLY;
	json_object_put(x->parsed);
	x->parsed = NULL;
	return handled;
}

void
serve_done(struct server *s, struct exchange *x, size_t bytes,
    const char *upstream_id, const char *remark)
{
	char		tokens[64] = "";
	const char     *model = x->model != NULL ? x->model : "-";

	if (x->counted)
		atomic_fetch_sub(&s->exchanges, 1);
	x->counted = false;
	if (x->usage.input >= 0)
		snprintf(tokens, sizeof(tokens), " %lld+%lld tokens",
		    (long long)x->usage.input,
		    (long long)(x->usage.output >= 0 ? x->usage.output : 0));
	log_info("%.10s %.200s %.80s %d %lld ms %zu B%s %s%s%.80s%s%.300s",
	    x->req.method, x->req.uri, model,
	    x->reply.status != 0 ? x->reply.status : 499,
	    (long long)(util_now_ms() - x->req.started_ms), bytes, tokens,
	    x->req.id, upstream_id != NULL ? " upstream " : "",
	    upstream_id != NULL ? upstream_id : "",
	    remark != NULL ? ": " : "", remark != NULL ? remark : "");
}

/* The usual soft limit of 1024 descriptors is 500 streams. */
static void
raise_file_limit(void)
{
	struct rlimit	l;
	const rlim_t	wanted = FILES_WANTED;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= wanted)
		return;
	l.rlim_cur = l.rlim_max == RLIM_INFINITY || l.rlim_max > wanted ?
	    wanted : l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

int
serve_main(const struct cli *cli)
{
	struct server	s = { 0 };
	struct err	err;
	int		rc = 0;

	if ((s.conf_file = conf_file_create(cli->home, &cli->override, &err)) ==
	    NULL) {
		log_err("%s", err.msg);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	s.loop = loop_create();
	s.http = http_create(s.loop);
	s.copilot = copilot_create(s.loop, s.http, s.conf_file, cli->home,
	    cli->github_token, cli->override.enterprise_url != NULL);
	s.stored = stored_create(cli->home);
	s.thoughts = thoughts_create(s.stored);
	s.lessons = lessons_create();
	if (fcgi_wanted()) {
		raise_file_limit();
		s.workers = workers_create();
		fcgi_run(&s);
		workers_destroy(s.workers);
	} else
		rc = cgi_run(&s);
	lessons_destroy(s.lessons);
	thoughts_destroy(s.thoughts);
	stored_destroy(s.stored);
	copilot_destroy(s.copilot);
	http_destroy(s.http);
	loop_destroy(s.loop);
	conf_file_destroy(s.conf_file);
	return rc;
}
