/* GET /, GET /healthz and GET /usage: about this server, not the model. */
#include "config.h"

#include "api/api.h"
#include "base/js.h"

enum handled
api_root(struct exchange *x)
{
	x->reply.status = 200;
	x->reply.content_type = "text/plain; charset=utf-8";
	buf_puts(&x->reply.body, "copilot-api " PACKAGE_VERSION
	    ": an OpenAI-compatible API for GitHub Copilot, under /v1.\n");
	return HANDLED_REPLY;
}

/* Cheap enough for a load balancer: nothing is asked upstream. */
enum handled
api_health(struct exchange *x)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "status", x->unhealthy == NULL ? "ok" : "unavailable");
	if (x->unhealthy != NULL)
		js_add_str(obj, "reason", x->unhealthy);
	reply_json(&x->reply, x->unhealthy == NULL ? 200 : 503);
	js_print(obj, &x->reply.body);
	buf_putc(&x->reply.body, '\n');
	json_object_put(obj);
	return HANDLED_REPLY;
}

static bool
usage_whole(void *self, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	json_object *obj = js_parse_quiet(p, n);

	(void)self;
	if (obj == NULL)
		return err_set(err, 502, ERR_SERVER, NULL, NULL,
		    "GitHub's answer about the quota is not JSON.");
	json_object_put(obj);
	buf_append(out, p, n);
	return true;
}

static const struct answer_ops usage_answer = { .whole = usage_whole };

/* GitHub's own account of the quota (copilot_internal/user), as it is. */
enum handled
api_usage(struct exchange *x)
{
	x->call.method = "GET";
	x->call.path = "/copilot_internal/user";
	x->call.github = true;
	x->answer = &usage_answer;
	return HANDLED_CALL;
}
