/*
 * The latest requests that failed in this process, for those who look at it:
 * who, where and when, but nothing of what was asked or answered. Thread-safe.
 */
#ifndef RECENT_H
#define RECENT_H

#include <stdint.h>

struct recent;

struct recent_error {
	int64_t	time;			/* seconds since 1970 */
	int	status;
	char	id[36];			/* the request's */
	char	route[48];		/* its pattern */
	char	model[64], key[65];	/* names; "": none */
};

struct recent *recent_create(void);
void	recent_destroy(struct recent *);	/* NULL is fine */

/* The oldest one makes room. With NULL nothing is done. */
void	recent_add(struct recent *, const struct recent_error *);

/* Hand on all, or those of one key, the newest first. */
void	recent_list(struct recent *, const char *key,
	    void (*one)(const struct recent_error *, void *), void *arg);

#endif
