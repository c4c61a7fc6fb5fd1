/*
 * The command line. A command is a function in cli/NAME.c that returns the
 * exit status: 0, 1 for trouble, 2 for wrong use; cli/table.c has its row.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>

#include "base/conf.h"

struct err;
struct http;
struct json_object;
struct signin;
struct table;

/* Options and environment; const strings belong to argv and environ. */
struct cli {
	char			*home;		/* the data directory; ours */
	struct conf_override	 override;
	const char		*github_token;	/* from outside, or NULL */
	const char		*github_token_from;	/* "GH_TOKEN" */
	bool			 verbose;
	bool			 json;
	bool			 config;	/* of debug */
	bool			 quiet;
	bool			 force;
	bool			 list;
	bool			 all;
	const char		*add;		/* NULL: no; "": a new one */
	const char		*account;	/* --account, or a word */
	const char		*monthly;	/* of auth keys: credits */
	const char		*daily;
	bool			 sign_in;	/* may the key's owner? */
	const char		*remove;
	bool			 show;
	const char		*by;		/* of usage */
	const char		*since;
	bool			 csv;
	const char		*app_id;
	const char		*key;
	const char		*installation;
	const char		*host;
	const char		*port;
	char			*client_key;	/* of setup, auth keys */
	char			*to;		/* of state copy */
	bool			 write;
	bool			 ready;		/* of health */
	const char		*command;	/* its name */
	const struct table	*table;		/* where it stands */

	/* As written, before they are looked at. */
	const char		*api_home;
	char			*token_option;
	bool			 help;
	bool			 version;
};

/*
 * Read the environment, without any command line: the responder and CGI use
 * this alone. cli_finish() releases it.
 */
void	 cli_environment(struct cli *);
void	 cli_finish(struct cli *);
bool	 cli_enterprise(const struct cli *);	/* is an enterprise URL set? */

/* Say on standard error what went wrong; returns 1. */
int	 cli_fail(const struct err *);

/* JSON as people read it, without a line end; it is the object's. */
const char *cli_pretty(struct json_object *);

/* The commands. */
int	 cli_start(struct cli *);
int	 cli_auth(struct cli *);
int	 cli_auth_list(struct cli *);
int	 cli_auth_remove(struct cli *);
int	 cli_auth_app(struct cli *);
int	 cli_auth_keys(struct cli *);
int	 cli_logout(struct cli *);
int	 cli_models(struct cli *);
int	 cli_usage(struct cli *);
int	 cli_ledger(struct cli *);
int	 cli_debug(struct cli *);
int	 cli_health(struct cli *);
int	 cli_responses(struct cli *);
int	 cli_service_install(struct cli *);
int	 cli_service_remove(struct cli *);
int	 cli_service_status(struct cli *);
int	 cli_setup(struct cli *);
int	 cli_responses_prune(struct cli *);
int	 cli_responses_export(struct cli *);
int	 cli_responses_delete(struct cli *);
int	 cli_state_copy(struct cli *);
int	 cli_completion_bash(struct cli *);
int	 cli_completion_zsh(struct cli *);
int	 cli_completion_fish(struct cli *);

/* How many responses are stored, and their size; NULL when that is unknown. */
char	*cli_responses_summary(const struct cli *);

/* Sign in by device flow and keep the token (cli/auth.c). */
bool	 cli_sign_in(struct cli *, struct http *, const struct conf *,
	    struct err *);
/* The directory of the account that is meant; yours. */
char	*cli_account_home(const struct cli *);
/* Where the GitHub token comes from; signin_finish() releases it. */
void	 cli_signin(const struct cli *, struct signin *);
/* The token in force; *token is NULL when not signed in. */
bool	 cli_token(const struct cli *, struct http *, const struct conf *,
	    char **token, struct err *);

#endif
