/* The command line. */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

/* Run the command of a command line; its exit status. */
int	cli_main(int argc, char **argv);

#endif
