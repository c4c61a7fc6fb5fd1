/* config.json: the table of keys, and how a file becomes a struct conf. */
#include "config.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf-row.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/js.h"
#include "base/log.h"
#include "base/util.h"

#define RESPONDERS_MAX	64	/* as in the table; so many have metrics */

#define AT(member) offsetof(struct conf, member)
#define DAY_MS	(INT64_C(24) * 3600 * 1000)
#define MIB	(INT64_C(1) << 20)
#define GIB	(INT64_C(1) << 30)

static const struct conf_row rows[] = {
	{ .name = "auth.apiKeys", .type = CONF_KEYS, .offset = AT(keys) },
	{ .name = "auth.open", .type = CONF_BOOL, .offset = AT(auth_open),
	    .dflt = false },
	{ .name = "useResponsesApiWebSearch", .type = CONF_BOOL,
	    .offset = AT(use_responses_api_web_search), .dflt = true },
	{ .name = "modelMappings", .type = CONF_MAPPINGS,
	    .offset = AT(model_mappings) },
	{ .name = "upstreamTransport.headersTimeoutMs", .type = CONF_INT,
	    .offset = AT(headers_timeout_ms), .dflt = 300000, .max = DAY_MS,
	    .alias = "responsesTransport.headersTimeoutMs" },
	{ .name = "upstreamTransport.streamInactivityTimeoutMs",
	    .type = CONF_INT, .offset = AT(stream_inactivity_timeout_ms),
	    .dflt = 300000, .max = DAY_MS,
	    .alias = "responsesTransport.streamInactivityTimeoutMs" },
	{ .name = "upstreamTransport.connectTimeoutMs", .type = CONF_INT,
	    .offset = AT(connect_timeout_ms), .dflt = 10000, .min = 1,
	    .max = 600000 },
	{ .name = "upstreamTransport.httpVersion", .type = CONF_CHOICE,
	    .offset = AT(http_version), .text = "1.1", .choices = "1.1, 2" },
	{ .name = "upstreamTransport.caFile", .type = CONF_PATH,
	    .offset = AT(ca_file), .text = "" },
	{ .name = "githubBaseUrl", .type = CONF_URL,
	    .offset = AT(github_base_url), .text = "https://github.com" },
	{ .name = "githubApiBaseUrl", .type = CONF_URL,
	    .offset = AT(github_api_base_url),
	    .text = "https://api.github.com" },
	{ .name = "copilotBaseUrl", .type = CONF_URL,
	    .offset = AT(copilot_base_url), .text = "" },
	{ .name = "accountType", .type = CONF_CHOICE,
	    .offset = AT(account_type), .text = "individual",
	    .choices = "individual, business, enterprise" },
	{ .name = "githubTokenCommand", .type = CONF_COMMAND,
	    .offset = AT(github_token_command),
	    .example = "\"gh\", \"auth\", \"token\"" },
	{ .name = "oauthClientId", .type = CONF_STRING,
	    .offset = AT(oauth_client_id), .text = "Iv1.b507a08c87ecfe98" },
	{ .name = "editorVersion", .type = CONF_STRING,
	    .offset = AT(editor_version), .text = "vscode/1.104.3" },
	{ .name = "editorPluginVersion", .type = CONF_STRING,
	    .offset = AT(editor_plugin_version),
	    .text = "copilot-chat/0.50.1" },
	{ .name = "githubApiVersion", .type = CONF_STRING,
	    .offset = AT(github_api_version), .text = "2026-08-01" },
	{ .name = "copilotIntegrationId", .type = CONF_STRING,
	    .offset = AT(copilot_integration_id), .text = "vscode-chat" },
	{ .name = "defaultAccount", .type = CONF_ACCOUNT,
	    .offset = AT(default_account), .text = "default" },
	{ .name = "autoModel", .type = CONF_CHOICE,
	    .offset = AT(auto_model), .text = "asked",
	    .choices = "asked, fallback" },
	{ .name = "promptCache", .type = CONF_BOOL,
	    .offset = AT(prompt_cache), .dflt = true },
	{ .name = "longContext", .type = CONF_BOOL,
	    .offset = AT(long_context), .dflt = false },
	{ .name = "claudeUpstream", .type = CONF_CHOICE,
	    .offset = AT(claude_upstream), .text = "messages",
	    .choices = "messages, chat" },
	{ .name = "reasoningSummaries", .type = CONF_CHOICE,
	    .offset = AT(reasoning_summaries), .text = "asked",
	    .choices = "asked, always, never" },
	{ .name = "sseKeepAliveSeconds", .type = CONF_SECONDS,
	    .offset = AT(sse_keep_alive_ms), .dflt = 10000, .max = 30000 },
	{ .name = "sseKeepAliveEvents", .type = CONF_CHOICE,
	    .offset = AT(sse_keep_alive_events), .text = "codex",
	    .choices = "codex, always, never" },
	{ .name = "drainTimeoutSeconds", .type = CONF_SECONDS,
	    .offset = AT(drain_ms), .dflt = 30000, .max = 3600000 },
	{ .name = "maxRequestBodyBytes", .type = CONF_INT,
	    .offset = AT(max_request_body_bytes), .dflt = 64 * MIB,
	    .min = 1024, .max = GIB },
	{ .name = "maxResponseBodyBytes", .type = CONF_INT,
	    .offset = AT(max_response_body_bytes), .dflt = 64 * MIB,
	    .min = 1024, .max = GIB },
	{ .name = "maxConcurrentRequests", .type = CONF_INT,
	    .offset = AT(max_concurrent_requests), .dflt = 2048, .min = 1,
	    .max = 65536 },
	{ .name = "responders", .type = CONF_INT, .offset = AT(responders),
	    .dflt = 1, .max = 64 },
	{ .name = "server.hosts", .type = CONF_LIST,
	    .offset = AT(server_hosts), .example = "\"copilot.lan\"" },
	{ .name = "maxMemoryBytes", .type = CONF_INT,
	    .offset = AT(max_memory_bytes), .max = 1024 * GIB },
	{ .name = "maxKeyPercent", .type = CONF_INT,
	    .offset = AT(max_key_percent), .dflt = 50, .min = 1, .max = 100 },
	{ .name = "cors.allowOrigins", .type = CONF_LIST,
	    .offset = AT(cors_allow_origins),
	    .example = "\"https://app.example\" or \"*\"" },
	{ .name = "fetchImages", .type = CONF_PLACES,
	    .offset = AT(fetch_images),
	    .example = "\"images.example.com\" or \"public\"" },
	{ .name = "storedResponses.enabled", .type = CONF_BOOL,
	    .offset = AT(stored_responses_enabled), .dflt = true },
	{ .name = "storedResponses.maxAgeDays", .type = CONF_INT,
	    .offset = AT(stored_responses_max_age_days), .dflt = 30, .min = 1,
	    .max = 36500 },
	{ .name = "storedResponses.maxBytes", .type = CONF_INT,
	    .offset = AT(stored_responses_max_bytes), .dflt = GIB, .min = MIB,
	    .max = 1024 * GIB },
	{ .name = "backgroundResponses.maxPerKey", .type = CONF_INT,
	    .offset = AT(background_max_per_key), .dflt = 16, .max = 1024 },
	{ .name = "backgroundResponses.maxMinutes", .type = CONF_INT,
	    .offset = AT(background_max_minutes), .dflt = 60, .min = 1,
	    .max = 1440 },
	{ .name = "usage.cost", .type = CONF_BOOL, .offset = AT(usage_cost),
	    .dflt = true },
	{ .name = "usage.ledger", .type = CONF_BOOL,
	    .offset = AT(usage_ledger), .dflt = true },
	{ .name = "usage.hourlyDays", .type = CONF_INT,
	    .offset = AT(usage_hourly_days), .dflt = 31, .min = 2,
	    .max = 36500 },
	{ .name = "usage.dailyDays", .type = CONF_INT,
	    .offset = AT(usage_daily_days), .dflt = 400, .min = 62,
	    .max = 36500 },
	{ .name = "usage.monthlyDays", .type = CONF_INT,
	    .offset = AT(usage_monthly_days), .dflt = 3650, .min = 62,
	    .max = 36500 },
	{ .name = "metrics.enabled", .type = CONF_BOOL,
	    .offset = AT(metrics_enabled), .dflt = true },
	{ .name = "metrics.keyNames", .type = CONF_BOOL,
	    .offset = AT(metrics_key_names), .dflt = false },
	{ .name = "metrics.allowFrom", .type = CONF_LIST,
	    .offset = AT(metrics_allow_from), .example = "\"10.0.0.9\"" },
	{ .name = "stateUrl", .type = CONF_DATABASE,
	    .offset = AT(state_url), .text = "" },
	{ .name = "stateConnections", .type = CONF_INT,
	    .offset = AT(state_connections), .dflt = 8, .min = 1, .max = 100 },
	{ .name = "logLevel", .type = CONF_LEVEL, .offset = AT(log_level),
	    .text = "info", .choices = "error, warn, info, debug" },
};
static const struct conf_rows table = { rows, COUNT(rows) };

