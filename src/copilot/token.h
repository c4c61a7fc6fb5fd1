/*
 * The short-lived Copilot token and the form in which processes share it.
 * Pure functions on data.
 */
#ifndef COPILOT_TOKEN_H
#define COPILOT_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct github_exchange;

struct copilot_token {
	char	*value;		/* NULL: none */
	char	*api;		/* endpoints.api, "" when not said */
	bool	 direct;	/* a GitHub token, sent as it is */
	int64_t	 refresh_ms;	/* util_now_ms() from which a new one is due */
	int64_t	 expires_ms;	/* and from which this one is not used */
};

/*
 * Take what an exchange gave at "now". GitHub's expires_at is ignored, as VS
 * Code does, because clocks differ: refresh_in counts.
 */
void	copilot_token_set(struct copilot_token *,
	    const struct github_exchange *, int64_t now);

/* A GitHub token that is sent as it is; looked at again after a while. */
void	copilot_token_direct(struct copilot_token *, const char *github,
	    int64_t now);

/*
 * The shared file copilot_token.json. "key" tells the GitHub account and host
 * apart; a token of another key or another boot (its clock means nothing here)
 * is not read.
 */
void	copilot_token_print(const struct copilot_token *, const char *key,
	    struct buf *out);
bool	copilot_token_read(const char *text, size_t n, const char *key,
	    struct copilot_token *tok);

void	copilot_token_finish(struct copilot_token *);

#endif
