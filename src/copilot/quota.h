/* Copilot's quota, as OpenAI's headers tell of a limit on requests. */
#ifndef QUOTA_H
#define QUOTA_H

#include <time.h>

struct buf;
struct http_reply;
struct models;

/*
 * Appends x-ratelimit-limit-requests, -remaining-requests and -reset-requests,
 * as far as "snapshot", the value of one of Copilot's quota headers, says them:
 * nothing when there is no limit, or when what is beyond it is only paid for.
 */
void	quota_headers(const char *snapshot, time_t now, struct buf *out);

/*
 * The same from the answer to a call of this model; it replaces what an earlier
 * call left in "out". NULL: a call that spends nothing.
 */
void	quota_note(const struct models *, const char *model,
	    const struct http_reply *, struct buf *out);

#endif