/*
 * The value at a dotted name; *v is NULL when it is absent or null. False when
 * something on the way is no object.
 */
static bool
find(const struct conf_source *src, const char *name, json_object **v)
{
	const char	*dot = strchr(name, '.');
	char		*top;
	bool		 ok = true;

	*v = NULL;
	if (dot == NULL) {
		*v = js_get(src->root, name);
		return true;
	}
	top = xstrndup(name, (size_t)(dot - name));
	*v = js_get(src->root, top);
	if (*v != NULL && !json_object_is_type(*v, json_type_object))
		ok = conf_refuse(src, top, "expected an object");
	else
		*v = js_get(*v, dot + 1);
	free(top);
	return ok;
}

static bool
read_row(struct conf *c, const struct conf_row *r,
    const struct conf_source *src)
{
	const char	*key = r->name;
	json_object	*v;

	if (!find(src, key, &v))
		return false;
	if (v == NULL && r->alias != NULL) {
		key = r->alias;
		if (!find(src, key, &v))
			return false;
	}
	return v == NULL || conf_value_read(c, r, v, src, key);
}

static void
set_default(struct conf *c, const struct conf_row *r)
{
	switch (r->type) {
	case CONF_BOOL:
		*(bool *)conf_row_member(c, r) = r->dflt != 0;
		break;
	case CONF_INT:
	case CONF_SECONDS:
		*(int64_t *)conf_row_member(c, r) = r->dflt;
		break;
	case CONF_LEVEL:
		log_level_find(r->text, conf_row_member(c, r));
		break;
	case CONF_LIST:
	case CONF_COMMAND:
		*(char ***)conf_row_member(c, r) = xcalloc(1, sizeof(char *));
		break;
	case CONF_PLACES:
		conf_row_set_place(c, r, "public");
		break;
	case CONF_KEYS:
	case CONF_MAPPINGS:
		break;
	default:
		conf_row_set_text(c, r, r->text);
	}
}

