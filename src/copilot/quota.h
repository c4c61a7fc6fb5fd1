/* Copilot's quota, as OpenAI's headers tell of a limit on requests. */
#ifndef QUOTA_H
#define QUOTA_H

#include <time.h>

struct buf;
struct exchange;
struct http_reply;

/*
 * Appends x-ratelimit-limit-requests, -remaining-requests and -reset-requests,
 * as far as "snapshot", the value of one of Copilot's quota headers, says them:
 * nothing when there is no limit, or when what is beyond it is only paid for.
 */
void	quota_headers(const char *snapshot, time_t now, struct buf *out);

/* The same from upstream's answer to a call, for the model of the exchange. */
void	quota_note(struct exchange *, const struct http_reply *);

#endif
