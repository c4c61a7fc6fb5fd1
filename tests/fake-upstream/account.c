/* Accounts beside the ordinary one, GitHub Apps, and Auto. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/evp.h>

#include "account.h"
#include "base/js.h"
#include "base/util.h"
#include "canned.h"
#include "jt.h"

#define JWT_MAX 600		/* seconds that one may live */

const char *
account_authorization(struct call *c)
{
	const char *v = req_header(c->req, "Authorization");

	if (v == NULL || (!util_starts_nocase(v, "token ") &&
	    !util_starts_nocase(v, "Bearer ")))
		return NULL;
	v = strchr(v, ' ');
	return v + strspn(v, " ");
}

json_object *
account_of(struct call *c)
{
	json_object	*all = js_obj(c->f->set, "accounts"), *one;
	const char	*token = account_authorization(c), *github;

	if (token == NULL)
		return NULL;
	github = tokens_github(&c->f->tokens, token);
	one = js_obj(all, github != NULL ? github : token);
	return one != NULL ? one : js_obj(all, "*");
}

const char *
account_str(struct call *c, const char *member, const char *dflt)
{
	const char *s = js_str(account_of(c), member);

	return s != NULL ? s : dflt;
}

bool
account_bool(struct call *c, const char *member)
{
	return js_bool(account_of(c), member, false);
}

/* --- Which tokens are good for what. */

/* An installation's tokens say of which generation they are. */
static bool
installation_alive(const struct fake *f, const char *github)
{
	char *now = xasprintf("ghs_%lld_",
	    (long long)setting_int(f, "installation_generation"));
	bool  yes = util_starts(github, now);

	free(now);
	return yes;
}

bool
account_signed_in(struct call *c, const char *github)
{
	static const char *const prefixes[] = {
		"ghu_", "gho_", "ghp_", "github_pat_"
	};
	size_t i;

	if (setting_lists(c->f, "dead_tokens", github))
		return false;
	if (util_starts(github, "ghs_"))
		return installation_alive(c->f, github);
	for (i = 0; i < COUNT(prefixes); i++)
		if (util_starts(github, prefixes[i]))
			return true;
	return false;
}

static void
answer_message(struct call *c, int status, const char *text)
{
	answer_begin(c->ans, status, "application/json; charset=utf-8");
	jt(&c->ans->text, "{'message':%s,'documentation_url':"
	    "'https://docs.github.com/rest'}", text);
}

bool
account_exchanged(struct call *c, const char *github)
{
	if (util_starts(github, "github_pat_")) {
		answer_message(c, 403, "Resource not accessible by personal "
		    "access token");
		return false;
	}
	if (util_starts(github, "ghp_") || account_bool(c, "direct")) {
		answer_message(c, 404, "Not Found");
		return false;
	}
	return true;
}

bool
account_direct(struct call *c, const char *github)
{
	const char *id = req_header(c->req, "Copilot-Integration-Id");

	if (util_starts(github, "ghp_"))
		return refuse_text(c, 400, "bad request: Personal Access "
		    "Tokens are not supported for this endpoint\n");
	if ((!util_starts(github, "github_pat_") &&
	    !account_bool(c, "direct")) || !account_signed_in(c, github) ||
	    account_bool(c, "refused"))
		return refuse_text(c, 401, "unauthorized: unauthorized: "
		    "AuthenticateToken authentication failed\n");
	if (id == NULL || strcmp(id, "copilot-developer-cli") != 0)
		return refuse_text(c, 403, "forbidden: integration does not "
		    "match the token\n");
	return true;
}

/* --- Models. */

static bool
lists(json_object *array, const char *id)
{
	size_t i;

	for (i = 0; i < js_len(array); i++)
		if (strcmp(json_object_get_string(
		    json_object_array_get_idx(array, i)), id) == 0)
			return true;
	return false;
}

/* Free: nothing can be picked. "models": these alone are there. */
void
account_models(struct call *c, struct buf *list)
{
	json_object	*account = account_of(c), *all, *data, *some, *m;
	json_object	*only = js_array(account, "models");
	json_object	*warnings = js_array(account, "warning_messages");
	size_t		 i;

	if (account == NULL)
		return;
	all = js_parse_quiet(buf_str(list), list->len);
	data = js_array(all, "data");
	some = json_object_new_array();
	for (i = 0; i < js_len(data); i++) {
		m = json_object_array_get_idx(data, i);
		if (only != NULL && !lists(only, js_str(m, "id")))
			continue;
		if (js_bool(account, "free", false))
			js_add_bool(m, "model_picker_enabled", false);
		if (warnings != NULL)
			js_add_ref(m, "warning_messages", warnings);
		json_object_array_add(some, json_object_get(m));
	}
	js_add_take(all, "data", some);
	buf_truncate(list, 0);
	js_print(all, list);
	json_object_put(all);
}

bool
account_may(struct call *c, const struct model *m)
{
	json_object	*account = account_of(c);
	json_object	*only = js_array(account, "models");
	const char	*session = req_header(c->req, "Copilot-Session-Token");

	if (session != NULL)
		return issued_has(&c->f->issued, session, m->id);
	if (only != NULL && !lists(only, m->id))
		return false;
	return !js_bool(account, "free", false) || (m->flags & MODEL_EMBED);
}

/* --- Auto. */

/* The session's token, and the model that it is for. */
static const struct model *
session(struct call *c, const char *form, char **token)
{
	const char		*has = account_str(c, "auto", "");
	const char		*name = account_str(c, "auto_model",
				    "gpt-5-mini");
	const struct model	*m = catalog_find(name);

	if (strstr(has, form) == NULL) {
		refuse_text(c, 404, "404 page not found\n");
		return NULL;
	}
	if (m == NULL)
		return NULL;
	*token = random_id("auto.", 40);
	issued_add(&c->f->issued, *token, m->id);
	return m;
}