/* --- What beats the file, or fills its gaps. */

/* No auth.apiKeys: COPILOT_API_KEY, else the old single key of the file. */
static bool
fallback_key(struct conf *c, const struct conf_override *o,
    const struct conf_source *src)
{
	json_object	*v = js_get(src->root, "apiKey"), *given;
	char		*key = NULL;

	if (v != NULL && !json_object_is_type(v, json_type_string))
		return conf_refuse(src, "apiKey", "expected a string");
	if (c->nkeys > 0)
		return true;
	if (o->api_key != NULL) {
		given = json_object_new_string(o->api_key);
		key = conf_trimmed(given);
		c->from_environment = key[0] != '\0';
		json_object_put(given);
	}
	if (!c->from_environment && v != NULL) {
		free(key);
		key = conf_trimmed(v);
	}
	if (key != NULL && key[0] != '\0')
		conf_keys_only(c, key);
	free(key);
	return true;
}

/* A tenant of GitHub Enterprise has three hosts: D, api.D and copilot-api.D. */
static bool
apply_enterprise(struct conf *c, const char *given,
    const struct conf_source *src)
{
	static const struct {
		const char	*key, *prefix;
		size_t		 offset;
	} hosts[] = {
		{ "githubBaseUrl", "", AT(github_base_url) },
		{ "githubApiBaseUrl", "api.", AT(github_api_base_url) },
		{ "copilotBaseUrl", "copilot-api.", AT(copilot_base_url) },
	};
	const char	*d = given;
	char		*url, **p;
	size_t		 i, n;

	if (util_starts_nocase(d, "https://"))
		d += strlen("https://");
	for (n = strlen(d); n > 0 && d[n - 1] == '/'; n--)
		;
	url = xasprintf("https://%.*s", (int)n, d);
	if (memchr(d, '/', n) != NULL || *d == '[' || !conf_url_allowed(url)) {
		free(url);
		return err_set(src->err, 500, ERR_SERVER,
		    "invalid_configuration", NULL, "--enterprise-url: expected "
		    "a host such as octo.ghe.com, not \"%.100s\"", given);
	}
	free(url);
	for (i = 0; i < COUNT(hosts); i++) {
		if (js_get(src->root, hosts[i].key) != NULL)
			continue;
		p = (char **)(void *)((char *)c + hosts[i].offset);
		free(*p);
		*p = xasprintf("https://%s%.*s", hosts[i].prefix, (int)n, d);
	}
	return true;
}

