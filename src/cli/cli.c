/* The environment is read, and the commands share this. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/err.h"
#include "base/files.h"
#include "base/util.h"
#include "cli/cli.h"
#include "copilot/accounts.h"
#include "copilot/signin.h"

/* An empty variable is one that is not set. */
static const char *
variable(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && s[0] != '\0' ? s : NULL;
}

void
cli_environment(struct cli *cli)
{
	/* Behind our own those of GitHub's command line, in its order. */
	static const char *const tokens[] = {
		"COPILOT_API_GITHUB_TOKEN", "COPILOT_GITHUB_TOKEN", "GH_TOKEN",
		"GITHUB_TOKEN"
	};
	size_t i;

	memset(cli, 0, sizeof(*cli));
	cli->home = files_home(NULL);
	cli->override.enterprise_url = variable("COPILOT_API_ENTERPRISE_URL");
	cli->override.account_type = variable("COPILOT_API_ACCOUNT_TYPE");
	cli->override.api_key = variable("COPILOT_API_KEY");
	cli->override.state_url = variable("COPILOT_API_STATE_URL");
	cli->host = variable("COPILOT_API_HOST");
	cli->port = variable("COPILOT_API_PORT");
	cli->verbose = variable("COPILOT_API_VERBOSE") != NULL;
	cli->override.verbose = cli->verbose;
	cli->override.need_keys = variable("COPILOT_API_NEED_KEYS") != NULL;
	for (i = 0; i < COUNT(tokens) && cli->github_token == NULL; i++) {
		cli->github_token = variable(tokens[i]);
		cli->github_token_from = tokens[i];
	}
}

void
cli_finish(struct cli *cli)
{
	free(cli->home);
	free(cli->client_key);
	free(cli->to);
	free(cli->token_option);
	cli->home = cli->client_key = cli->to = cli->token_option = NULL;
}

bool
cli_enterprise(const struct cli *cli)
{
	return cli->override.enterprise_url != NULL &&
	    cli->override.enterprise_url[0] != '\0';
}

char *
cli_account_home(const struct cli *cli)
{
	return account_directory(cli->home, cli->account);
}

void
cli_signin(const struct cli *cli, struct signin *s)
{
	char	*home = cli_account_home(cli);
	bool	 named = cli->account != NULL &&
		    strcmp(cli->account, ACCOUNT_DEFAULT) != 0;

	/* A token from outside is the default account's. */
	signin_init(s, home, cli_enterprise(cli), named ? NULL :
	    cli->github_token, cli->github_token_from);
	s->command = !named;
	s->name = named ? xstrdup(cli->account) : NULL;
	free(home);
}

bool
cli_token(const struct cli *cli, struct http *http, const struct conf *conf,
    char **token, struct err *err)
{
	struct signin	s;
	bool		ok;

	cli_signin(cli, &s);
	ok = signin_token(&s, http, conf, token, err);
	signin_finish(&s);
	return ok;
}

int
cli_fail(const struct err *err)
{
	fflush(stdout);
	fprintf(stderr, "copilot-api: %s\n", err->msg);
	return 1;
}

const char *
cli_pretty(struct json_object *obj)
{
	return json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY |
	    JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
}
