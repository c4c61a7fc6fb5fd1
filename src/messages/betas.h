/* The header anthropic-beta: which betas a call has. */
#ifndef MESSAGES_BETAS_H
#define MESSAGES_BETAS_H

/* Members of the body that need one, beside what the client asks for. */
enum {
	BETA_INTERLEAVED = 1 << 0,
	BETA_CONTEXT	 = 1 << 1,
	BETA_TTL	 = 1 << 2,
	BETA_TOOLS	 = 1 << 3
};

/*
 * The betas of the client's header (may be NULL) that Copilot knows, and those
 * that the body needs. Unknown ones are refused there, so they are left out:
 * they only say what a client could do. NULL when there is none.
 */
char	*messages_betas(const char *header, unsigned needed);

#endif
