/* The command line is read, and its command runs. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/nearest.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/table.h"

#define EXIT_USAGE 2

struct parse {
	struct cli		*cli;
	char			**argv;
	int			 argc;
	int			 next;		/* in argv */
	const struct command	*command;	/* NULL: not seen yet */
};

/* "meant" is the word that was probably wanted, or NULL. */
static int
wrong_word(const struct parse *p, const char *what, const char *word,
    const char *meant)
{
	fprintf(stderr, "copilot-api: %s%s\n", what, word);
	if (meant != NULL)
		fprintf(stderr, "Did you mean: %s\n", meant);
	fprintf(stderr, "Try: %s %s%s--help\n", hint_program(),
	    p->command != NULL ? p->command->name : "",
	    p->command != NULL ? " " : "");
	return EXIT_USAGE;
}

static int
wrong_use(const struct parse *p, const char *what, const char *word)
{
	return wrong_word(p, what, word, NULL);
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
	return o != NULL ? o : find_in(cli_globals,
	    cli_nglobals, name, len, letter);
}

/* Who lists the processes does not see it. */
static void
take_secret(char *value, char **at)
{
	size_t n = strlen(value);

	free(*at);
	*at = xstrdup(value);
	memset(value, '\0', n);
	if (n > 0)
		*value = '*';
}

/*
 * Store an option; "value" is what stood behind '=' or the letter, or NULL.
 * An argument that may be left out is not taken from the next word when that
 * looks like an option.
 */
static int
set_option(struct parse *p, const struct option *o, char *value,
    const char *word)
{
	void *at = (char *)p->cli + o->offset;

	if (o->kind == OPTION_FLAG) {
		if (value != NULL)
			return wrong_use(p, "no argument is allowed: ", word);
		*(bool *)at = true;
		return 0;
	}
	if (value == NULL && p->next < p->argc &&
	    (o->kind != OPTION_MAYBE || p->argv[p->next][0] != '-'))
		value = p->argv[p->next++];
	if (value == NULL && o->kind != OPTION_MAYBE)
		return wrong_use(p, "an argument is missing: ", word);
	if (o->kind == OPTION_SECRET)
		take_secret(value, at);
	else
		*(const char **)at = value != NULL ? value : "";
	return 0;
}

static void
try_options(struct nearest *n, const struct option *o, size_t count)
{
	for (; count > 0; count--, o++)
		nearest_try(n, o->name);
}

static int
unknown_option(const struct parse *p, const char *word)
{
	struct nearest	n;
	char		meant[64];

	nearest_init(&n, word + 2);
	if (p->command != NULL)
		try_options(&n, p->command->options, p->command->noptions);
	try_options(&n, cli_globals, cli_nglobals);
	if (n.best != NULL)
		snprintf(meant, sizeof(meant), "--%s", n.best);
	return wrong_word(p, "unknown option ", word,
	    n.best != NULL ? meant : NULL);
}

static int
long_option(struct parse *p, char *word)
{
	size_t			 len = strcspn(word + 2, "=");
	const struct option	*o = find_option(p, word + 2, len, 0);
	char			*value = NULL;
	int			 rc;

	if (word[2 + len] == '=') {
		value = word + 2 + len + 1;
		word = xstrndup(word, 2 + len);	/* the value may be secret */
	} else
		word = xstrdup(word);
	rc = o != NULL ? set_option(p, o, value, word) :
	    unknown_option(p, word);
	free(word);
	return rc;
}

/* "-v", "-p 4141", "-p4141", "-vp4141" */
static int
short_options(struct parse *p, char *word)
{
	const struct option	*o;
	char			*rest;
	char			 name[3] = "-?";
	int			 rc = 0;

	for (word++; *word != '\0' && rc == 0; word++) {
		name[1] = *word;
		if ((o = find_option(p, NULL, 0, *word)) == NULL)
			return wrong_use(p, "unknown option ", name);
		rest = o->kind != OPTION_FLAG && word[1] != '\0' ? word + 1 :
		    NULL;
		rc = set_option(p, o, rest, name);
		if (rest != NULL)
			break;
	}
	return rc;
}

static int
unknown_command(const struct parse *p, const char *name)
{
	struct nearest	n;
	size_t		i;

	nearest_init(&n, name);
	for (i = 0; i < cli_ncommands; i++)
		nearest_try(&n, cli_commands[i].name);
	return wrong_word(p, "unknown command ", name, n.best);
}

