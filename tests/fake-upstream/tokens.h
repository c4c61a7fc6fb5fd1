/* Device codes and Copilot tokens that have been issued. Both bounded. */
#ifndef TOKENS_H
#define TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKENS_MAX	1024		/* each; the oldest is forgotten */

struct device {
	char	code[41];
	int64_t	until;		/* mono_ns */
	int64_t	next_poll;	/* earlier is slow_down */
	int64_t	interval;	/* seconds */
	bool	used;
};

struct token {
	char	text[96];
	char	github[64];	/* what it was given for */
	int64_t	until;
};

struct tokens {
	struct device	*device;
	struct token	*token;
	uint64_t	 devices, count;	/* issued so far */
	size_t		 script_at;		/* in the device_script */
};

struct device *tokens_add_device(struct tokens *);
struct device *tokens_find_device(struct tokens *, const char *code);
/* The new token's text. It is valid for so many seconds. */
const char *tokens_add(struct tokens *, int64_t exp, int64_t seconds,
	    const char *github);
/* The GitHub token that it was given for; NULL when it was not issued. */
const char *tokens_github(const struct tokens *, const char *text);
bool	tokens_valid(const struct tokens *, const char *text);
void	tokens_revoke(struct tokens *);		/* all that have been issued */
void	tokens_clear(struct tokens *);

#endif
