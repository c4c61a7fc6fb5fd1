/*
 * GET /v1/organization/costs and /v1/organization/usage/completions: OpenAI's
 * admin API, answered from the ledger. Projects, users and batches there are
 * none; an API key's id is its name.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/allowance.h"
#include "api/api.h"
#include "api/query.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "state/ledger.h"
#include "turn/usage.h"

#define HOUR		3600
#define DAY		86400
#define PAGE		"page_"		/* and the time that it begins at */

enum { BY_KEY = 1 << 0, BY_MODEL = 1 << 1, BY_LINE = 1 << 2 };

/* One of the two reports can do this. */
struct report_kind {
	bool		 costs;
	int64_t		 limit_day, most_day, limit_hour, most_hour;
	const char	*groups;	/* for the message */
};

static const struct report_kind costs = {
	true, 7, 180, 0, 0, "'project_id', 'line_item' and 'api_key_id'"
};
static const struct report_kind completions = {
	false, 7, 31, 24, 168, "'project_id', 'user_id', 'api_key_id', "
	    "'model', 'batch' and 'service_tier'"
};

struct report {
	const struct report_kind *kind;
	struct exchange		*x;
	int64_t			 start, end, width, limit;
	int64_t			 from;		/* of this page */
	unsigned		 by;
	bool			 none;	/* of a project, say: there is none */
	struct ledger_groups	 groups;
};

/* --- The query. */

static bool
wrong_value(const char *name, const char *value, const char *supported,
    struct err *err)
{
	char shown[64];

	text_clean(value, strlen(value), shown, sizeof(shown));
	return err_param(err, name, "invalid_value", "Invalid value: '%s'. "
	    "Supported values are: %s.", shown, supported);
}

static bool
read_width(struct report *r, struct err *err)
{
	char	*v = request_query(&r->x->req, "bucket_width");
	bool	 hour = v != NULL && strcmp(v, "1h") == 0 && !r->kind->costs;
	bool	 ok = v == NULL || hour || strcmp(v, "1d") == 0;

	if (!ok)
		wrong_value("bucket_width", v, r->kind->costs ? "'1d'" :
		    "'1h' and '1d' (this server has no sums of minutes)", err);
	r->width = hour ? HOUR : DAY;
	r->limit = hour ? r->kind->limit_hour : r->kind->limit_day;
	free(v);
	return ok;
}

static bool
read_limit(struct report *r, struct err *err)
{
	int64_t most = r->width == HOUR ? r->kind->most_hour :
	    r->kind->most_day;

	if (!query_int(&r->x->req, "limit", &r->limit, err))
		return false;
	if (r->limit < 1)
		return err_param(err, "limit", "integer_below_min_value",
		    "Invalid 'limit': integer below minimum value. Expected a "
		    "value >= 1, but got %lld instead.", (long long)r->limit);
	return r->limit <= most || err_param(err, "limit",
	    "integer_above_max_value", "Invalid 'limit': integer above maximum "
	    "value. Expected a value <= %lld, but got %lld instead.",
	    (long long)most, (long long)r->limit);
}

/* Seconds since 1970 that arithmetic can't overflow. */
static bool
read_time(struct report *r, const char *name, int64_t *t, struct err *err)
{
	if (!query_int(&r->x->req, name, t, err))
		return false;
	return (*t >= 0 && *t <= INT64_C(1) << 40) || err_param(err, name,
	    "invalid_value", "Invalid '%s': expected a Unix time in seconds.",
	    name);
}

static bool
read_page(struct report *r, struct err *err)
{
	char	*v = request_query(&r->x->req, "page");
	bool	 ok = true;

	r->from = r->start;
	if (v != NULL)
		ok = (util_starts(v, PAGE) && util_parse_int64(v +
		    strlen(PAGE), &r->from) && r->from >= r->start &&
		    r->from <= r->end) ||
		    err_param(err, "page", "invalid_value", "Invalid 'page': "
		    "expected the 'next_page' of the page before.");
	free(v);
	return ok;
}

