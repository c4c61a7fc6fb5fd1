/* GET /, GET /healthz and GET /usage: about this server, not the model. */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "api/allowance.h"
#include "api/api.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "state/ledger.h"

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

/* --- GET /usage */

struct usage_answer {
	json_object	*sums;		/* of the ledger; NULL: there is none */
};

struct sums {
	struct ledger_groups	today, month;	/* by key */
	int64_t			day;		/* when today began */
};

static void
add_row(const struct ledger_row *row, void *arg)
{
	struct sums *s = arg;

	ledger_add(&ledger_group(&s->month, 0, row->key, NULL)->counts,
	    &row->counts);
	if (row->start >= s->day)
		ledger_add(&ledger_group(&s->today, 0, row->key, NULL)->counts,
		    &row->counts);
}

static json_object *
counts_json(const struct ledger_counts *c)
{
	json_object *obj = json_object_new_object();

	ledger_counts_json(c, obj);
	return obj;
}

/* {"today":{..},"month":{..},"keys":[{"key":NAME,"today":{..},..}]} */
static json_object *
sums_json(struct sums *s)
{
	struct ledger_counts	 today = { 0 }, month = { 0 };
	json_object		*obj = json_object_new_object(), *one;
	json_object		*keys = json_object_new_array();
	struct ledger_counts	*of;
	size_t			 i;

	for (i = 0; i < s->month.n; i++) {
		of = &ledger_group(&s->today, 0, s->month.list[i].key,
		    NULL)->counts;
		ledger_add(&today, of);
		ledger_add(&month, &s->month.list[i].counts);
		one = json_object_new_object();
		js_add_str(one, "key", s->month.list[i].key);
		js_add_take(one, "today", counts_json(of));
		js_add_take(one, "month",
		    counts_json(&s->month.list[i].counts));
		json_object_array_add(keys, one);
	}
	js_add_take(obj, "today", counts_json(&today));
	js_add_take(obj, "month", counts_json(&month));
	js_add_take(obj, "keys", keys);
	return obj;
}

/* On a worker: it takes the disk. */
static json_object *
read_sums(struct exchange *x)
{
	int64_t		 now = (int64_t)time(NULL);
	struct sums	 s = { .day = ledger_day(now, 0) };
	json_object	*obj = NULL;

	if (x->ledger != NULL && ledger_rows(x->ledger, ledger_month(now, 0),
	    INT64_MAX, allowance_owner(x), add_row, &s))
		obj = sums_json(&s);
	ledger_groups_finish(&s.today);
	ledger_groups_finish(&s.month);
	return obj;
}

static enum answer_said
usage_whole(void *self, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	struct usage_answer	*a = self;
	json_object		*obj = js_parse_quiet(p, n);
	const struct js_edit	 edit = { .key = "ledger", .value = a->sums };
	bool			 ok = obj != NULL;

	if (!ok)
		err_set(err, 502, ERR_SERVER, NULL, NULL,
		    "GitHub's answer about the quota is not JSON.");
	else if (json_object_is_type(obj, json_type_object) && a->sums != NULL)
		js_splice(p, n, &edit, 1, out);
	else
		buf_append(out, p, n);
	json_object_put(obj);
	return ok ? ANSWER_COMPLETE : ANSWER_FAILED;
}

static void
usage_destroy(void *self)
{
	struct usage_answer *a = self;

	json_object_put(a->sums);
	free(a);
}

static const struct answer_ops usage_answer = {
	.whole = usage_whole, .destroy = usage_destroy
};

/*
 * GitHub's own account of the quota (copilot_internal/user), as it is, and what
 * the ledger has of today and this month.
 */
enum handled
api_usage(struct exchange *x)
{
	struct usage_answer *a = xcalloc(1, sizeof(*a));

	a->sums = read_sums(x);
	x->call.method = "GET";
	x->call.path = "/copilot_internal/user";
	x->call.github = true;
	x->answer = &usage_answer;
	x->self = a;
	return HANDLED_CALL;
}
