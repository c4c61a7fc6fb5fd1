/*
 * The GitHub side: the long-lived token, the device-flow login, the exchange
 * for a Copilot token and the quota. Requests are built and answers are read
 * by pure functions, so that the loop (http_start) and the command line
 * (http_fetch) share them.
 */
#ifndef GITHUB_H
#define GITHUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct conf;
struct err;
struct http;
struct http_request;
struct json_object;

/* Files in the data directory; the family of programs shares the names. */
#define GITHUB_TOKEN_FILE		"github_token"
#define GITHUB_TOKEN_FILE_ENTERPRISE	"ent_github_token"

/* The paths of the user and of the token exchange. */
#define GITHUB_PATH_LOGIN	"/user"
#define GITHUB_PATH_EXCHANGE	"/copilot_internal/v2/token"
#define GITHUB_PATH_USAGE	"/copilot_internal/user"
/* The login pages give a device's code, and its token. */
#define GITHUB_PATH_CODE	"/login/device/code"
#define GITHUB_PATH_TOKEN	"/login/oauth/access_token"

/* --- The token. */

/* The token file's name: a tenant of GitHub Enterprise has one of its own. */
const char *github_token_file(bool enterprise);

/* One word that may stand in a header. */
bool	 github_is_token(const char *);

/*
 * The token in force: "given" (from "given_from", say "GH_TOKEN"; both may be
 * NULL), else the file's. Not signed in is *token == NULL and true. False: the
 * file can't be read, or the token is of a kind that Copilot refuses.
 */
bool	 github_token_load(const char *home, bool enterprise,
	    const char *given, const char *given_from, char **token,
	    struct err *);

/* Where the stored one is. */
char	*github_token_path(const char *home, bool enterprise);

/* The refusal of a classic personal access token. Always false. */
bool	 github_classic(struct err *);

/* The refusal for *token == NULL. Always false. */
bool	 github_not_signed_in(struct err *);

/* --- Calls on GitHub's REST API. */

/* A request without credentials; the URL becomes its own. */
void	 github_request_init(struct http_request *, const char *method,
	    char *url_take);

/*
 * *obj is the answer's object if the status is good; put it, even when false.
 * "retry_after" is the header's value or NULL.
 */
bool	 github_answer(int status, const char *body, size_t n,
	    const char *retry_after, struct json_object **obj, struct err *);

/* GET a path of GITHUB_PATH_* with the headers an editor sends. */
void	 github_request(struct http_request *, const struct conf *,
	    const char *token, const char *path);

/* POST JSON to GitHub's login pages; the body is moved into the request. */
void	 github_login_request(struct http_request *, const struct conf *,
	    const char *path, struct buf *body);

/*
 * Text of a peer for a terminal and for our errors: without control
 * characters, cut to "size" between characters. "s" may be NULL.
 */
void	 github_text(char *out, size_t size, const char *s);

/* "copilot-chat/0.50.1" gives "GitHubCopilotChat/0.50.1". */
char	*github_user_agent(const struct conf *);

/* The answer of GITHUB_PATH_EXCHANGE. */
struct github_exchange {
	char	*token;
	int64_t	 expires_at;	/* Unix seconds by GitHub's clock; 0 not said */
	int64_t	 refresh_in;	/* seconds, always positive */
	char	*api;		/* endpoints.api, an allowed URL; or NULL */
	char	*plan;		/* "free_limited_copilot"; NULL: not said */
};
/* "retry_after" is the header's value or NULL. */
bool	 github_exchange_read(int status, const char *body, size_t n,
	    const char *retry_after, struct github_exchange *, struct err *);
void	 github_exchange_finish(struct github_exchange *);

/*
 * Does this refusal of the exchange say that GitHub makes no Copilot token of
 * such a token? Then it can be sent to Copilot as it is.
 */
bool	 github_unexchangeable(int status, const char *body, size_t n);

/* The login name behind a token. */
bool	 github_login_read(int status, const char *body, size_t n,
	    char **login, struct err *);
bool	 github_login_name(struct http *, const struct conf *,
	    const char *token, char **login, struct err *);

/* --- The quota. */

enum github_quota_kind {
	GITHUB_QUOTA_CHAT,
	GITHUB_QUOTA_COMPLETIONS,
	GITHUB_QUOTA_PREMIUM,
	GITHUB_QUOTA__MAX
};

struct github_quota {
	bool	present;
	bool	unlimited;
	double	entitlement;
	double	used;
	double	percent_used;
};

struct github_usage {
	char			*login;		/* NULL: not said */
	char			*plan;
	char			*reset_date;
	struct github_quota	 quotas[GITHUB_QUOTA__MAX];
	double			 credits_used;	/* -1: not said */
};

/* The answer of GITHUB_PATH_USAGE; every member of it is optional. */
bool	 github_usage_read(int status, const char *body, size_t n,
	    struct github_usage *, struct err *);
void	 github_usage_finish(struct github_usage *);

/* --- Device flow (RFC 8628, with GitHub's ways). */

struct github_device {
	char	*device_code;		/* a secret */
	char	*user_code;
	char	*verification_uri;
	int64_t	 expires_ms;		/* how long the code lives */
	int64_t	 interval_ms;		/* wait so long before the next poll */
};

/*
 * Append the body for GITHUB_PATH_CODE, or with a device for GITHUB_PATH_TOKEN.
 */
void	 github_device_ask(const struct conf *, const struct github_device *,
	    struct buf *body);

/* The answer to the request for a code. */
bool	 github_device_read(int status, const char *body, size_t n,
	    struct github_device *, struct err *);
void	 github_device_finish(struct github_device *);

enum github_poll {
	GITHUB_POLL_WAIT,	/* interval_ms, then again */
	GITHUB_POLL_DONE,	/* *token is set */
	GITHUB_POLL_STOP	/* err says why */
};

/* Read the answer to a poll; status 0: there was none. */
enum github_poll github_poll_read(struct github_device *, int status,
	    const char *body, size_t n, char **token, struct err *);

/*
 * The whole flow, with a person at the terminal: prints what to do, polls and
 * returns when GitHub has decided or the code has expired.
 */
bool	 github_device_login(struct http *, const struct conf *, char **token,
	    struct err *);

#endif
