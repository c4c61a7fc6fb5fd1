/*
 * A request both ways: as its text (base/peek.h), and by its tree. A deployment
 * in the address makes the model a member of the body, for which all of it is
 * read: so the same text takes the general way.
 */
#ifndef USUAL_H
#define USUAL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/exchange.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"

static char usual_gpt[] = "gpt", usual_gemini[] = "gemini";
static char usual_claude[] = "claude", usual_other[] = "other";
static char usual_google[] = "Google", usual_anthropic[] = "Anthropic";
static char usual_openai[] = "OpenAI", usual_asked[] = "asked";
static char usual_chat[] = "chat", usual_files[] = "";
static char *usual_none[] = { NULL };

static struct model usual_list[] = {
	{ .id = usual_gpt, .vendor = usual_openai, .openai = true,
	  .endpoints = MODEL_CHAT | MODEL_RESPONSES, .streaming = true,
	  .reasoning_effort = usual_none, .request_headers = usual_none },
	{ .id = usual_gemini, .vendor = usual_google, .endpoints = MODEL_CHAT,
	  .reasoning_effort = usual_none, .request_headers = usual_none },
	{ .id = usual_claude, .vendor = usual_anthropic,
	  .endpoints = MODEL_CHAT | MODEL_MESSAGES,
	  .reasoning_effort = usual_none, .request_headers = usual_none },
	{ .id = usual_other, .vendor = usual_asked, .endpoints = MODEL_CHAT,
	  .reasoning_effort = usual_none, .request_headers = usual_none },
};
static struct models usual_models = {
	.list = usual_list, .n = COUNT(usual_list), .refs = 1
};
static struct conf usual_conf = {
	.refs = 1, .state_url = usual_files, .sse_keep_alive_events =
	usual_asked, .reasoning_summaries = usual_asked, .prompt_cache = true,
	.max_response_body_bytes = 1 << 20
};

/* What comes of it, as a text. */
static inline void
usual_run(enum handled (*handler)(struct exchange *), const struct buf *body,
    char *deployment, struct buf *out)
{
	struct exchange *x = exchange_create();

	/* Claude is asked over the endpoint of the request. */
	usual_conf.claude_upstream = handler == api_chat ? usual_chat : NULL;
	x->conf = conf_ref(&usual_conf);
	x->models = models_ref(&usual_models);
	x->models_tried = true;
	x->req.deployment = deployment;
	buf_append(&x->req.body, buf_str(body), body->len);
	buf_printf(out, "%d ", (int)handler(x));
	buf_printf(out, "%s %s agent %d vision %d stream %d %s\n",
	    x->call.path != NULL ? x->call.path : "", x->call.interaction,
	    x->call.agent, x->call.vision, x->stream,
	    x->model != NULL ? x->model : "");
	body_settle(&x->call.body);
	buf_append(out, buf_str(&x->call.body.own), x->call.body.own.len);
	buf_append(out, buf_str(&x->reply.body), x->reply.body.len);
	x->req.deployment = NULL;
	exchange_destroy(x);
}

/* A body without a model, by that one: the same both ways? */
static inline bool
usual_same(enum handled (*handler)(struct exchange *), const struct buf *body,
    char *model, bool show)
{
	json_object	*name = json_object_new_string(model);
	struct js_edit	 edit = { .key = "model", .value = name };
	struct buf	 with = { 0 }, a = { 0 }, b = { 0 };
	bool		 same;

	js_splice(body->p, body->len, &edit, 1, &with);
	json_object_put(name);
	usual_run(handler, &with, NULL, &a);
	usual_run(handler, body, model, &b);
	same = a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
	if (!same && show)
		fprintf(stderr, "body %s\nlooked at: %s\nread: %s\n", with.p,
		    a.p, b.p);
	buf_finish(&with);
	buf_finish(&a);
	buf_finish(&b);
	return same;
}

#endif