static const struct {
	const char	*name;
	unsigned	 by;
	bool		 costs, completions;
} groups[] = {
	{ "api_key_id", BY_KEY, true, true },
	{ "model", BY_MODEL, false, true },
	{ "line_item", BY_LINE, true, false },
	{ "project_id", 0, true, true },
	{ "user_id", 0, false, true },
	{ "batch", 0, false, true },
	{ "service_tier", 0, false, true },
};

static bool
add_group(struct report *r, const char *name, struct err *err)
{
	size_t i;

	for (i = 0; i < COUNT(groups); i++)
		if (strcmp(groups[i].name, name) == 0 && (r->kind->costs ?
		    groups[i].costs : groups[i].completions))
			break;
	if (i == COUNT(groups))
		return wrong_value("group_by", name, r->kind->groups, err);
	r->by |= groups[i].by;
	return true;
}

/* Filters by what there is none of: nothing is left then. */
static bool
asks_for_none(const struct request *req)
{
	static const char *const names[] = { "project_ids", "user_ids" };
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (query_list_given(req, names[i]))
			return true;
	return query_is(req, "batch", "true");
}

static bool
read_groups(struct report *r, struct err *err)
{
	char	*one;
	size_t	 i;
	bool	 ok = true;

	for (i = 0; ok && (one = query_list_at(&r->x->req, "group_by", i)) !=
	    NULL; i++) {
		ok = add_group(r, one, err);
		free(one);
	}
	return ok;
}

static bool
read_query(struct report *r, struct err *err)
{
	r->start = -1;
	r->end = (int64_t)time(NULL) + 1;
	if (!query_int(&r->x->req, "start_time", &r->start, err))
		return false;
	if (r->start < 0)
		return err_param(err, "start_time",
		    "missing_required_parameter",
		    "Missing required parameter: 'start_time'.");
	r->none = asks_for_none(&r->x->req);
	return read_time(r, "start_time", &r->start, err) &&
	    read_time(r, "end_time", &r->end, err) &&
	    read_width(r, err) && read_limit(r, err) && read_page(r, err) &&
	    read_groups(r, err);
}

/* --- The sums. */

/* Where the bucket ends that this time is in; days and hours are UTC's. */
static int64_t
bucket_end(const struct report *r, int64_t t)
{
	int64_t end = t - t % r->width + r->width;

	return end < r->end ? end : r->end;
}

/* The beginning of the one that a row belongs to. */
static int64_t
bucket_of(const struct report *r, int64_t t)
{
	int64_t start = t - t % r->width;

	return start > r->from ? start : r->from;
}

/* A failure used nothing; embeddings have a report of their own. */
static bool
is_wanted(const struct report *r, const struct ledger_row *row)
{
	const struct request *req = &r->x->req;

	if (!r->kind->costs && (strcmp(row->endpoint, "/embeddings") == 0 ||
	    (row->status >= 400 && row->counts.output == 0)))
		return false;
	return (!query_list_given(req, "models") ||
	    query_list_has(req, "models", row->model)) &&
	    (!query_list_given(req, "api_key_ids") ||
	    query_list_has(req, "api_key_ids", row->key));
}

static void
add_row(const struct ledger_row *row, void *arg)
{
	struct report *r = arg;

	if (!r->none && is_wanted(r, row))
		ledger_add(&ledger_group(&r->groups, bucket_of(r, row->start),
		    (r->by & BY_KEY) != 0 ? row->key : NULL,
		    (r->by & (BY_MODEL | BY_LINE)) != 0 ? row->model :
		    NULL)->counts, &row->counts);
}

/* --- The answer. */

