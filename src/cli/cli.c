/* The command line: tables, parsing and help. */
#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/files.h"
#include "base/util.h"
#include "cli/cli.h"
#include "copilot/github.h"

#define EXIT_USAGE 2

enum kind {
	KIND_FLAG,		/* a bool */
	KIND_TEXT,		/* a const char * */
	KIND_MAYBE		/* likewise, "" when the argument is left out */
};

struct option {
	const char	*name;
	char		 letter;	/* 0: none */
	enum kind	 kind;
	size_t		 offset;	/* in struct cli */
	const char	*argument;	/* its name in the help */
	const char	*help;
};

struct command {
	const char		*name;
	int			(*run)(struct cli *);
	const struct option	*options;
	size_t			 noptions;
	const char		*help;
};

#define AT(member) offsetof(struct cli, member)

/* These may stand in front of the command, too. */
static const struct option globals[] = {
	{ "api-home", 0, KIND_TEXT, AT(api_home), "DIR",
	    "data directory (default ~/.local/share/copilot-api)" },
	{ "enterprise-url", 0, KIND_TEXT, AT(override.enterprise_url), "HOST",
	    "GitHub Enterprise tenant such as octo.ghe.com" },
	{ "account-type", 'a', KIND_TEXT, AT(override.account_type), "TYPE",
	    "individual, business or enterprise" },
	{ "github-token", 'g', KIND_TEXT, AT(token_option), "TOKEN",
	    "use this GitHub token instead of the stored one" },
	{ "verbose", 'v', KIND_FLAG, AT(verbose), NULL,
	    "log every step" },
	{ "help", 'h', KIND_FLAG, AT(help), NULL, "show this help" },
	{ "version", 0, KIND_FLAG, AT(version), NULL, "show the version" },
};

static const struct option start_options[] = {
	{ "port", 'p', KIND_TEXT, AT(port), "N", "port (default 4141)" },
	{ "host", 'H', KIND_TEXT, AT(host), "ADDR",
	    "address (default localhost); beyond loopback with API keys only" },
};

static const struct option auth_options[] = {
	{ "force", 0, KIND_FLAG, AT(force), NULL,
	    "sign in again, even if signed in" },
};

static const struct option keys_options[] = {
	{ "add", 0, KIND_MAYBE, AT(add), "[KEY]",
	    "add an API key; without KEY make one and print it" },
	{ "list", 0, KIND_FLAG, AT(list), NULL, "print the API keys" },
};

static const struct option delete_options[] = {
	{ "all", 0, KIND_FLAG, AT(all), NULL, "all of them" },
};

static const struct option json_options[] = {
	{ "json", 0, KIND_FLAG, AT(json), NULL, "print JSON" },
};

#define OPTIONS(a) a, COUNT(a)

static const struct command commands[] = {
	{ "start", cli_start, OPTIONS(start_options),
	    "sign in if needed and serve on http://localhost:4141" },
	{ "auth", cli_auth, OPTIONS(auth_options),
	    "sign in to GitHub and store the token" },
	{ "auth keys", cli_auth_keys, OPTIONS(keys_options),
	    "list and add the API keys that clients must send" },
	{ "check-usage", cli_usage, OPTIONS(json_options),
	    "show plan and quota" },
	{ "debug", cli_debug, OPTIONS(json_options),
	    "show versions, paths and configuration, and what is wrong" },
	{ "responses", cli_responses, NULL, 0,
	    "show how many responses are stored" },
	{ "responses prune", cli_responses_prune, NULL, 0,
	    "delete those that are too old or too much" },
	{ "responses export", cli_responses_export, NULL, 0,
	    "print them, one JSON object a line" },
	{ "responses delete", cli_responses_delete, OPTIONS(delete_options),
	    "delete them" },
	{ "logout", cli_logout, NULL, 0, "forget the GitHub token" },
};

static const struct {
	const char	*name, *help;
} variables[] = {
	{ "COPILOT_API_HOME", "as --api-home" },
	{ "COPILOT_API_ENTERPRISE_URL", "as --enterprise-url" },
	{ "COPILOT_API_ACCOUNT_TYPE", "as --account-type" },
	{ "COPILOT_API_GITHUB_TOKEN", "as --github-token; wins over GH_TOKEN" },
	{ "COPILOT_API_KEY", "API key when auth.apiKeys is empty" },
	{ "COPILOT_API_HOST", "as --host of start" },
	{ "COPILOT_API_PORT", "as --port of start" },
	{ "COPILOT_API_VERBOSE", "as --verbose, when not empty" },
	{ "HTTPS_PROXY, NO_PROXY", "how to reach GitHub and Copilot" },
};

