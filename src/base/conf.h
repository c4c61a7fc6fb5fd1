/*
 * config.json: every key with its type, range and default is one row of a
 * table in conf.c; copilot-api.conf(5) documents the same rows. (The name is
 * conf, because config.h is autoconf's.)
 *
 * A struct conf never changes once loaded: it is reference counted and shared
 * by all threads. An edited file gives a new one.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

struct err;

struct conf_mapping {
	char	*from;
	char	*to;
};

#define CREDIT_NANO	1e9	/* of a credit, which is 0.01 USD */

/* A client that may come in: an entry of auth.apiKeys. */
struct conf_key {
	char		 *key;		/* the secret */
	char		 *name;		/* never NULL, no other entry has it */
	bool		  named;	/* by the file; else made of the key */
	int64_t		  monthly;	/* nano credits; -1: no budget */
	int64_t		  daily;	/* likewise */
	char		**models;	/* NULL: all; "gpt-5*" is a prefix */
	char		 *account;	/* NULL: none is named */
	bool		  admin;	/* sees what all have used */
	bool		  sign_in;	/* on the page, its account */
};

struct conf {
	/* Keys shared with the copilot-api family. */
	struct conf_key	 *keys;		/* auth.apiKeys */
	size_t		  nkeys;	/* 0: everybody may come in */
	bool		  use_responses_api_web_search;
	struct conf_mapping *model_mappings;
	size_t		  nmodel_mappings;
	int64_t		  headers_timeout_ms;
	int64_t		  stream_inactivity_timeout_ms;

	/* Where GitHub and Copilot are, and what we say we are. */
	char		 *github_base_url; /* never empty, no slash at end */
	char		 *github_api_base_url;	/* likewise */
	char		 *copilot_base_url; /* "": the token's endpoints.api */
	char		 *account_type;	/* individual business enterprise */
	char		**github_token_command;	/* NULL-terminated argv */
	char		 *oauth_client_id;
	char		 *editor_version;	/* "vscode/1.104.3" */
	char		 *editor_plugin_version; /* "copilot-chat/0.50.1" */
	char		 *default_account; /* of keys that name none */
	char		 *auto_model;		/* "asked", "fallback" */
	bool		  prompt_cache;
	bool		  long_context;
	bool		  usage_cost;	/* answers tell it */
	bool		  usage_ledger;
	bool		  metrics_enabled;
	bool		  metrics_key_names;	/* a label */
	char		**metrics_allow_from;	/* addresses */
	int64_t		  usage_hourly_days;
	int64_t		  usage_daily_days;
	int64_t		  usage_monthly_days;
	char		 *claude_upstream;	/* "messages", "chat" */
	char		 *reasoning_summaries;	/* "asked", "always", "never" */
	char		 *github_api_version;	/* "2026-08-01" */
	char		 *copilot_integration_id;	/* "vscode-chat" */

	/* Transport and limits. */
	int64_t		  connect_timeout_ms;
	char		 *http_version;		/* "1.1" or "2" */
	char		 *ca_file;		/* "": the system's */
	int64_t		  sse_keep_alive_ms;	/* 0: none */
	char		 *sse_keep_alive_events; /* whom: "codex", ... */
	int64_t		  responders;	/* processes; 0: one a processor */
	int64_t		  drain_ms;		/* for answers, at the end */
	int64_t		  max_request_body_bytes;
	/* one non-streamed answer, or one event */
	int64_t		  max_response_body_bytes;
	int64_t		  max_concurrent_requests;
	int64_t		  max_memory_bytes;	/* 0: a share of the machine */
	int64_t		  max_key_percent;	/* of both, for one */
	char		**cors_allow_origins;	/* NULL-terminated */
	char		**fetch_images;	/* likewise; empty: "off" */
	bool		  stored_responses_enabled;
	int64_t		  stored_responses_max_age_days;
	int64_t		  stored_responses_max_bytes;
	int64_t		  background_max_per_key;	/* 0: none */
	int64_t		  background_max_minutes;
	char		 *state_url;	/* "": files; else a secret */
	int64_t		  state_connections;	/* to that */
	enum log_level	  log_level;

	/* Private to conf.c. */
	_Atomic int	  refs;
	bool		  opened;	/* "apiKeys": [] is written there */
	bool		  closed;	/* keys were lost: nobody may come in */
	bool		  auth_open;	/* auth.open */
	char		**server_hosts;	/* NULL-terminated */
	bool		  from_environment; /* keys[0] is COPILOT_API_KEY */

	/* Why the file can't be used; NULL: it can. Nobody is let in then. */
	char		 *broken;
	char		**warnings;	/* "FILE:LINE: KEY: what" */
	size_t		  nwarnings;
};

/* Settings from the command line and the environment that beat the file. */
struct conf_override {
	const char	*enterprise_url;	/* "octo.ghe.com" or NULL */
	const char	*account_type;		/* NULL: the file's */
	const char	*api_key;		/* COPILOT_API_KEY or NULL */
	const char	*state_url;	/* COPILOT_API_STATE_URL or NULL */
	bool		 verbose;		/* log level debug */
	bool		 need_keys;		/* never serve without */
};

/*
 * Load config.json in directory "home". No file and an empty file mean
 * defaults. False with err->msg "FILE:LINE: what" when it is broken.
 */
struct conf *conf_load(const char *home, const struct conf_override *,
	    struct err *);
/* Would it be loaded with that text? False: "err", as conf_load() has it. */
bool	 conf_accepts(const char *home, const struct conf_override *,
	    const char *text, struct err *);
/* The defaults in place of a file that is broken, "why" noted. */
struct conf *conf_broken(const char *why);
struct conf *conf_ref(struct conf *);
void	 conf_unref(struct conf *);		/* NULL is fine */

/* The model that the client's name is mapped to, or the name itself. */
const char *conf_map_model(const struct conf *, const char *);

/* May an account be called so? It is a directory's name, too. */
bool	 conf_account_ok(const char *);

/*
 * The configured key that is this secret, or NULL, as for NULL. The time tells
 * nothing of how close another one was.
 */
const struct conf_key *conf_key_find(const struct conf *, const char *secret);

/* May this key use the model? No key, and one without a list, may. */
bool	 conf_key_allows(const struct conf_key *, const char *model);
/* The fault of a database's address, without the address; NULL: none. */
const char *conf_database_wrong(const char *url);
/* Has any key a budget, for a day or a month? */
bool	 conf_has_budgets(const struct conf *);

/* How many processes serve together, 1 at the least. */
int	 conf_responders(const struct conf *);

/* Is this URL allowed upstream: https, or http to loopback only? */
bool	 conf_url_allowed(const char *url);

/* The configuration in force, re-read when the file changed. Thread-safe. */
struct conf_file;
/* A file that is broken from the start is in force as conf_broken(). */
struct conf_file *conf_file_create(const char *home,
	    const struct conf_override *);
struct conf *conf_file_get(struct conf_file *);	/* a reference, conf_unref it */
void	 conf_file_destroy(struct conf_file *);

/*
 * One documented key, for "copilot-api debug" and the test that holds the man
 * page against the table. Returns NULL behind the last one.
 */
const char *conf_key_name(size_t i);
/* The value in force, as it would stand in the file, secrets masked; yours. */
struct json_object *conf_key_value(const struct conf *, size_t i);

#endif
