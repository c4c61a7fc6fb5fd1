/*
 * What copilot.c consists of: copilot-token.c has the token, copilot-models.c
 * the list, and calls the former. Private to these three.
 */
#ifndef COPILOT_STATE_H
#define COPILOT_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/util.h"
#include "copilot/fetch.h"
#include "copilot/shared.h"
#include "copilot/signin.h"
#include "copilot/token.h"

#define LOCK_PATIENCE_MS 20000	/* then go on without the lock */
#define SHARED_POLL_MS	250	/* look again whether another host is done */

struct copilot {
	struct loop		*loop;
	struct http		*http;
	struct conf_file	*conf_file;
	struct conf		*conf;		/* of the fetch that runs */
	char			*home;
	struct signin		 signin;
	struct fetch_waiter	 github;	/* the exchange needs it */
	bool			 github_again;	/* a 401 was for an old one */
	char			 session[UTIL_UUID_SIZE];
	struct lessons		*lessons;
	struct copilot_shared	*shared;	/* NULL: there is one host */
	/* The token is another account's now. */
	void			(*changed)(struct copilot *);

	/* The Copilot token. */
	struct copilot_token	 token;
	char			 key[24];	/* account and host of it */
	unsigned		 generation;
	uint64_t		 dead;		/* hash of one that got a 401 */
	bool			 used;		/* since it was fetched */
	struct fetch		 token_fetch;
	struct loop_timer	 token_timer; /* refresh, or look at the lock */
	int			 lock;		/* descriptor, -1: not held */
	int64_t			 lock_since;
	struct err		 refusal;	/* GitHub's, for this key */
	int64_t			 refused_until;
	_Atomic(const char *)	 trouble;
	struct shared_ask	 token_ask;
	/* Among hosts; 0: none of theirs. The one behind is of no use. */
	int64_t			 token_version, token_behind;
	bool			 token_mine;	/* all hosts wait for it */

	/* The model list. */
	struct fetch		 models_fetch;
	struct fetch_waiter	 models_token;	/* the list needs the token */
	/* the 401 was already replayed */
	bool			 models_again;
	bool			 models_renew;	/* however fresh it is */
	/* of the token it carries */
	unsigned		 models_generation;
	pthread_mutex_t		 models_lock;	/* of the next three */
	int64_t			 models_next;	/* no refresh before */
	const struct models	*models;
	bool			 models_stale;	/* a refresh was asked for */
	struct loop_task	 models_task;
	struct shared_ask	 models_ask;
	struct loop_timer	 models_timer;	/* another host fetches it */
	int64_t			 models_since;	/* that this is waited for */
	int64_t			 models_version; /* among hosts, likewise */
	bool			 models_mine;

	/* Lessons, from time to time. */
	struct shared_ask	 lessons_ask;
	struct loop_timer	 lessons_timer;
	int64_t			 lessons_heard;	/* until then */
	uint64_t		 lessons_last;	/* that are told now */
};

/* Set what a new one calls back. */
void	copilot_wire_token(struct copilot *);
void	copilot_wire_models(struct copilot *);

/* The configuration may have changed since the last fetch. */
void	copilot_take_conf(struct copilot *);

/* Begin to ask other hosts; false: there is nobody to share with. */
bool	copilot_share_begin(struct copilot *, struct shared_ask *,
	    enum shared_what, const char *kind);

/* From any thread; takes the list, NULL: none. */
void	copilot_models_set(struct copilot *, struct models *);

#endif