/* --- Help. */

static void
print_options(const char *title, const struct option *o, size_t n)
{
	char	left[64];
	size_t	i;

	if (n > 0)
		printf("\n%s\n", title);
	for (i = 0; i < n; i++) {
		snprintf(left, sizeof(left), "%s--%s%s%s",
		    o[i].letter != 0 ? (char[]){ '-', o[i].letter, ',', ' ',
		    '\0' } : "    ", o[i].name,
		    o[i].argument != NULL ? " " : "",
		    o[i].argument != NULL ? o[i].argument : "");
		printf("  %-28s %s\n", left, o[i].help);
	}
}

static void
print_help(const struct command *c)
{
	size_t i;

	if (c != NULL) {
		printf("Usage: copilot-api %s [OPTION]...\n\n%s\n", c->name,
		    c->help);
		print_options("Options:", c->options, c->noptions);
		print_options("Options of every command:", OPTIONS(globals));
		return;
	}
	printf("Usage: copilot-api [OPTION]... COMMAND [OPTION]...\n\n"
	    "Lets every OpenAI client use your GitHub Copilot subscription.\n\n"
	    "Commands:\n");
	for (i = 0; i < COUNT(commands); i++)
		printf("  %-17s %s\n", commands[i].name, commands[i].help);
	printf("\nWithout a command it is a FastCGI responder (standard input "
	    "is a listening\nsocket) or answers one CGI request "
	    "(REQUEST_METHOD is set).\n");
	print_options("Options of every command:", OPTIONS(globals));
	printf("\nEnvironment:\n");
	for (i = 0; i < COUNT(variables); i++)
		printf("  %-28s %s\n", variables[i].name, variables[i].help);
	printf("\nMore: copilot-api COMMAND --help, man copilot-api, "
	    "man copilot-api.conf\n");
}

/* --- Parsing. */

struct parse {
	struct cli		*cli;
	char			**argv;
	int			 argc;
	int			 next;		/* in argv */
	const struct command	*command;	/* NULL: not seen yet */
};

static int
wrong_use(const struct parse *p, const char *what, const char *word)
{
	fprintf(stderr, "copilot-api: %s%s\nTry: copilot-api %s%s--help\n",
	    what, word, p->command != NULL ? p->command->name : "",
	    p->command != NULL ? " " : "");
	return EXIT_USAGE;
}

/* By name, or by letter when name is NULL. */
static const struct option *
find_in(const struct option *o, size_t n, const char *name, size_t len,
    char letter)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (name != NULL ? strlen(o[i].name) == len &&
		    strncmp(o[i].name, name, len) == 0 : o[i].letter == letter)
			return &o[i];
	return NULL;
}

static const struct option *
find_option(const struct parse *p, const char *name, size_t len, char letter)
{
	const struct option *o = NULL;

	if (p->command != NULL)
		o = find_in(p->command->options, p->command->noptions, name,
		    len, letter);
	return o != NULL ? o : find_in(OPTIONS(globals), name, len, letter);
}

/*
 * Store an option; "value" is what stood behind '=' or the letter, or NULL.
 * An argument that may be left out is not taken from the next word when that
 * looks like an option.
 */
static int
set_option(struct parse *p, const struct option *o, const char *value,
    const char *word)
{
	char *at = (char *)p->cli + o->offset;

	if (o->kind == KIND_FLAG) {
		if (value != NULL)
			return wrong_use(p, "no argument is allowed: ", word);
		*(bool *)at = true;
		return 0;
	}
	if (value == NULL && p->next < p->argc &&
	    (o->kind == KIND_TEXT || p->argv[p->next][0] != '-'))
		value = p->argv[p->next++];
	if (value == NULL && o->kind == KIND_TEXT)
		return wrong_use(p, "an argument is missing: ", word);
	*(const char **)(void *)at = value != NULL ? value : "";
	return 0;
}

static int
long_option(struct parse *p, char *word)
{
	size_t			 len = strcspn(word + 2, "=");
	const struct option	*o = find_option(p, word + 2, len, 0);
	const char		*value = NULL;

	if (word[2 + len] == '=') {
		value = word + 2 + len + 1;
		word = xstrndup(word, 2 + len);	/* the value may be secret */
	} else
		word = xstrdup(word);
	len = (size_t)(o != NULL ? set_option(p, o, value, word) :
	    wrong_use(p, "unknown option ", word));
	free(word);
	return (int)len;
}

