/* The tables of commands, options and variables; all read-only. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct cli;

enum option_kind {
	OPTION_FLAG,		/* a bool */
	OPTION_TEXT,		/* a const char * */
	OPTION_SECRET,		/* a char *, ours; no process list shows it */
	OPTION_MAYBE		/* likewise, "" when the argument is left out */
};

struct option {
	const char		*name;
	char			 letter;	/* 0: none */
	enum option_kind	 kind;
	size_t			 offset;	/* in struct cli */
	const char		*argument;	/* its name in the help */
	const char		*help;
};

struct command {
	const char		*name;	/* "auth", or "auth keys" below it */
	int			(*run)(struct cli *); /* NULL: not by itself */
	const struct option	*options;
	size_t			 noptions;
	const char		*help;
	const char		*examples; /* each ends with NUL; "" ends all */
};

struct variable {
	const char	*name, *help;
};

/* All that a command line may have, for a command that tells of it. */
struct table {
	const struct command	*commands;
	size_t			 ncommands;
	const struct option	*globals;
	size_t			 nglobals;
};

extern const struct command	cli_commands[];
extern const size_t		cli_ncommands;
/* These may stand in front of the command, too. */
extern const struct option	cli_globals[];
extern const size_t		cli_nglobals;
extern const struct table	cli_table;
extern const struct variable	cli_variables[];
extern const size_t		cli_nvariables;

/* Does the command stand right below the other, as "auth keys" below "auth"? */
static inline bool
cli_is_below(const struct command *below, const struct command *of)
{
	size_t n = strlen(of->name);

	return strncmp(below->name, of->name, n) == 0 && below->name[n] == ' ';
}

/* By its whole name; NULL: there is none. */
const struct command	*cli_command(const char *name);

#endif