/* The environment's address has to pass the same check as the file's. */
static bool
apply_database(struct conf *c, const char *url, const struct conf_source *src)
{
	const char *why = conf_database_wrong(url);

	if (why != NULL)
		return err_set(src->err, 500, ERR_SERVER,
		    "invalid_configuration", NULL, "COPILOT_API_STATE_URL: %s",
		    why);
	free(c->state_url);
	c->state_url = xstrdup(url);
	return true;
}

static bool
apply_override(struct conf *c, const struct conf_override *o,
    const struct conf_source *src)
{
	static const char types[] = "individual, business, enterprise";

	if (o->account_type != NULL && o->account_type[0] != '\0') {
		if (!conf_is_choice(types, o->account_type))
			return err_set(src->err, 500, ERR_SERVER,
			    "invalid_configuration", NULL,
			    "--account-type: expected one of %s", types);
		free(c->account_type);
		c->account_type = xstrdup(o->account_type);
	}
	if (o->state_url != NULL &&
	    !apply_database(c, o->state_url, src))
		return false;
	if (o->verbose)
		c->log_level = LOG_DEBUG;
	if (o->enterprise_url != NULL && o->enterprise_url[0] != '\0' &&
	    !apply_enterprise(c, o->enterprise_url, src))
		return false;
	return fallback_key(c, o, src);
}

/* --- The file. */

/* Windows editors put a byte order mark in front; lines stay as they are. */
static bool
parse(struct conf_source *src)
{
	static const char	 bom[] = "\xef\xbb\xbf";
	const char		*why;
	size_t			 line, column;

	if (util_starts(buf_str(&src->text), bom))
		buf_consume(&src->text, strlen(bom));
	if (strspn(buf_str(&src->text), " \t\r\n") == src->text.len)
		return true;
	if (!js_parse_at(src->text.p, src->text.len, &src->root, &why, &line,
	    &column))
		return err_set(src->err, 500, ERR_SERVER,
		    "invalid_configuration", NULL,
		    "%s:%zu: not valid JSON: %s at column %zu", src->path,
		    line, why, column);
	if (!json_object_is_type(src->root, json_type_object))
		return err_set(src->err, 500, ERR_SERVER,
		    "invalid_configuration", NULL,
		    "%s:1: expected an object in { }", src->path);
	return true;
}

static struct conf *
defaults(void)
{
	struct conf	*c = xcalloc(1, sizeof(*c));
	size_t		 i;

	c->refs = 1;
	for (i = 0; i < COUNT(rows); i++)
		set_default(c, &rows[i]);
	return c;
}

struct conf *
conf_broken(const char *why)
{
	struct conf *c = defaults();

	c->broken = xstrdup(why);
	return c;
}

/*
 * A server that had keys was started anew, and its file has none any more. It
 * may be lost, cut off or misspelt; only somebody's word opens.
 */
static bool
lost_keys(const struct conf *c, const char *home)
{
	char	*mark;
	bool	 had;

	if (c->nkeys > 0 || c->opened || c->auth_open)
		return false;
	mark = xasprintf("%s/%s", home, CONF_HAD_KEYS);
	had = access(mark, F_OK) == 0;
	free(mark);
	return had;
}

/* Read what is in src->text; NULL with src->err set when it is refused. */
static struct conf *
read_text(const char *home, const struct conf_override *override,
    struct conf_source *src)
{
	struct conf_override	 o = { 0 };
	struct conf		*c = defaults();
	bool			 ok = parse(src);
	size_t			 i;

	if (override != NULL)
		o = *override;
	for (i = 0; ok && i < COUNT(rows); i++)
		ok = read_row(c, &rows[i], src);
	ok = ok && apply_override(c, &o, src) && conf_keys_check(c, src);
	if (ok)
		conf_find_unknown(c, &table, src);
	c->closed = lost_keys(c, home);
	json_object_put(src->root);
	if (ok)
		return c;
	conf_unref(c);
	return NULL;
}

struct conf *
conf_load(const char *home, const struct conf_override *override,
    struct err *err)
{
	struct conf_source	 src = { .err = err };
	struct conf		*c = NULL;

	src.path = xasprintf("%s/%s", home, CONF_FILE_NAME);
	if (files_read(home, CONF_FILE_NAME, &src.text, err))
		c = read_text(home, override, &src);
	buf_finish(&src.text);
	free(src.path);
	return c;
}

