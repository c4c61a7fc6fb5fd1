/* GitHub: the device flow, the account, the exchange for a Copilot token. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "account.h"
#include "base/js.h"
#include "base/util.h"
#include "canned.h"
#include "fake.h"
#include "jt.h"

#define GRANT "urn:ietf:params:oauth:grant-type:device_code"
/* Timers of clients are not exact to the millisecond. */
#define POLL_SLACK_NS 250000000

static void
answer_canned_json(struct call *c, const char *name)
{
	const struct canned *can = canned_find(name);

	answer_begin(c->ans, can->status, can->type);
	buf_puts(&c->ans->text, can->body);
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* Undoes application/x-www-form-urlencoded. */
static char *
form_decode(const char *p, size_t n)
{
	char	*s = xmalloc(n + 1);
	size_t	 i, k = 0;

	for (i = 0; i < n; i++) {
		if (p[i] == '%' && i + 2 < n && hex(p[i + 1]) >= 0 &&
		    hex(p[i + 2]) >= 0) {
			s[k++] = (char)(hex(p[i + 1]) * 16 + hex(p[i + 2]));
			i += 2;
		} else
			s[k++] = p[i] == '+' ? ' ' : p[i];
	}
	s[k] = '\0';
	return s;
}

/* A field of the body, be it JSON or a form. Yours; NULL when absent. */
static char *
field(struct call *c, const char *name)
{
	const char	*v = js_str(c->body, name), *p;
	size_t		 n = strlen(name), len;

	if (v != NULL)
		return xstrdup(v);
	v = req_header(c->req, "Content-Type");
	if (v == NULL || !util_starts_nocase(v, "application/x-www-form"))
		return NULL;
	for (p = buf_str(&c->req->body); *p != '\0';
	    p += len, p += *p == '&') {
		len = strcspn(p, "&");
		if (len > n && strncmp(p, name, n) == 0 && p[n] == '=')
			return form_decode(p + n + 1, len - n - 1);
	}
	return NULL;
}

/* GitHub's login answers in JSON only when asked to. */
static void
answer_login(struct call *c, int status, json_object *obj)
{
	const char	*accept = req_header(c->req, "Accept");
	struct buf	*out = &c->ans->text;
	const char	*s;
	char		 sep = 0;

	if (accept != NULL && strcasestr(accept, "application/json") != NULL) {
		answer_json(c->ans, status, obj);
		json_object_put(obj);
		return;
	}
	answer_begin(c->ans, status,
	    "application/x-www-form-urlencoded; charset=utf-8");
	json_object_object_foreach(obj, key, value) {
		if (sep != 0)
			buf_putc(out, sep);
		sep = '&';
		buf_printf(out, "%s=", key);
		for (s = json_object_get_string(value); *s != '\0'; s++) {
			if (strchr(":/ &=+%,", *s) != NULL)
				buf_printf(out, "%%%02X", (unsigned char)*s);
			else
				buf_putc(out, *s);
		}
	}
	json_object_put(obj);
}

/* Real client ids are known; a made-up one is answered with 404. */
static bool
client_known(struct call *c)
{
	char	*id = field(c, "client_id");
	bool	 known = id != NULL && (util_starts(id, "Iv1.") ||
		    util_starts(id, "Iv23") || util_starts(id, "Ov23"));

	free(id);
	if (!known)
		answer_canned_json(c, "github_not_found");
	return known;
}

void
github_device_code(struct call *c)
{
	json_object	*obj;
	struct device	*d;
	char		*uri, *code;
	const char	*host = req_header(c->req, "Host");

	if (!client_known(c))
		return;
	c->f->count.device_codes++;
	d = tokens_add_device(&c->f->tokens);
	d->interval = setting_int(c->f, "device_interval");
	d->until = mono_ns() +
	    ms_to_ns(setting_int(c->f, "device_expires_in")) * 1000;
	d->next_poll = mono_ns() + ms_to_ns(d->interval) * 1000;
	code = xasprintf("FA%02llu-%04llu",
	    (unsigned long long)(c->f->tokens.devices / 10000 % 100),
	    (unsigned long long)(c->f->tokens.devices % 10000));
	uri = c->f->demo && host != NULL ?
	    xasprintf("http://%s/login/device", host) :
	    xstrdup("https://github.com/login/device");
	obj = json_object_new_object();
	js_add_str(obj, "device_code", d->code);
	js_add_str(obj, "user_code", code);
	js_add_str(obj, "verification_uri", uri);
	js_add_int(obj, "expires_in", setting_int(c->f, "device_expires_in"));
	js_add_int(obj, "interval", d->interval);
	answer_login(c, 200, obj);
	free(uri);
	free(code);
}

/* Where the demo sends a person who wants to type the code in. */
void
github_device_page(struct call *c)
{
	answer_begin(c->ans, 200, "text/plain; charset=utf-8");
	buf_puts(&c->ans->text, "This is not GitHub but its imitation: there "
	    "is nothing to type in, the login goes on by itself.\n");
}

/* The next outcome of the script; the last one stays. */
static const char *
next_outcome(struct fake *f)
{
	json_object	*script = js_array(f->set, "device_script");
	size_t		 n = js_len(script), i = f->tokens.script_at;
	const char	*s;

	if (n == 0)
		return "success";
	if (i + 1 < n)
		f->tokens.script_at++;
	s = json_object_get_string(json_object_array_get_idx(script,
	    i < n ? i : n - 1));
	return s != NULL ? s : "success";
}

static void
poll_error(struct call *c, const char *error, struct device *d)
{
	static const struct {
		const char *error, *text;
	} texts[] = {
		{ "authorization_pending",
		    "The authorization request is still pending." },
		{ "slow_down", "Too many requests have been made in the same "
		    "timeframe." },
		{ "expired_token", "This 'device_code' has expired." },
		{ "access_denied", "The authorization request was denied." },
	};
	json_object	*obj = json_object_new_object();
	const char	*text = "The request cannot be fulfilled.";
	size_t		 i;

	for (i = 0; i < COUNT(texts); i++)
		if (strcmp(texts[i].error, error) == 0)
			text = texts[i].text;
	js_add_str(obj, "error", error);
	js_add_str(obj, "error_description", text);
	js_add_str(obj, "error_uri", "https://docs.github.com/developers/apps/"
	    "authorizing-oauth-apps#error-codes-for-the-device-flow");
	if (d != NULL && strcmp(error, "slow_down") == 0)
		js_add_int(obj, "interval", d->interval);
	answer_login(c, 200, obj);	/* all of them come with 200 */
}

static void
slow_down(struct call *c, struct device *d)
{
	int64_t n = setting_int(c->f, "device_slow_down_interval");

	d->interval = n > 0 ? n : d->interval + 5;
	d->next_poll = mono_ns() + ms_to_ns(d->interval) * 1000;
	poll_error(c, "slow_down", d);
}

static void
log_in(struct call *c, struct device *d)
{
	json_object	*obj = json_object_new_object();
	char		*token = random_id("ghu_", 36);

	d->used = true;
	js_add_str(obj, "access_token", token);
	js_add_str(obj, "token_type", "bearer");
	js_add_str(obj, "scope", "read:user");
	answer_login(c, 200, obj);
	free(token);
}

static void
poll_device(struct call *c, struct device *d)
{
	const char	*outcome;
	int64_t		 now = mono_ns();

	if (now > d->until) {
		poll_error(c, "expired_token", d);
		return;
	}
	if (now < d->next_poll - POLL_SLACK_NS) {
		slow_down(c, d);
		return;
	}
	d->next_poll = now + ms_to_ns(d->interval) * 1000;
	outcome = next_outcome(c->f);
	if (strcmp(outcome, "success") == 0)
		log_in(c, d);
	else if (strcmp(outcome, "slow_down") == 0)
		slow_down(c, d);
	else
		poll_error(c, strcmp(outcome, "pending") == 0 ?
		    "authorization_pending" : outcome, d);
}

void
github_access_token(struct call *c)
{
	char		*grant = field(c, "grant_type");
	char		*code = field(c, "device_code");
	struct device	*d = NULL;

	c->f->count.polls++;
	if (!client_known(c))
		goto out;
	if (code != NULL)
		d = tokens_find_device(&c->f->tokens, code);
	if (grant == NULL || strcmp(grant, GRANT) != 0)
		poll_error(c, "unsupported_grant_type", NULL);
	else if (d == NULL || d->used)
		poll_error(c, "incorrect_device_code", NULL);
	else
		poll_device(c, d);
out:
	free(grant);
	free(code);
}

/*
 * GitHub's REST API: a User-Agent, and "token T" or "Bearer T" with a token of
 * an app that hasn't been revoked.
 */
static bool
signed_in(struct call *c)
{
	const char *github = account_authorization(c);

	if (req_header(c->req, "User-Agent") == NULL)
		return refuse_text(c, 403, "Request forbidden by "
		    "administrative rules. Please make sure your request has a "
		    "User-Agent header.\n");
	if (github != NULL && account_signed_in(c, github))
		return true;
	answer_canned_json(c, "bad_credentials");
	return false;
}

void
github_user(struct call *c)
{
	if (!signed_in(c))
		return;
	answer_begin(c->ans, 200, "application/json; charset=utf-8");
	jt(&c->ans->text, "{'login':%s,'id':1,'node_id':'U_kgDOAA',"
	    "'type':'User','site_admin':false,'name':null}",
	    account_str(c, "login",
	    setting_str(c->f, "login")));
}

static char *
own_url(struct call *c)
{
	const char *host = req_header(c->req, "Host");

	return host != NULL ? xasprintf("http://%s", host) :
	    xasprintf("http://127.0.0.1:%d", c->f->port);
}

/* Asked for by this request's scenario, or by a setting? */
static bool
variant(struct call *c, const char *name)
{
	return js_bool(c->scn, name, false) ||
	    strcmp(setting_str(c->f, "token_variant"), name) == 0;
}

void
github_token(struct call *c)
{
	int64_t		 valid, shown, refresh, now = wall_ms() / 1000;
	const char	*token;
	char		*url;
	struct buf	*out = &c->ans->text;

	if (!signed_in(c) || !account_exchanged(c, account_authorization(c)))
		return;
	c->f->count.exchanges++;
	valid = js_int(c->scn, "expires_in",
	    setting_int(c->f, "token_expires_in"));
	refresh = js_int(c->scn, "refresh_in",
	    setting_int(c->f, "token_refresh_in"));
	/* A client whose clock is wrong sees a time in the past. */
	shown = variant(c, "clock_skew") ? now - 7200 : now + valid;
	token = tokens_add(&c->f->tokens, shown, valid,
	    account_authorization(c));
	answer_begin(c->ans, 200, "application/json; charset=utf-8");
	jt(out, "{'token':%s,'expires_at':%l,'refresh_in':%l", token, shown,
	    refresh);
	if (variant(c, "bare")) {
		buf_putc(out, '}');
		return;
	}
	jt(out, ",'sku':%s,'individual':true,"
	    "'blackbird_clientside_indexing':false,'code_quote_enabled':true,"
	    "'code_review_enabled':true,'codesearch':true,"
	    "'copilotignore_enabled':false,'vsc_electron_fetcher_v2':false,"
	    "'chat_enabled':true,'public_suggestions':'enabled',"
	    "'telemetry':'disabled','enterprise_list':null,"
	    "'organization_list':['4535c7beffc844b46bb1ed4aa04d759a'],"
	    "'limited_user_quotas':null,'limited_user_reset_date':null,"
	    "'user_notification':{'message':'Your trial ends soon.',"
	    "'notification_id':'subscription_trial_ending','title':'Trial',"
	    "'url':'https://github.com'}", account_str(c, "sku",
	    "monthly_subscriber"));
	url = own_url(c);
	if (!variant(c, "no_endpoints"))
		jt(out, ",'endpoints':{'api':%s,'origin-tracker':"
		    "'https://origin-tracker.invalid',"
		    "'proxy':'https://proxy.invalid',"
		    "'telemetry':'https://telemetry.invalid'}", url);
	buf_putc(out, '}');
	free(url);
}

/* Of a plan by the request, as annual ones still are. */
static void
put_plan(struct fake *f, struct buf *out)
{
	jt(out, "'chat':{'quota_id':'chat','entitlement':-1,'remaining':0,"
	    "'quota_remaining':0.0,'unlimited':true,'overage_count':0,"
	    "'overage_permitted':false,'percent_remaining':100.0,"
	    "'timestamp_utc':'2026-06-20T01:54:36.097Z'},"
	    "'completions':{'quota_id':'completions','entitlement':-1,"
	    "'remaining':0,'quota_remaining':0.0,'unlimited':true,"
	    "'overage_count':0,'overage_permitted':false,"
	    "'percent_remaining':100.0},"
	    "'premium_interactions':{'quota_id':'premium_interactions',"
	    "'entitlement':4000,'remaining':%l,'quota_remaining':%l.0,"
	    "'unlimited':false,'overage_count':0,'overage_permitted':true,"
	    "'percent_remaining':95.7,'quota_reset_at':0,"
	    "'token_based_billing':true}",
	    setting_int(f, "quota_remaining"),
	    setting_int(f, "quota_remaining"));
}

/* A seat that pays by the token has no quotas, and says so in zeros. */
static void
put_seat(struct buf *out)
{
	static const char *const ids[] = {
		"chat", "completions", "premium_interactions",
	};
	size_t i;

	for (i = 0; i < COUNT(ids); i++)
		jt(out, "%r%s:{'quota_id':%s,'entitlement':0,'remaining':0,"
		    "'quota_remaining':0.0,'unlimited':true,"
		    "'overage_count':0,'overage_permitted':true,"
		    "'percent_remaining':100.0,'token_based_billing':true,"
		    "'timestamp_utc':'2026-11-20T01:54:36.097Z'}",
		    i > 0 ? "," : "", ids[i], ids[i]);
}

static bool
pays_by_token(const struct fake *f)
{
	return strcmp(setting_str(f, "seat"), "tokens") == 0;
}

void
github_copilot_user(struct call *c)
{
	struct buf	*out = &c->ans->text;
	char		*url;

	if (!signed_in(c) || !account_exchanged(c, account_authorization(c)))
		return;
	url = own_url(c);
	answer_begin(c->ans, 200, "application/json; charset=utf-8");
	jt(out, "{'login':%s,"
	    "'access_type_sku':'monthly_subscriber',"
	    "'analytics_tracking_id':'0a1b2c','assigned_date':"
	    "'2025-01-01T00:00:00Z','can_signup_for_limited':false,"
	    "'chat_enabled':true,'copilot_plan':'individual_pro',"
	    "'organization_login_list':[],'organization_list':[{'login':"
	    "'acme','name':null}],'codex_agent_enabled':false,"
	    "'endpoints':{'api':%s},'quota_reset_date':'2026-07-01',"
	    "'quota_reset_date_utc':'2026-07-01T00:00:00.000Z',"
	    "'token_based_billing':true,", account_str(c, "login",
	    setting_str(c->f, "login")), url);
	if (pays_by_token(c->f))
		jt(out, "'credits_used':%l,", setting_int(c->f,
		    "credits_used"));
	jt(out, "'quota_snapshots':{");
	if (pays_by_token(c->f))
		put_seat(out);
	else
		put_plan(c->f, out);
	buf_puts(out, "}}");
	free(url);
}
