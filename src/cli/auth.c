/* auth and logout. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/http.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "copilot/accounts.h"
#include "copilot/app.h"
#include "copilot/github.h"
#include "copilot/pending.h"
#include "copilot/signin.h"

/* --- auth */

static void
note_given_token(const struct cli *cli)
{
	if (cli->github_token != NULL)
		fprintf(stderr, "Note: %s is set and is used instead of the "
		    "stored token.\n", cli->github_token_from);
}

/* Say the plan and the models of this account, or what is wrong. */
static void
say_account(const struct cli *cli, struct http *http, const struct conf *conf)
{
	struct signin	 s;
	struct err	 err;
	char		*line = NULL;

	cli_signin(cli, &s);
	if (signin_look(&s, conf, &err))
		line = ask_account(http, conf, &s, &err);
	printf("%s%s\n", line != NULL ? "Copilot: " : "It can't be used: ",
	    line != NULL ? line : err.msg);
	fflush(stdout);
	free(line);
	signin_finish(&s);
}

bool
cli_sign_in(struct cli *cli, struct http *http, const struct conf *conf,
    struct err *err)
{
	const char	*name = github_token_file(cli_enterprise(cli));
	struct err	 ignored;
	char		*token = NULL, *login = NULL;
	char		*home = cli_account_home(cli);
	bool		 ok;

	/* Nobody shall type in a code whose token is lost then. */
	ok = files_writable(home, err) &&
	    github_device_login(http, conf, &token, err) &&
	    signin_store(home, cli_enterprise(cli), token, err);
	if (ok) {
		github_login_name(http, conf, token, &login, &ignored);
		printf("Signed in%s%s. The token is in %s/%s\n",
		    login != NULL ? " as " : "", login != NULL ? login : "",
		    home, name);
		fflush(stdout);
		say_account(cli, http, conf);
	}
	free(login);
	free(token);
	free(home);
	return ok;
}

/*
 * Is there a stored token that GitHub still takes? One that it refuses or
 * that is no token at all does not keep anybody from signing in again.
 */
static bool
signed_in(const struct cli *cli, struct http *http, const struct conf *conf)
{
	struct err	 err;
	char		*token, *login = NULL;
	char		*home = cli_account_home(cli);
	bool		 yes = false, ok;

	ok = github_token_load(home, cli_enterprise(cli), NULL, NULL,
	    &token, &err);
	free(home);
	if (!ok) {
		fprintf(stderr, "%s\n", err.msg);
		return false;
	}
	if (token == NULL)
		return false;
	if (github_login_name(http, conf, token, &login, &err)) {
		printf("You are signed in as %s.\n", login);
		yes = true;
	} else if (err.status == 401)
		fprintf(stderr, "GitHub no longer accepts the stored token.\n");
	else {
		printf("You are signed in, but GitHub can't be asked as whom "
		    "(%s).\n", err.msg);
		yes = true;
	}
	if (yes)
		printf("To sign in again: %s auth --force%s%s%s\n",
		    hint_program(), cli->account != NULL ? " --account " : "",
		    cli->account != NULL ? cli->account : "", hint_options());
	free(login);
	free(token);
	return yes;
}

int
cli_auth(struct cli *cli)
{
	struct err	 err;
	struct conf	*conf;
	struct http	*http;
	int		 rc = 0;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	http = http_create(NULL);
	if ((cli->force || !signed_in(cli, http, conf)) &&
	    !cli_sign_in(cli, http, conf, &err))
		rc = cli_fail(&err);
	note_given_token(cli);
	http_destroy(http);
	conf_unref(conf);
	return rc;
}

/* --- logout, and the other accounts */

/* *was: was it signed in? */
static bool
sign_out(const struct cli *cli, bool *was, struct err *err)
{
	const char	*name = github_token_file(cli_enterprise(cli));
	char		*home = cli_account_home(cli);
	struct buf	 text = { 0 };
	bool		 ok;

	*was = (files_read(home, name, &text, err) && text.len > 0) ||
	    (files_read(home, APP_FILE, &text, err) && text.len > 0);
	buf_finish(&text);
	ok = files_remove(home, name, err) &&
	    files_remove(home, APP_FILE, err) &&
	    signin_forget_caches(home, err);
	/* An account with a name has a directory of its own. */
	if (ok && strcmp(home, cli->home) != 0) {
		files_remove(home, "copilot_token.lock", err);
		pending_remove(home);
		rmdir(home);
	}
	free(home);
	return ok;
}

int
cli_logout(struct cli *cli)
{
	struct err	err;
	bool		was;

	if (!sign_out(cli, &was, &err))
		return cli_fail(&err);
	printf("%s\n", was ? "Signed out: the stored token is removed. To "
	    "revoke it everywhere, see https://github.com/settings/"
	    "applications" : "Not signed in.");
	note_given_token(cli);
	return 0;
}

int
cli_auth_remove(struct cli *cli)
{
	if (cli->account != NULL)
		return cli_logout(cli);
	fprintf(stderr, "copilot-api: the account's name is missing\n"
	    "Try: %s auth list%s\n", hint_program(), hint_options());
	return 2;
}

static void
list_one(struct cli *cli, struct http *http, const struct conf *conf)
{
	struct signin	 s;
	struct err	 err;
	char		*line = NULL;

	cli_signin(cli, &s);
	if (signin_look(&s, conf, &err))
		line = ask_account(http, conf, &s, &err);
	printf("%-12s %s\n", cli->account, line != NULL ? line : err.msg);
	fflush(stdout);
	free(line);
	signin_finish(&s);
}

int
cli_auth_list(struct cli *cli)
{
	char		**names, **p;
	struct err	  err;
	struct conf	 *conf;
	struct http	 *http;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	http = http_create(NULL);
	names = account_names(cli->home);
	for (p = names; *p != NULL; p++) {
		cli->account = *p;
		list_one(cli, http, conf);
	}
	cli->account = NULL;
	account_names_free(names);
	http_destroy(http);
	conf_unref(conf);
	return 0;
}
