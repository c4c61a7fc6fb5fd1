/*
 * How an account is signed in at GitHub, and its GitHub token: given from
 * outside, printed by a command (githubTokenCommand), made for a GitHub App, or
 * stored by "copilot-api auth". The first of these that is there counts.
 */
#ifndef SIGNIN_H
#define SIGNIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/command.h"
#include "copilot/app.h"
#include "copilot/fetch.h"

struct conf;
struct err;
struct http;
struct loop;

enum signin_kind {
	SIGNIN_NONE,
	SIGNIN_GIVEN,
	SIGNIN_COMMAND,
	SIGNIN_APP,
	SIGNIN_STORED
};

struct signin {
	/* Where to look. */
	char			*home;		/* the account's directory */
	char			*given;		/* may be NULL */
	char			*given_from;	/* "GH_TOKEN" */
	char			*name;		/* the account's, or NULL */
	bool			 enterprise;
	bool			 command;	/* look at githubTokenCommand */

	/* Found: */
	enum signin_kind	 kind;
	char			*identity; /* secret; tells accounts apart */
	char			*token;		/* NULL: not there yet */
	int64_t			 until_ms; /* then it is renewed; 0: never */
	struct app		 app;
	int64_t			 skew;		/* of GitHub's clock, seconds */

	/* Getting one that takes time, on the loop. */
	struct loop		*loop;
	struct http		*http;
	struct conf		*conf;
	struct fetch		 fetch;
	struct command		 run;
	bool			 running, again;
	struct fetch_waiter		*waiters;
};

/* "given_from" NULL: the option. */
void	signin_init(struct signin *, const char *home, bool enterprise,
	    const char *given, const char *given_from);
void	signin_finish(struct signin *);

/*
 * Keep a token that a person got by signing in, in place of any other sign-in
 * of the account and of what was fetched for that. A running server finds it.
 */
bool	signin_store(const char *home, bool enterprise, const char *token,
	    struct err *);
/* Remove what another account must not inherit. */
bool	signin_forget_caches(const char *home, struct err *);

/*
 * Look what there is now: kind, identity, and the token where that costs no
 * time. False with "err" set: not signed in (kind is SIGNIN_NONE), or what is
 * there can't be used.
 */
bool	signin_look(struct signin *, const struct conf *, struct err *);
/*
 * A secret that only the owner of this sign-in knows; NULL: its token is not
 * there yet. It stays the signin's.
 */
const char *signin_secret(const struct signin *);
/* Where the token comes from, for people. */
char	*signin_source(const struct signin *);

/* Behind signin_look(): have a token that is good for some minutes. */
bool	signin_wait(struct signin *, struct http *, const struct conf *,
	    struct err *);
/* The same on the loop; the waiter is told once. */
void	signin_want(struct signin *, struct loop *, struct http *,
	    struct conf *, struct fetch_waiter *);

/*
 * For kind SIGNIN_APP, set up by hand: which installation? *who is the
 * organisation's name or NULL. Only where the App has one alone.
 */
bool	signin_installation(struct signin *, struct http *,
	    const struct conf *, char **who, struct err *);

/* GitHub refused it. Can another one be had? Then this one is forgotten. */
bool	signin_refused(struct signin *);

/* All of it at once: *token is NULL, and true, when not signed in. */
bool	signin_token(struct signin *, struct http *, const struct conf *,
	    char **token, struct err *);

#endif
