/*
 * A sign-in that somebody began on the page: a file in the account's directory,
 * so that every process of the server can go on with it. The code that GitHub
 * is asked by is a secret and stays there.
 */
#ifndef COPILOT_PENDING_H
#define COPILOT_PENDING_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct github_device;

#define PENDING_EVERY	20	/* seconds from one beginning to the next */

/* Times are Unix seconds. */
struct pending {
	char	*device_code;		/* NULL: none is under way */
	char	*user_code, *uri;	/* for the person */
	int64_t	 began;			/* the last one that did; 0: none */
	int64_t	 until;			/* then GitHub forgets the code */
	int64_t	 next_poll;		/* not before */
	int64_t	 interval;		/* seconds between two polls */
	char	*ended;			/* why the last one did, or NULL */
};

/* There is none: zeroed, and true. False: it can't be read. */
bool	pending_read(const char *home, struct pending *, struct err *);
/* One without a code stays as a note of when it began and why it ended. */
bool	pending_write(const char *home, const struct pending *, struct err *);
void	pending_finish(struct pending *);
/* Nothing of it is left. */
void	pending_remove(const char *home);

/*
 * One request goes on with it at a time, whichever process it came to: a
 * descriptor to close, or -1; *busy when another one has it.
 */
int	pending_lock(const char *home, bool *busy);

/* GitHub gave a code. */
void	pending_take(struct pending *, const struct github_device *,
	    int64_t now);
/* For github_poll_read(), which may make the interval longer. */
void	pending_device(const struct pending *, struct github_device *);
/* It is over; "why" in a sentence, NULL for one that went well. */
void	pending_end(struct pending *, const char *why);

#endif