static json_object *
cost_json(const struct ledger_group *g)
{
	json_object *obj = json_object_new_object();
	json_object *amount = json_object_new_object();

	js_add_str(obj, "object", "organization.costs.result");
	js_add_take(amount, "value", usage_usd(g->counts.nano));
	js_add_str(amount, "currency", "usd");
	js_add_take(obj, "amount", amount);
	js_add_str(obj, "line_item", g->model);
	js_add_null(obj, "project_id");
	js_add_str(obj, "api_key_id", g->key);
	return obj;
}

static json_object *
completions_json(const struct ledger_group *g)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "object", "organization.usage.completions.result");
	js_add_int(obj, "input_tokens", g->counts.input);
	js_add_int(obj, "output_tokens", g->counts.output);
	js_add_int(obj, "input_cached_tokens", g->counts.cached);
	js_add_int(obj, "input_cache_write_tokens", g->counts.cache_write);
	js_add_int(obj, "input_audio_tokens", 0);
	js_add_int(obj, "output_audio_tokens", 0);
	js_add_int(obj, "num_model_requests", g->counts.requests);
	js_add_null(obj, "project_id");
	js_add_null(obj, "user_id");
	js_add_str(obj, "api_key_id", g->key);
	js_add_str(obj, "model", g->model);
	js_add_null(obj, "batch");
	js_add_null(obj, "service_tier");
	return obj;
}

static json_object *
bucket_json(const struct report *r, int64_t start)
{
	json_object	*obj = json_object_new_object();
	json_object	*results = json_object_new_array();
	size_t		 i;

	js_add_str(obj, "object", "bucket");
	js_add_int(obj, "start_time", start);
	js_add_int(obj, "end_time", bucket_end(r, start));
	for (i = 0; i < r->groups.n; i++)
		if (r->groups.list[i].start == start)
			json_object_array_add(results, r->kind->costs ?
			    cost_json(&r->groups.list[i]) :
			    completions_json(&r->groups.list[i]));
	js_add_take(obj, "results", results);
	return obj;
}

static void
print(const struct report *r, int64_t upto, struct buf *out)
{
	json_object	*obj = json_object_new_object();
	json_object	*data = json_object_new_array();
	char		 next[40];
	int64_t		 t;

	js_add_str(obj, "object", "page");
	for (t = r->from; t < upto; t = bucket_end(r, t))
		json_object_array_add(data, bucket_json(r, t));
	js_add_take(obj, "data", data);
	js_add_bool(obj, "has_more", upto < r->end);
	snprintf(next, sizeof(next), PAGE "%lld", (long long)upto);
	js_add_str(obj, "next_page", upto < r->end ? next : NULL);
	js_print(obj, out);
	json_object_put(obj);
}

/* Where the page ends. */
static int64_t
page_end(const struct report *r)
{
	int64_t t = r->from, n;

	for (n = 0; n < r->limit && t < r->end; n++)
		t = bucket_end(r, t);
	return t;
}

static enum handled
answer(struct exchange *x, const struct report_kind *kind)
{
	struct report	r = { .kind = kind, .x = x };
	struct err	err;
	int64_t		upto;

	if (x->ledger == NULL) {
		err_set(&err, 404, ERR_REQUEST, NULL, NULL, "This server keeps "
		    "no account of usage (usage.ledger).");
		return exchange_refuse(x, &err);
	}
	if (!read_query(&r, &err))
		return exchange_refuse(x, &err);
	upto = page_end(&r);
	if (!ledger_rows(x->ledger, r.from - r.from % HOUR, upto,
	    allowance_owner(x), add_row, &r)) {
		ledger_groups_finish(&r.groups);
		err_set(&err, 503, ERR_SERVER, NULL, NULL,
		    "The account of usage can't be read at the moment.");
		return exchange_refuse(x, &err);
	}
	reply_json(&x->reply, 200);
	print(&r, upto, &x->reply.body);
	ledger_groups_finish(&r.groups);
	return HANDLED_REPLY;
}

enum handled
api_costs(struct exchange *x)
{
	return answer(x, &costs);
}

enum handled
api_usage_completions(struct exchange *x)
{
	return answer(x, &completions);
}
