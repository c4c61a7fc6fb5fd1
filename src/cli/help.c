/* Help, made from the tables. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/hint.h"
#include "cli/help.h"
#include "cli/table.h"

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

/* Is it one of many that only make sense together? */
static bool
is_detail(const struct command *c)
{
	size_t i;

	for (i = 0; i < cli_ncommands; i++)
		if (cli_commands[i].run == NULL &&
		    cli_is_below(c, &cli_commands[i]))
			return true;
	return false;
}

/* The commands below "of", or all of them. */
static void
print_commands(const char *title, const struct command *of)
{
	bool	any = false;
	size_t	i;

	for (i = 0; i < cli_ncommands; i++) {
		if (of != NULL ? !cli_is_below(&cli_commands[i], of) :
		    is_detail(&cli_commands[i]))
			continue;
		if (!any)
			printf("\n%s\n", title);
		any = true;
		printf("  %-17s %s\n", cli_commands[i].name,
		    cli_commands[i].help);
	}
}

static void
print_command(const struct command *c)
{
	const char *e;

	printf("Usage: copilot-api %s [OPTION]...\n\n%s\n", c->name, c->help);
	print_options("Options:", c->options, c->noptions);
	print_commands("Commands below it:", c);
	printf("\nExamples:\n");
	for (e = c->examples; *e != '\0'; e += strlen(e) + 1)
		printf("  %s %s\n", hint_program(), e);
	print_options("Options of every command:", cli_globals, cli_nglobals);
}

void
cli_help(const struct command *c)
{
	size_t i;

	if (c != NULL) {
		print_command(c);
		return;
	}
	printf("Usage: copilot-api [OPTION]... COMMAND [OPTION]...\n\n"
	    "Lets every OpenAI client use your GitHub Copilot subscription.\n");
	print_commands("Commands:", NULL);
	printf("\nWithout a command it is a FastCGI responder (standard input "
	    "is a listening\nsocket) or answers one CGI request "
	    "(REQUEST_METHOD is set).\n");
	print_options("Options of every command:", cli_globals, cli_nglobals);
	printf("\nEnvironment:\n");
	for (i = 0; i < cli_nvariables; i++)
		printf("  %-28s %s\n", cli_variables[i].name,
		    cli_variables[i].help);
	printf("\nMore: copilot-api COMMAND --help, man copilot-api, "
	    "man copilot-api.conf\n");
}
