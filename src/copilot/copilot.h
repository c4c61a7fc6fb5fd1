/*
 * Copilot as the loop sees it: the short-lived token and its refresh, the model
 * list and its refresh, and how a call to it is addressed. One fetch at a time
 * for any number of waiting exchanges; several processes share what was fetched
 * through files in the data directory, several hosts through a database
 * (shared.h).
 */
#ifndef COPILOT_H
#define COPILOT_H

#include <stdbool.h>

struct conf;
struct conf_file;
struct err;
struct http;
struct http_request;
struct lessons;
struct loop;
struct models;
struct upstream_call;
struct fetch_waiter;

struct copilot;
struct copilot_shared;

/* Its parts; signin_init() has more on the last four. */
struct copilot_parts {
	struct loop		*loop;
	struct http		*http;
	struct conf_file	*conf_file;
	const char		*home;		/* the account's directory */
	const char		*github_token;	/* from outside, or NULL */
	bool			 enterprise;
	bool			 command;
	const char		*name;		/* of the account, or NULL */
	struct copilot_shared	*shared;	/* NULL: there is one host */
};

struct copilot *copilot_create(const struct copilot_parts *);
void	copilot_destroy(struct copilot *);

/* Fetch token and model list before anybody asks. */
void	copilot_warm(struct copilot *);

/*
 * On the loop's thread. The waiter (fetch.h) is told once; from inside of this
 * call when it is there already. fetch_waiter_forget() when it waits no longer.
 */
void	copilot_want_token(struct copilot *, struct fetch_waiter *);
void	copilot_want_models(struct copilot *, struct fetch_waiter *);
/* The same, and not the list that was there: it was wrong about a model. */
void	copilot_renew_models(struct copilot *, struct fetch_waiter *);
/* The GitHub token, for a call with call->github. */
void	copilot_want_github(struct copilot *, struct conf *,
	    struct fetch_waiter *);

/*
 * Address a call: URL and headers, with the token that is valid now. Also
 * GitHub's own API (call->github), which needs the GitHub token only. False
 * with "err" when there is none. The body is not copied but moved.
 */
bool	copilot_request(struct copilot *, const struct conf *,
	    struct upstream_call *, struct http_request *, struct err *);

/* Names the token in use; copilot_refused() says that this one got a 401. */
unsigned copilot_generation(const struct copilot *);
void	copilot_refused(struct copilot *, unsigned generation);

/* From any thread: a reference to the list, NULL when there is none yet. */
const struct models *copilot_models(struct copilot *);
/* From any thread: what this account's models taught. */
struct lessons *copilot_lessons(struct copilot *);
/* From any thread: the account's directory. */
const char *copilot_home(const struct copilot *);
/* On a worker: signin_store() for this account. */
bool	copilot_keep_token(const struct copilot *, const char *token,
	    struct err *);
/* From any thread: what keeps this server from answering, NULL when nothing. */
const char *copilot_trouble(const struct copilot *);

#endif
