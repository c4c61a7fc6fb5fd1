/*
 * How the program is called by whoever reads a message of it, so that the
 * command in the message works as it is pasted. Part of a message is
 *
 *	"Run: %s auth --force%s", hint_program(), hint_options()
 *
 * Until hint_init() was called these are "copilot-api" and "".
 */
#ifndef HINT_H
#define HINT_H

#include <stddef.h>

struct buf;

/*
 * Find out who we are; before there are threads. "home" is the data
 * directory, "enterprise_url" the one of command line or environment, or NULL.
 */
void	 hint_init(const char *home, const char *enterprise_url);

/*
 * "copilot-api" where a shell finds us by that name, else our path; with "sudo
 * -u USER" before it where we run as a user that nobody logs in as, or that
 * sudo made us.
 */
const char *hint_program(void);
/* The options without which it would mean another sign-in; "" or " --..". */
const char *hint_options(void);

/* A word as a shell takes it. */
void	 hint_word(struct buf *, const char *);
/* " --NAME VALUE" as a shell takes it, "" without a value; yours. */
char	*hint_option(const char *name, const char *value);
/* A copy of "text" with each "{WORDS}" made a command with those words. */
void	 hint_text(char *out, size_t size, const char *text);

/*
 * How a directory's owner would call us; yours. NULL when that is nobody else,
 * or when we could read and write there ourselves.
 */
char	*hint_owner(const char *dir);

#endif