bool
conf_accepts(const char *home, const struct conf_override *override,
    const char *text, struct err *err)
{
	struct conf_source	 src = { .err = err };
	struct conf		*c;
	bool			 ok;

	src.path = xasprintf("%s/%s", home, CONF_FILE_NAME);
	buf_puts(&src.text, text);
	c = read_text(home, override, &src);
	ok = c != NULL;
	conf_unref(c);
	buf_finish(&src.text);
	free(src.path);
	return ok;
}

struct conf *
conf_ref(struct conf *c)
{
	c->refs++;
	return c;
}

static void
free_list(char **list)
{
	char **p;

	for (p = list; *p != NULL; p++)
		free(*p);
	free(list);
}

void
conf_unref(struct conf *c)
{
	size_t i;

	if (c == NULL || --c->refs > 0)
		return;
	conf_keys_free(c);
	free_list(c->cors_allow_origins);
	free_list(c->server_hosts);
	free_list(c->fetch_images);
	free_list(c->metrics_allow_from);
	free_list(c->github_token_command);
	for (i = 0; i < c->nmodel_mappings; i++) {
		free(c->model_mappings[i].from);
		free(c->model_mappings[i].to);
	}
	free(c->model_mappings);
	for (i = 0; i < c->nwarnings; i++)
		free(c->warnings[i]);
	free(c->warnings);
	free(c->broken);
	for (i = 0; i < COUNT(rows); i++)
		if (rows[i].text != NULL && rows[i].type != CONF_LEVEL)
			free(*(char **)conf_row_member(c, &rows[i]));
	free(c);
}

const char *
conf_map_model(const struct conf *c, const char *model)
{
	size_t i;

	for (i = 0; i < c->nmodel_mappings; i++)
		if (strcmp(c->model_mappings[i].from, model) == 0)
			return c->model_mappings[i].to;
	return model;
}

/* --- Showing what is in force. */

static json_object *
list_json(char *const *list)
{
	json_object *a = json_object_new_array();

	for (; *list != NULL; list++)
		json_object_array_add(a, json_object_new_string(*list));
	return a;
}

static json_object *
places_json(char *const *list)
{
	if (list[0] == NULL)
		return json_object_new_string("off");
	return list[1] == NULL && strcmp(list[0], "public") == 0 ?
	    json_object_new_string(list[0]) : list_json(list);
}

static json_object *
mappings_json(const struct conf *c)
{
	json_object	*o = json_object_new_object();
	size_t		 i;

	for (i = 0; i < c->nmodel_mappings; i++)
		js_add_str(o, c->model_mappings[i].from,
		    c->model_mappings[i].to);
	return o;
}

static json_object *
database_json(const char *url)
{
	char		*shown = conf_database_shown(url);
	json_object	*v = json_object_new_string(shown);

	free(shown);
	return v;
}

static json_object *
row_json(const struct conf *c, const struct conf_row *r)
{
	static const char *const levels[LOG__MAX] = {
		"error", "warn", "info", "debug"
	};
	void *p = conf_row_member(c, r);

	switch (r->type) {
	case CONF_BOOL:
		return json_object_new_boolean(*(bool *)p);
	case CONF_INT:
		return json_object_new_int64(*(int64_t *)p);
	case CONF_SECONDS:
		if (*(int64_t *)p % 1000 == 0)
			return json_object_new_int64(*(int64_t *)p / 1000);
		return json_object_new_double((double)*(int64_t *)p / 1000);
	case CONF_DATABASE:
		return database_json(*(char **)p);
	case CONF_LEVEL:
		return json_object_new_string(levels[*(enum log_level *)p]);
	case CONF_KEYS:
		return conf_keys_json(c);
	case CONF_LIST:
	case CONF_COMMAND:
		return list_json(*(char **const *)p);
	case CONF_PLACES:
		return places_json(*(char **const *)p);
	case CONF_MAPPINGS:
		return mappings_json(c);
	default:
		return json_object_new_string(*(char **)p);
	}
}

const char *
conf_key_name(size_t i)
{
	return i < COUNT(rows) ? rows[i].name : NULL;
}

json_object *
conf_key_value(const struct conf *c, size_t i)
{
	return i < COUNT(rows) ? row_json(c, &rows[i]) : NULL;
}

/* This process may run on so many, a control group's quota not counted. */
static int
processors(void)
{
	static atomic_int	 known;
	cpu_set_t		 set;
	int			 n = atomic_load(&known);

	if (n > 0)
		return n;
	n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	n = n < RESPONDERS_MAX ? n : RESPONDERS_MAX;
	atomic_store(&known, n);
	return n;
}

int
conf_responders(const struct conf *c)
{
	return c->responders > 0 ? (int)c->responders : processors();
}
