/*
 * Why something failed, in a form that can be sent to a client: the members of
 * OpenAI's error object plus the HTTP status and retry advice.
 */
#ifndef ERR_H
#define ERR_H

#include <stdbool.h>
#include <stdint.h>

/* OpenAI's error types (platform.openai.com/docs/guides/error-codes). */
#define ERR_REQUEST	"invalid_request_error"
#define ERR_AUTH	"authentication_error"
#define ERR_PERMISSION	"permission_error"
#define ERR_RATE	"rate_limit_error"
#define ERR_QUOTA	"insufficient_quota"
#define ERR_SERVER	"server_error"

struct err {
	int		 status;	/* HTTP status for the client */
	const char	*type;		/* one of the above; static */
	char		 code[64];	/* "" is null */
	char		 param[128];	/* "" is null */
	char		 msg[1024]; /* one or two sentences, never a secret */
	/*
	 * For the log in place of "msg", which is somebody else's sentence and
	 * may quote a prompt; static. NULL: msg is ours.
	 */
	const char	*own_words;
	/* Retry-After as upstream said it, or "" */
	char		 retry_after[64];
	/* a repeat cannot help: x-should-retry: false */
	bool		 no_retry;
};

/*
 * Room for what seldom fails and then is not forgotten: made when it is asked
 * for first, to be freed with free().
 */
struct err *err_room(struct err **);

/* Fills in the reason; code and param may be NULL. Always returns false. */
bool	err_set(struct err *, int status, const char *type, const char *code,
	    const char *param, const char *fmt, ...)
	    __attribute__((format(printf, 6, 7)));

/* Bad input: 400 invalid_request_error about "param". Always returns false. */
bool	err_param(struct err *, const char *param, const char *code,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The words that the log may have. */
const char *err_for_log(const struct err *);

/* Seconds that retry_after asks for, -1 when it says nothing usable. */
int64_t	err_retry_seconds(const struct err *);

/* 404: "WHAT with id 'ID' not found." param may be NULL. Always false. */
bool	err_not_found(struct err *, const char *what, const char *id,
	    const char *param);

#endif