/* "-v", "-p 4141", "-p4141", "-vp4141" */
static int
short_options(struct parse *p, const char *word)
{
	const struct option	*o;
	const char		*rest;
	char			 name[3] = "-?";
	int			 rc = 0;

	for (word++; *word != '\0' && rc == 0; word++) {
		name[1] = *word;
		if ((o = find_option(p, NULL, 0, *word)) == NULL)
			return wrong_use(p, "unknown option ", name);
		rest = o->kind != KIND_FLAG && word[1] != '\0' ? word + 1 :
		    NULL;
		rc = set_option(p, o, rest, name);
		if (rest != NULL)
			break;
	}
	return rc;
}

/* The command, or the second word of one. */
static int
command_word(struct parse *p, const char *word)
{
	const char	*first = p->command != NULL ? p->command->name : NULL;
	char		*name;
	size_t		 i;

	name = first != NULL ? xasprintf("%s %s", first, word) : xstrdup(word);
	for (i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			break;
	free(name);
	if (i == COUNT(commands))
		return wrong_use(p, first != NULL ? "unexpected argument " :
		    "unknown command ", word);
	p->command = &commands[i];
	return 0;
}

static int
parse(struct parse *p)
{
	char	*word;
	int	 rc = 0;

	while (rc == 0 && p->next < p->argc) {
		word = p->argv[p->next++];
		if (util_starts(word, "--") && word[2] != '\0')
			rc = long_option(p, word);
		else if (word[0] == '-' && word[1] != '\0')
			rc = short_options(p, word);
		else
			rc = command_word(p, word);
	}
	return rc;
}

/* --- The environment. */

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
	static const char *const tokens[] = {
		"COPILOT_API_GITHUB_TOKEN", "GH_TOKEN"
	};
	size_t i;

	memset(cli, 0, sizeof(*cli));
	cli->home = store_home(NULL);
	cli->override.enterprise_url = variable("COPILOT_API_ENTERPRISE_URL");
	cli->override.account_type = variable("COPILOT_API_ACCOUNT_TYPE");
	cli->override.api_key = variable("COPILOT_API_KEY");
	cli->host = variable("COPILOT_API_HOST");
	cli->port = variable("COPILOT_API_PORT");
	cli->verbose = variable("COPILOT_API_VERBOSE") != NULL;
	cli->override.verbose = cli->verbose;
	for (i = 0; i < COUNT(tokens) && cli->github_token == NULL; i++) {
		cli->github_token = variable(tokens[i]);
		cli->github_token_from = tokens[i];
	}
}

void
cli_finish(struct cli *cli)
{
	free(cli->home);
	cli->home = NULL;
}

bool
cli_enterprise(const struct cli *cli)
{
	return cli->override.enterprise_url != NULL &&
	    cli->override.enterprise_url[0] != '\0';
}

bool
cli_token(const struct cli *cli, char **token, struct err *err)
{
	return github_token_load(cli->home, cli_enterprise(cli),
	    cli->github_token, cli->github_token_from, token, err);
}

int
cli_fail(const struct err *err)
{
	fflush(stdout);
	fprintf(stderr, "copilot-api: %s\n", err->msg);
	return 1;
}

int
cli_main(int argc, char **argv)
{
	struct cli	cli;
	struct parse	p = { &cli, argv, argc, 1, NULL };
	int		rc;

	cli_environment(&cli);
	rc = parse(&p);
	if (rc == 0 && cli.token_option != NULL) {
		cli.github_token = cli.token_option;
		cli.github_token_from = "--github-token";
	}
	if (rc == 0 && cli.api_home != NULL) {
		free(cli.home);
		cli.home = store_home(cli.api_home);
	}
	cli.override.verbose = cli.verbose;
	if (rc == 0 && cli.help)
		print_help(p.command);
	else if (rc == 0 && cli.version)
		printf("copilot-api %s\n", PACKAGE_VERSION);
	else if (rc == 0 && p.command == NULL)
		rc = wrong_use(&p, "a command is missing", "");
	else if (rc == 0)
		rc = p.command->run(&cli);
	cli_finish(&cli);
	if (fflush(stdout) != 0 && rc == 0)
		rc = 1;
	return rc;
}
