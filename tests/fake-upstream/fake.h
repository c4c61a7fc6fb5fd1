/*
 * The fake upstream: GitHub and Copilot in one process, as far as a client of
 * theirs can see. README says what it answers; this says how it is made:
 *
 *	main.c		arguments, the listening socket, the end
 *	evloop.c	epoll and timers
 *	conn.c req.c	a connection, a request on it
 *	route.c		which handler; the header checks of Copilot
 *	github.c	login, tokens		tokens.c	which are valid
 *	catalog.c	the models
 *	chat*.c		/chat/completions	responses*.c	/responses
 *	messages*.c	/v1/messages
 *	embeddings.c	/embeddings		bench.c		paced streams
 *	plan.c		what it says	issued.c	what it said before
 *	prompt.c	what it reads	bill.c		what that costs
 *	answer.c jt.c	an answer in memory	player.c	sends it
 *	control.c	/_control: settings.c scenario.c canned.c record.c
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "answer.h"
#include "evloop.h"
#include "issued.h"
#include "record.h"
#include "req.h"
#include "scenario.h"
#include "tokens.h"

struct conn;

/* Of all bills: tokens by kind, and what they cost. */
struct sum {
	int64_t	 input, read, write, output, nano;
};

struct counters {
	uint64_t requests, exchanges, device_codes, polls;
	uint64_t connections, client_closed;
	size_t	 open, open_peak;	/* connections */
	size_t	 active, active_peak;	/* answers under way */
};

struct fake {
	struct evloop	 loop;
	struct watch	 listener;
	int		 port;
	bool		 fast, demo;
	json_object	*set;		/* settings.c */
	struct scenarios scenarios;
	struct tokens	 tokens;
	struct issued	 issued;
	struct record	 record;
	struct counters	 count;
	json_object	*models[2];	/* catalog.c: the lists, once made */
	struct issued	 cache;		/* bill.c */
	struct sum	 sum;
	json_object	*bills;
	struct conn	*conns;		/* all of them */
	struct conn	*dead;		/* to be freed after this batch */
};

/* What a handler gets. It fills in "ans". */
struct call {
	struct fake	 *f;
	const struct req *req;
	json_object	 *body;		/* NULL: none, or not JSON */
	json_object	 *scn;		/* the scenario's members, or NULL */
	struct answer	 *ans;
};

/*
 * Back to the settings and counters of the start. What has been issued stays
 * valid: a client under test keeps its token.
 */
void	fake_reset(struct fake *);

/* route.c: finds the handler and runs it. */
void	route_call(struct call *);
bool	route_is_control(const char *path);

/* Handlers. */
void	github_device_code(struct call *);
void	github_device_page(struct call *);
void	github_access_token(struct call *);
void	github_user(struct call *);
void	github_token(struct call *);
void	github_copilot_user(struct call *);
void	github_installations(struct call *);
void	github_installation_token(struct call *);
void	auto_new(struct call *);
void	auto_old(struct call *);
void	catalog_list(struct call *);
void	catalog_model(struct call *);		/* GET /models/ID, .../policy */
void	chat_handle(struct call *);
void	responses_handle(struct call *);
void	messages_handle(struct call *);
void	messages_count_handle(struct call *);
void	embeddings_handle(struct call *);
void	control_handle(struct call *);

/* bench.c */
bool	bench_is_model(const char *name, size_t n);
void	bench_handle(struct call *, const char *model, bool stream);
/* Finds model and stream in the text without a parser: true when handled. */
bool	bench_quick(struct call *);

/*
 * Refusals. All return false, so that a check is one line. The JSON has
 * Copilot's form: {"error":{"message","code"}}, as text/plain, and a newline.
 */
bool	refuse(struct call *, int status, const char *code,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
bool	refuse_text(struct call *, int status, const char *text);
bool	refuse_param(struct call *, const char *fmt, ...)	/* 400 */
	    __attribute__((format(printf, 2, 3)));

/* Settings, by name; the types are checked when they are set. */
json_object *settings_default(const struct fake *);
bool	settings_change(struct fake *, json_object *changes, struct buf *why);
int64_t	setting_int(const struct fake *, const char *);
bool	setting_bool(const struct fake *, const char *);
const char *setting_str(const struct fake *, const char *);
bool	setting_lists(const struct fake *, const char *, const char *value);
/* Is it Copilot as it has been since tokens are billed? */
bool	setting_new(const struct fake *);

#endif