static int64_t
session_ends(struct call *c)
{
	return wall_ms() / 1000 + setting_int(c->f, "auto_expires_in");
}

void
auto_new(struct call *c)
{
	char			*token;
	const struct model	*m;

	if (js_str(c->body, "prompt") == NULL) {
		refuse_param(c, "prompt is required");
		return;
	}
	if ((m = session(c, "new", &token)) == NULL)
		return;
	answer_begin(c->ans, 200, "application/json");
	jt(&c->ans->text, "{'session_token':%s,'expires_at':%l,"
	    "'selected_model':", token, session_ends(c));
	catalog_print(c, m, &c->ans->text);
	buf_puts(&c->ans->text, ",\"discounted_costs\":{}}");
	free(token);
}

void
auto_old(struct call *c)
{
	char			*token;
	const struct model	*m;

	if (js_obj(c->body, "auto_mode") == NULL) {
		refuse_param(c, "auto_mode is required");
		return;
	}
	if ((m = session(c, "old", &token)) == NULL)
		return;
	answer_begin(c->ans, 200, "application/json");
	jt(&c->ans->text, "{'available_models':[%s],'selected_model':%s,"
	    "'session_token':%s,'expires_at':%l,'discounted_costs':{}}",
	    m->id, m->id, token, session_ends(c));
	free(token);
}

/* --- GitHub Apps. */

static int64_t
clock_now(const struct fake *f)
{
	return wall_ms() / 1000 + setting_int(f, "clock_offset");
}

static void
put_date(struct call *c)
{
	time_t		 now = (time_t)clock_now(c->f);
	struct tm	 tm;
	char		 text[40];

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	answer_header(c->ans, "Date", "%s", text);
}

/* The claims of a JWT; its signature is the tests' matter. */
static json_object *
claims(const char *jwt)
{
	const char	*from = jwt != NULL ? strchr(jwt, '.') : NULL;
	size_t		 n = from != NULL ? strcspn(from + 1, ".") : 0, i;
	char		*text = xcalloc(1, n + 5);
	unsigned char	*out = xcalloc(1, n + 5);
	json_object	*obj = NULL;

	if (n > 0 && from[1 + n] == '.') {
		memcpy(text, from + 1, n);
		for (i = 0; i < n; i++)
			text[i] = text[i] == '-' ? '+' :
			    text[i] == '_' ? '/' : text[i];
		while (n % 4 != 0)
			text[n++] = '=';
		if (EVP_DecodeBlock(out, (unsigned char *)text, (int)n) > 0)
			obj = js_parse_quiet((char *)out,
			    strlen((char *)out));
	}
	free(text);
	free(out);
	return obj;
}

/* Why GitHub refuses a JWT with these claims; NULL: it doesn't. */
static const char *
jwt_fault(const struct fake *f, json_object *claim)
{
	int64_t now = clock_now(f), iat = js_int(claim, "iat", -1);
	int64_t exp = js_int(claim, "exp", -1);

	if (!js_is(claim, "iss", setting_str(f, "app_id")))
		return "Integration not found";
	if (iat < 0 || iat > now)
		return "'Issued at' claim ('iat') must be an Integer "
		    "representing the time that the assertion was issued";
	if (exp <= now)
		return "'Expiration time' claim ('exp') must be a numeric "
		    "value representing the future time at which the assertion "
		    "expires";
	return exp > now + JWT_MAX ? "'Expiration time' claim ('exp') is too "
	    "far in the future" : NULL;
}

static bool
app_signed_in(struct call *c)
{
	const char	*jwt = account_authorization(c), *why;
	json_object	*claim = claims(jwt);

	why = claim == NULL ? "A JSON web token could not be decoded" :
	    jwt_fault(c->f, claim);
	json_object_put(claim);
	if (why != NULL)
		answer_message(c, 401, why);
	put_date(c);
	return why == NULL;
}

void
github_installations(struct call *c)
{
	if (!app_signed_in(c))
		return;
	answer_begin(c->ans, 200, "application/json; charset=utf-8");
	js_print(js_array(c->f->set, "installations"), &c->ans->text);
}

/* /app/installations/ID/access_tokens */
void
github_installation_token(struct call *c)
{
	json_object	*all = js_array(c->f->set, "installations");
	int64_t		 id = strtoll(c->req->path +
			    strlen("/app/installations/"), NULL, 10);
	char		*token, prefix[40], ends[UTIL_TIME_SIZE];
	size_t		 i;

	if (!app_signed_in(c))
		return;
	for (i = 0; i < js_len(all); i++)
		if (js_int(json_object_array_get_idx(all, i), "id", 0) == id)
			break;
	if (i == js_len(all) ||
	    !util_ends(c->req->path, "/access_tokens")) {
		answer_message(c, 404, "Not Found");
		return;
	}
	if (setting_bool(c->f, "app_suspended")) {
		answer_message(c, 403, "This installation has been suspended");
		return;
	}
	snprintf(prefix, sizeof(prefix), "ghs_%lld_",
	    (long long)setting_int(c->f, "installation_generation"));
	token = random_id(prefix, 30);
	util_time_utc(clock_now(c->f) +
	    setting_int(c->f, "installation_seconds"), ends);
	answer_begin(c->ans, 201, "application/json; charset=utf-8");
	jt(&c->ans->text, "{'token':%s,'expires_at':%s,'permissions':"
	    "{'copilot_requests':'write'},'repository_selection':'all'}",
	    token, ends);
	free(token);
}