/* The name of an account, once. */
static bool
takes_name(const struct parse *p)
{
	static const char *const commands[] = { "logout", "auth remove" };
	size_t			 i;

	for (i = 0; i < COUNT(commands); i++)
		if (p->command == cli_command(commands[i]))
			return p->command != NULL && p->cli->account == NULL;
	return false;
}

/*
 * A word of the command, of which there may be two. "help" asks for the help
 * of the command behind it, "version" is --version.
 */
static int
command_word(struct parse *p, const char *word)
{
	const char	*before = p->command != NULL ? p->command->name : NULL;
	char		*name;
	int		 rc = 0;

	name = before != NULL ? xasprintf("%s %s", before, word) :
	    xstrdup(word);
	if (before == NULL && strcmp(word, "help") == 0 && !p->cli->help)
		p->cli->help = true;
	else if (before == NULL && strcmp(word, "version") == 0)
		p->cli->version = true;
	else if (cli_command(name) != NULL)
		p->command = cli_command(name);
	else if (takes_name(p))
		p->cli->account = word;
	else if (p->command != NULL)
		rc = wrong_use(p, "unexpected argument ", word);
	else
		rc = unknown_command(p, name);
	free(name);
	return rc;
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

/* Some options speak to all commands. */
static int
take_options(struct parse *p)
{
	struct cli *cli = p->cli;

	if (cli->token_option != NULL) {
		cli->github_token = cli->token_option;
		cli->github_token_from = "--github-token";
	}
	if (cli->api_home != NULL) {
		free(cli->home);
		cli->home = files_home(cli->api_home);
	}
	cli->override.verbose = cli->verbose;
	if (cli->account != NULL && !conf_account_ok(cli->account))
		return wrong_use(p, "an account's name consists of letters, "
		    "digits and ._- : ", cli->account);
	return 0;
}

/*
 * The command line again, or where it may hold a secret the command alone. Says
 * whether the directory is among the words.
 */
static bool
put_words(const struct parse *p, struct buf *out)
{
	const struct cli	*cli = p->cli;
	int			 i;

	if (cli->token_option != NULL || cli->client_key != NULL ||
	    cli->to != NULL || (cli->add != NULL && cli->add[0] != '\0')) {
		buf_printf(out, " %s", p->command->name);
		return false;
	}
	for (i = 1; i < p->argc; i++) {
		buf_puts(out, " ");
		hint_word(out, p->argv[i]);
	}
	return cli->api_home != NULL;
}

/* It failed: could the directory's owner do it? */
static void
say_owner(const struct parse *p)
{
	char		*who = hint_owner(p->cli->home);
	struct buf	 words = { 0 };
	bool		 again;

	if (who != NULL) {
		again = put_words(p, &words);
		fprintf(stderr, "%s belongs to another user. Try: %s%s%s\n",
		    p->cli->home, who, buf_str(&words),
		    again ? "" : hint_options());
	}
	buf_finish(&words);
	free(who);
}

static int
run(struct parse *p)
{
	struct cli	*cli = p->cli;
	int		 rc = 0;

	if (cli->help)
		cli_help(p->command);
	else if (cli->version)
		printf("copilot-api %s\n", PACKAGE_VERSION);
	else if (p->command == NULL || p->command->run == NULL)
		rc = wrong_use(p, "a command is missing", "");
	else {
		cli->command = p->command->name;
		cli->table = &cli_table;
		rc = p->command->run(cli);
		/* debug lists all that is wrong itself. */
		if (rc == 1 && p->command->run != cli_debug)
			say_owner(p);
	}
	return rc;
}

int
cli_main(int argc, char **argv)
{
	struct cli	cli;
	struct parse	p = { &cli, argv, argc, 1, NULL };
	int		rc;

	cli_environment(&cli);
	hint_init(cli.home, NULL);
	rc = parse(&p);
	if (rc == 0)
		rc = take_options(&p);
	if (rc == 0) {
		hint_init(cli.home, cli.override.enterprise_url);
		rc = run(&p);
	}
	cli_finish(&cli);
	if (fflush(stdout) != 0 && rc == 0)
		rc = 1;
	return rc;
}
