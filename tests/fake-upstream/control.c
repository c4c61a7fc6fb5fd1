/* The control channel: scenarios, settings, the record, the counters. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "bill.h"
#include "conn.h"
#include "fake.h"
#include "jt.h"

static void
ok(struct call *c)
{
	answer_begin(c->ans, 200, "application/json");
	buf_puts(&c->ans->text, "{\"ok\":true}\n");
}

/* A test that asks for the impossible shall see it at once. */
static void
wrong(struct call *c, int status, const struct buf *why)
{
	answer_begin(c->ans, status, "application/json");
	jt(&c->ans->text, "{'ok':false,'error':%s}\n", buf_str(why));
}

/* A device script is no property of one request: it becomes a setting. */
static bool
take_script(struct call *c, json_object *script, struct buf *why)
{
	json_object	*obj = json_object_new_object();
	bool		 done;

	js_add_ref(obj, "device_script", script);
	done = settings_change(c->f, obj, why);
	c->f->tokens.script_at = 0;
	json_object_put(obj);
	return done;
}

static void
scenario(struct call *c)
{
	json_object	*script = js_array(c->body, "script");
	struct buf	 why = { 0 };
	bool		 done;

	done = script != NULL ? take_script(c, script, &why) :
	    scenario_add(&c->f->scenarios, c->body, &why);
	if (done)
		ok(c);
	else
		wrong(c, 400, &why);
	buf_finish(&why);
}

static void
settings(struct call *c)
{
	struct buf why = { 0 };

	if (strcmp(c->req->method, "GET") == 0)
		answer_json(c->ans, 200, c->f->set);
	else if (settings_change(c->f, c->body, &why))
		ok(c);
	else
		wrong(c, 400, &why);
	buf_finish(&why);
}

/* The value of a query parameter, not decoded: paths need no escapes. */
static char *
query(const struct req *r, const char *name)
{
	const char	*p = r->query;
	size_t		 n = strlen(name), len;

	while (*p != '\0') {
		len = strcspn(p, "&");
		if (len > n && strncmp(p, name, n) == 0 && p[n] == '=')
			return xstrndup(p + n + 1, len - n - 1);
		p += len + (p[len] == '&');
	}
	return NULL;
}

static void
requests(struct call *c)
{
	char *path = query(c->req, "path"), *full = query(c->req, "full");

	answer_begin(c->ans, 200, "application/json");
	record_print(&c->f->record, path,
	    full != NULL && strcmp(full, "1") == 0, &c->ans->text);
	free(path);
	free(full);
}

static void
state(struct call *c)
{
	const struct counters *n = &c->f->count;

	answer_begin(c->ans, 200, "application/json");
	jt(&c->ans->text, "{'requests':%l,'token_exchanges':%l,"
	    "'device_codes':%l,'polls':%l,'connections':%l,"
	    "'client_closed':%l,'open_connections':%l,"
	    "'open_connections_peak':%l,'active_streams':%l,"
	    "'active_streams_peak':%l,'scenarios_left':%l,"
	    "'record_enabled':%b}\n", (int64_t)n->requests,
	    (int64_t)n->exchanges, (int64_t)n->device_codes,
	    (int64_t)n->polls, (int64_t)n->connections,
	    (int64_t)n->client_closed, (int64_t)n->open,
	    (int64_t)n->open_peak, (int64_t)n->active,
	    (int64_t)n->active_peak,
	    (int64_t)scenario_count(&c->f->scenarios), !c->f->record.off);
}

static void
reset(struct call *c)
{
	fake_reset(c->f);
	ok(c);
}

static void
record(struct call *c)
{
	c->f->record.off = !js_bool(c->body, "enabled", true);
	if (c->f->record.off)
		record_clear(&c->f->record);
	ok(c);
}

static void
revoke(struct call *c)
{
	tokens_revoke(&c->f->tokens);
	ok(c);
}

/* As another account would: what was sealed for this one can't be opened. */
static void
forget(struct call *c)
{
	issued_clear(&c->f->issued);
	ok(c);
}

static void
bills(struct call *c)
{
	answer_begin(c->ans, 200, "application/json");
	bill_print(c->f, &c->ans->text);
}

/* As if the last answer had been some minutes ago. */
static void
expire(struct call *c)
{
	bill_expire(c->f);
	ok(c);
}

/* What stalls or is delayed goes on; one that ends leaves the list. */
static void
resume(struct call *c)
{
	struct conn *conn, *next;

	for (conn = c->f->conns; conn != NULL; conn = next) {
		next = conn->next;
		if (conn->state == CONN_ANSWER)
			player_hurry(conn);
	}
	ok(c);
}

static const struct {
	const char	*path;
	void		(*fn)(struct call *);
} calls[] = {
	{ "/_control/scenario",	scenario },
	{ "/_control/settings",	settings },
	{ "/_control/requests",	requests },
	{ "/_control/state",	state },
	{ "/_control/reset",	reset },
	{ "/_control/record",	record },
	{ "/_control/revoke",	revoke },
	{ "/_control/forget",	forget },
	{ "/_control/bill",	bills },
	{ "/_control/expire",	expire },
	{ "/_control/resume",	resume },
};

void
control_handle(struct call *c)
{
	struct buf	why = { 0 };
	size_t		i;

	for (i = 0; i < COUNT(calls); i++)
		if (strcmp(calls[i].path, c->req->path) == 0) {
			calls[i].fn(c);
			return;
		}
	buf_puts(&why, "no such control call");
	wrong(c, 404, &why);
	buf_finish(&why);
}
