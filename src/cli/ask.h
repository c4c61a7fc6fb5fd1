/* Commands ask GitHub and Copilot, one call after the other. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <stdbool.h>

#include "copilot/token.h"

struct conf;
struct err;
struct http;
struct models;
struct signin;

/*
 * The Copilot token for a GitHub token, or that one itself where GitHub
 * exchanges none of its kind. *plan (its sku) may be NULL: not said.
 */
bool	ask_token(struct http *, const struct conf *, const char *github,
	    struct copilot_token *, char **plan, struct err *);

/* The list of models; models_unref() it. */
bool	ask_models(struct http *, const struct conf *,
	    const struct copilot_token *, const struct models **,
	    struct err *);

/*
 * An account in one line, for people: "octo, plan monthly_subscriber, 14
 * models: gpt-4.1, ...". "s" is behind signin_look(). NULL with "err" set when
 * it can't be used.
 */
char	*ask_account(struct http *, const struct conf *, struct signin *,
	    struct err *);

#endif
