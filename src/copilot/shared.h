/*
 * Several hosts share the Copilot token and the model list, and one of them
 * makes the next one. Whoever keeps it for them (a database) is given to
 * copilot_create(); without it the processes of one host share files.
 *
 * Everybody can read what is kept there. So the token is sealed: AES-256-GCM,
 * with a key that is made of the sign-in at GitHub (HMAC-SHA-256), which who
 * can read the token has to have anyway. So is the name, which tells nothing.
 */
#ifndef COPILOT_SHARED_H
#define COPILOT_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/workers.h"

struct copilot_token;

#define SHARED_NAME_SIZE 48

enum shared_what {
	SHARED_LOOK,		/* is there one, else may I make it? */
	SHARED_KEEP,		/* I have made it */
	SHARED_LEAVE,		/* I can't: let another one try */
	SHARED_NOTES		/* take my lines, give me those of all */
};
enum shared_answer {
	SHARED_AWAY,		/* nobody knows: go on alone */
	SHARED_BUSY,		/* another host makes it: look again */
	SHARED_MINE,		/* make it; all others wait, for a while */
	SHARED_THERE		/* here it is; or it is kept */
};

struct copilot_shared;

/* Embedded in the asker's; one question at a time. */
struct shared_ask {
	/* The question. */
	enum shared_what	  what;
	char			  name[SHARED_NAME_SIZE];
	int64_t			  behind;	/* what is newer is wanted */
	void			(*done)(struct shared_ask *);
	/* The answer; LOOK's "text", and what is to be kept. */
	enum shared_answer	  answer;
	struct buf		  text;
	int64_t			  version;
	int64_t			  left;		/* s until the next is due */
	bool			  running;
	/* Whoever answers. */
	struct copilot_shared	 *shared;
	struct job		  job;
	struct loop_task	  back;
};

struct copilot_shared {
	/* On the loop; "done" runs there later. */
	void	(*ask)(struct copilot_shared *, struct shared_ask *);
};

/* "kind" is "token" or "models"; "of" tells accounts of one sign-in apart. */
void	shared_name(const char *secret, const char *kind, const char *of,
	    char[static SHARED_NAME_SIZE]);
/* Printed in hex. False: libcrypto refuses. */
bool	shared_seal(const char *secret, const struct copilot_token *,
	    struct buf *out);
/* False: it was not sealed with this secret, or it is no token. */
bool	shared_open(const char *secret, const struct buf *text, int64_t now,
	    int64_t left, struct copilot_token *);

#endif
