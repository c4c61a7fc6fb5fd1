/* auth app: a GitHub App instead of a person. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/http.h"
#include "base/util.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "copilot/signin.h"

/* The file stays where it is, so its name must not depend on where we are. */
static bool
set_key(struct app *app, const char *path, struct err *err)
{
	if ((app->key = realpath(path, NULL)) != NULL)
		return true;
	return err_set(err, 400, ERR_REQUEST, NULL, NULL,
	    "--key %.200s: there is no such file", path);
}

static bool
set_up(const struct cli *cli, struct signin *s, struct http *http,
    const struct conf *conf, struct err *err)
{
	char	*who = NULL, *line;
	bool	 ok;

	s->kind = SIGNIN_APP;
	s->app.id = xstrdup(cli->app_id);
	if (!set_key(&s->app, cli->key, err) ||
	    !files_writable(s->home, err))
		return false;
	if (cli->installation != NULL)
		s->app.installation = xstrdup(cli->installation);
	else if (!signin_installation(s, http, conf, &who, err))
		return false;
	line = ask_account(http, conf, s, err);
	ok = line != NULL && app_store(s->home, &s->app, err) &&
	    signin_forget_caches(s->home, err);
	if (ok)
		printf("Installation %s%s%s: %s\nThe key stays in %s\n",
		    s->app.installation, who != NULL ? " in " : "",
		    who != NULL ? who : "", line, s->app.key);
	fflush(stdout);
	free(who);
	free(line);
	return ok;
}

int
cli_auth_app(struct cli *cli)
{
	struct signin	 s;
	struct err	 err;
	struct conf	*conf;
	struct http	*http;
	bool		 ok;

	if (cli->app_id == NULL || cli->key == NULL) {
		fprintf(stderr, "copilot-api: %s is missing\n"
		    "Try: %s auth app --help\n",
		    cli->app_id == NULL ? "--app-id" : "--key",
		    hint_program());
		return 2;
	}
	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	http = http_create(NULL);
	cli_signin(cli, &s);
	ok = set_up(cli, &s, http, conf, &err);
	signin_finish(&s);
	http_destroy(http);
	conf_unref(conf);
	return ok ? 0 : cli_fail(&err);
}
