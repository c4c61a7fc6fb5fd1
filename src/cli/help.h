/* The text of "help" and --help. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

struct command;

/* Print the help of a command to standard output; NULL: of the program. */
void	cli_help(const struct command *);

#endif
