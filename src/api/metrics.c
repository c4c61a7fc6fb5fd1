/* GET /metrics and GET /readyz: for those who watch this server. */
#include "config.h"

#include <json-c/json.h>

#include "api/api.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "state/metrics.h"
#include "state/stored.h"

enum handled
api_metrics(struct exchange *x)
{
	struct err err = { 0 };

	if (x->metrics == NULL) {
		err_set(&err, 404, ERR_REQUEST, NULL, NULL, "This server "
		    "counts nothing: metrics.enabled is false.");
		return exchange_refuse(x, &err);
	}
	x->reply.status = 200;
	x->reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
	reply_header(&x->reply, "Cache-Control", "no-store");
	metrics_print(x->metrics, &x->reply.body);
	return HANDLED_REPLY;
}

/*
 * It can't be reached: most requests go on without, so this is still ready. Why
 * is in the log: it names hosts and users, and everybody may ask here.
 */
static void
tell_database(const struct exchange *x, json_object *obj)
{
	char why[STORED_WHY_SIZE];

	if (!stored_is_shared(x->stored))
		return;
	switch (stored_state(x->stored, x->conf, why)) {
	case STORED_BROKEN:
		js_add_str(obj, "database", "PostgreSQL is away");
		break;
	case STORED_READABLE:
		js_add_str(obj, "database", "PostgreSQL can only be read");
		break;
	default:
		js_add_str(obj, "database", "ready");
	}
}

/* Should a load balancer send requests here? Nothing is asked upstream. */
enum handled
api_ready(struct exchange *x)
{
	json_object	*obj = json_object_new_object();
	const char	*why = x->unready;

	js_add_str(obj, "status", why == NULL ? "ready" : "not ready");
	if (why != NULL)
		js_add_str(obj, "reason", why);
	tell_database(x, obj);
	reply_json(&x->reply, why == NULL ? 200 : 503);
	reply_header(&x->reply, "Cache-Control", "no-store");
	js_print(obj, &x->reply.body);
	buf_putc(&x->reply.body, '\n');
	json_object_put(obj);
	return HANDLED_REPLY;
}
