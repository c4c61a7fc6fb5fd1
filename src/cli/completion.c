/*
 * Completion in bash, zsh and fish, made from the tables. Each script takes the
 * words of the command so far, without options and their arguments, and looks
 * up what may follow.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"

/* A case of the shell's: "before NAME between WORDS after". */
struct row {
	const char *before, *between, *after;
};

static void
print_options(const struct option *o, size_t n)
{
	for (; n > 0; n--, o++)
		printf("--%s ", o->name);
}

/* Print what may follow "c"; NULL: what may come first. */
static void
print_words(const struct table *t, const struct command *c)
{
	const char	*name;
	size_t		 i;

	for (i = 0; i < t->ncommands; i++) {
		name = t->commands[i].name;
		if (c == NULL && strchr(name, ' ') == NULL)
			printf("%s ", name);
		else if (c != NULL && cli_is_below(&t->commands[i], c))
			printf("%s ", strchr(name, ' ') + 1);
	}
	if (c != NULL)
		print_options(c->options, c->noptions);
	print_options(t->globals, t->nglobals);
}

static void
print_rows(const struct table *t, const struct row *r)
{
	size_t i;

	for (i = 0; i <= t->ncommands; i++) {
		printf("%s'%s'%s", r->before, i < t->ncommands ?
		    t->commands[i].name : "", r->between);
		print_words(t, i < t->ncommands ? &t->commands[i] : NULL);
		fputs(r->after, stdout);
	}
}

/* The options that take the next word, with "separator" between them. */
static void
print_with_argument(const struct option *o, size_t n, const char *separator)
{
	for (; n > 0; n--, o++) {
		if (o->kind != OPTION_TEXT && o->kind != OPTION_SECRET)
			continue;
		printf("%s--%s", separator, o->name);
		if (o->letter != 0)
			printf("%s-%c", separator, o->letter);
	}
}

static void
print_all_with_argument(const struct table *t, const char *first,
    const char *separator)
{
	size_t i;

	fputs(first, stdout);
	for (i = 0; i < t->ncommands; i++)
		print_with_argument(t->commands[i].options,
		    t->commands[i].noptions, separator);
	print_with_argument(t->globals, t->nglobals, separator);
}

static const struct row posix_row = { "\t", ") next='", "' ;;\n" };

/* Shared by bash and zsh: from the words "$@" to "$next". */
static void
print_posix(const struct table *t)
{
	printf("_copilot_api_next() {\n"
	    "\tlocal word line= skip=\n"
	    "\tfor word; do\n"
	    "\t\tif [ -n \"$skip\" ]; then skip=; continue; fi\n"
	    "\t\tcase $word in\n");
	print_all_with_argument(t, "\t\t--", "|");
	printf(") skip=1 ;;\n"
	    "\t\t-*) ;;\n"
	    "\t\t*) line=\"${line:+$line }$word\" ;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tnext=\n"
	    "\t[ -n \"$skip\" ] || case $line in\n");
	print_rows(t, &posix_row);
	printf("\tesac\n}\n");
}

int
cli_completion_bash(struct cli *cli)
{
	print_posix(cli->table);
	printf("_copilot_api() {\n"
	    "\tlocal next\n"
	    "\t_copilot_api_next \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"\n"
	    "\tCOMPREPLY=( $(compgen -W \"$next\" -- "
	    "\"${COMP_WORDS[COMP_CWORD]}\") )\n"
	    "}\n"
	    "complete -o default -F _copilot_api copilot-api\n");
	return 0;
}

int
cli_completion_zsh(struct cli *cli)
{
	printf("#compdef copilot-api\n");
	print_posix(cli->table);
	printf("_copilot_api() {\n"
	    "\tlocal next\n"
	    "\t_copilot_api_next \"${(@)words[2,CURRENT-1]}\"\n"
	    "\tcompadd -- ${=next}\n"
	    "}\n"
	    "compdef _copilot_api copilot-api\n");
	return 0;
}

int
cli_completion_fish(struct cli *cli)
{
	static const struct row row = {
		"\t\tcase ", "\n\t\t\tstring split -n ' ' -- '", "'\n"
	};

	printf("function __copilot_api_next\n"
	    "\tset -l line\n"
	    "\tset -l skip\n"
	    "\tfor word in (commandline -opc)[2..-1]\n"
	    "\t\tif test -n \"$skip\"\n"
	    "\t\t\tset skip\n"
	    "\t\t\tcontinue\n"
	    "\t\tend\n"
	    "\t\tswitch $word\n");
	print_all_with_argument(cli->table, "\t\t\tcase", " ");
	printf("\n\t\t\t\tset skip 1\n"
	    "\t\t\tcase '-*'\n"
	    "\t\t\tcase '*'\n"
	    "\t\t\t\tset -a line $word\n"
	    "\t\tend\n"
	    "\tend\n"
	    "\ttest -n \"$skip\"; and return\n"
	    "\tswitch \"$line\"\n");
	print_rows(cli->table, &row);
	printf("\tend\nend\n"
	    "complete -c copilot-api -f -a '(__copilot_api_next)'\n");
	return 0;
}
