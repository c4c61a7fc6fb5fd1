/* check-usage: plan, reset date and quota. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/http.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "copilot/accounts.h"
#include "copilot/github.h"

static const char *const names[GITHUB_QUOTA__MAX] = {
	"chat", "completions", "premium"
};

static void
print_table(const struct github_usage *u)
{
	const struct github_quota	*q;
	size_t				 i;

	printf("Plan      %s%s%s%s\n", u->plan != NULL ? u->plan : "unknown",
	    u->login != NULL ? " (" : "", u->login != NULL ? u->login : "",
	    u->login != NULL ? ")" : "");
	printf("Resets    %s\n", u->reset_date != NULL ? u->reset_date :
	    "unknown");
	if (u->credits_used >= 0)
		printf("Credits   %.10g used (%.2f US dollars)\n",
		    u->credits_used, u->credits_used / 100);
	putchar('\n');
	printf("%-12s %12s %12s %9s\n", "", "used", "entitlement", "percent");
	for (i = 0; i < GITHUB_QUOTA__MAX; i++) {
		q = &u->quotas[i];
		if (!q->present)
			printf("%-12s %12s\n", names[i], "not said");
		else if (q->unlimited)
			printf("%-12s %12s\n", names[i], "unlimited");
		else
			printf("%-12s %12.10g %12.10g %8.1f%%\n", names[i],
			    q->used, q->entitlement, q->percent_used);
	}
}

/* GitHub's answer as it came, so that scripts find every member of it. */
static void
print_json(const struct http_reply *rep)
{
	json_object	*obj = js_parse_quiet(buf_str(&rep->body),
			    rep->body.len);

	printf("%s\n", cli_pretty(obj));
	json_object_put(obj);
}

static bool
show(const struct cli *cli, struct http *http, const struct conf *conf,
    const char *token, struct err *err)
{
	struct http_request	 req;
	struct http_reply	 rep = { 0 };
	struct github_usage	 usage = { 0 };
	bool			 ok;

	github_request(&req, conf, token, GITHUB_PATH_USAGE);
	ok = progress_fetch("Asking GitHub", http, conf, &req, &rep, err) &&
	    github_usage_read(rep.status, buf_str(&rep.body), rep.body.len,
	    &usage, err);
	if (!ok && util_starts(token, "ghp_") && err->status == 403)
		github_classic(err);
	if (ok && cli->json)
		print_json(&rep);
	else if (ok)
		print_table(&usage);
	github_usage_finish(&usage);
	http_reply_finish(&rep);
	http_request_finish(&req);
	return ok;
}

static bool
usage_of(const struct cli *cli, struct http *http, const struct conf *conf)
{
	struct err	 err;
	char		*token = NULL;
	bool		 ok;

	ok = cli_token(cli, http, conf, &token, &err) &&
	    (token != NULL || github_not_signed_in(&err)) &&
	    show(cli, http, conf, token, &err);
	free(token);
	if (!ok)
		cli_fail(&err);
	return ok;
}

/* All accounts, where there are several. */
static bool
usage_of_all(struct cli *cli, struct http *http, const struct conf *conf)
{
	char	**all = account_names(cli->home), **p;
	bool	  several = all[1] != NULL, ok = true;

	for (p = all; *p != NULL; p++) {
		cli->account = *p;
		if (several && !cli->json) {
			printf("%sAccount   %s\n", p > all ? "\n" : "", *p);
			fflush(stdout);
		}
		ok = usage_of(cli, http, conf) && ok;
	}
	cli->account = NULL;
	account_names_free(all);
	return ok;
}

int
cli_usage(struct cli *cli)
{
	struct err	 err;
	struct conf	*conf;
	struct http	*http;
	bool		 ok;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	http = http_create(NULL);
	ok = cli->account != NULL ? usage_of(cli, http, conf) :
	    usage_of_all(cli, http, conf);
	http_destroy(http);
	conf_unref(conf);
	return ok ? 0 : 1;
}
