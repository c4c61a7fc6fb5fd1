/* Commands ask GitHub and Copilot. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/http.h"
#include "base/util.h"
#include "cli/ask.h"
#include "cli/progress.h"
#include "copilot/call.h"
#include "copilot/github.h"
#include "copilot/models.h"
#include "copilot/signin.h"

#define MODELS_MAX	(16u << 20)
#define TIMEOUT_MS	30000
#define NAMES		5	/* of models, in one line */

static bool
token_read(const struct http_reply *rep, const char *retry,
    const char *github, struct copilot_token *tok, char **plan,
    struct err *err)
{
	struct github_exchange	got;
	const char		*body = buf_str(&rep->body);

	if (!github_exchange_read(rep->status, body, rep->body.len, retry,
	    &got, err)) {
		if (!github_unexchangeable(rep->status, body, rep->body.len))
			return false;
		copilot_token_direct(tok, github, util_now_ms());
		return true;
	}
	copilot_token_set(tok, &got, util_now_ms());
	*plan = got.plan != NULL ? xstrdup(got.plan) : NULL;
	github_exchange_finish(&got);
	return true;
}

bool
ask_token(struct http *http, const struct conf *conf, const char *github,
    struct copilot_token *tok, char **plan, struct err *err)
{
	struct http_request	 req;
	struct http_reply	 rep = { 0 };
	char			*retry = NULL;
	bool			 ok;

	memset(tok, 0, sizeof(*tok));
	*plan = NULL;
	github_request(&req, conf, github, GITHUB_PATH_EXCHANGE);
	if ((ok = progress_fetch("Asking GitHub", http, conf, &req, &rep,
	    err))) {
		retry = http_reply_header(&rep, "retry-after");
		ok = token_read(&rep, retry, github, tok, plan, err);
	}
	free(retry);
	http_reply_finish(&rep);
	http_request_finish(&req);
	return ok;
}

/* As the responder asks for it. */
static void
models_request(struct http_request *req, const struct conf *conf,
    const struct copilot_token *tok)
{
	char			session[UTIL_UUID_SIZE];
	struct copilot_identity	id = { tok->value, tok->api, session,
				    tok->direct };
	struct upstream_call	call = { .method = "GET", .path = "/models",
				    .intent = "model-access" };

	util_uuid(session);
	copilot_call_address(conf, &id, &call, req);
	req->headers_timeout_ms = req->silence_timeout_ms = TIMEOUT_MS;
	req->body_max = MODELS_MAX;
}

static bool
refused(const struct http_reply *rep, const char *url, struct err *err)
{
	char said[200];

	github_text(said, sizeof(said), buf_str(&rep->body));
	return err_set(err, 502, ERR_SERVER, NULL, NULL,
	    "%s answered HTTP %d: %s%s", url, rep->status, said,
	    rep->status == 466 ? " Set githubApiVersion in config.json to a "
	    "newer version." : rep->status == 421 ? " Set accountType or "
	    "copilotBaseUrl in config.json to your account's." : "");
}

bool
ask_models(struct http *http, const struct conf *conf,
    const struct copilot_token *tok, const struct models **models,
    struct err *err)
{
	struct http_request	req;
	struct http_reply	rep = { 0 };

	*models = NULL;
	models_request(&req, conf, tok);
	if (progress_fetch("Asking Copilot", http, conf, &req, &rep, err)) {
		if (rep.status == 200)
			*models = models_parse(buf_str(&rep.body),
			    rep.body.len, err);
		else if (strcasestr(buf_str(&rep.body),
		    "personal access tokens are not supported") != NULL)
			github_classic(err);
		else
			refused(&rep, req.url, err);
	}
	http_reply_finish(&rep);
	http_request_finish(&req);
	return *models != NULL;
}

/* The models that people may pick come first in what they read. */
static void
add_names(struct buf *line, const struct models *models)
{
	size_t	i, n = 0;
	int	round;

	for (round = 0; round < 2; round++)
		for (i = 0; i < models->n && n < NAMES; i++)
			if (models->list[i].picker == (round == 0))
				buf_printf(line, "%s%s", n++ > 0 ? ", " : "",
				    models->list[i].id);
	if (models->n > n)
		buf_puts(line, ", ...");
}

/* An App is nobody's login. */
static char *
who(struct http *http, const struct conf *conf, const struct signin *s)
{
	struct err	 ignored;
	char		*login;

	if (s->kind != SIGNIN_APP &&
	    github_login_name(http, conf, s->token, &login, &ignored))
		return login;
	return signin_source(s);
}

char *
ask_account(struct http *http, const struct conf *conf, struct signin *s,
    struct err *err)
{
	struct copilot_token	 tok = { 0 };
	const struct models	*models = NULL;
	struct buf		 line = { 0 };
	char			*plan = NULL, *name;

	if (signin_wait(s, http, conf, err) &&
	    ask_token(http, conf, s->token, &tok, &plan, err) &&
	    ask_models(http, conf, &tok, &models, err)) {
		name = who(http, conf, s);
		buf_printf(&line, "%s, %s%s, %zu models: ", name,
		    plan != NULL ? "plan " : "plan not said",
		    plan != NULL ? plan : "", models->n);
		add_names(&line, models);
		free(name);
	}
	copilot_token_finish(&tok);
	models_unref(models);
	free(plan);
	return line.len > 0 ? buf_steal(&line) : NULL;
}
