/* Copilot's quota, as OpenAI's and Anthropic's headers tell of such a limit. */
#ifndef QUOTA_H
#define QUOTA_H

#include <time.h>

struct buf;
struct http_reply;
struct models;

enum quota_form {
	QUOTA_OPENAI,		/* x-ratelimit-limit-requests */
	QUOTA_ANTHROPIC		/* anthropic-ratelimit-requests-limit */
};

/*
 * Appends three headers: how many requests there are, how many of them are
 * left, and when they are renewed, which OpenAI tells as a duration and
 * Anthropic as a time (RFC 3339): as far as "snapshot", the value of one of
 * Copilot's quota headers, says them. Nothing when there is no limit, or when
 * what is beyond it is only paid for.
 */
void	quota_headers(enum quota_form, const char *snapshot, time_t now,
	    struct buf *out);

/*
 * The same from the answer to a call of this model; it replaces what an earlier
 * call left in "out". NULL: a call that spends nothing.
 */
void	quota_note(enum quota_form, const struct models *, const char *model,
	    const struct http_reply *, struct buf *out);

#endif
