/*
 * A set of things that were said before: pairs of strings that belong together,
 * such as an encrypted reasoning item and its id. Bounded: when it is full it
 * starts again.
 */
#ifndef ISSUED_H
#define ISSUED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct issued {
	uint64_t *slot;
	size_t	  n;
};

/* Afterwards issued_has(a, NULL) and issued_has(a, b) hold. */
void	issued_add(struct issued *, const char *a, const char *b);
bool	issued_has(const struct issued *, const char *a, const char *b);
void	issued_clear(struct issued *);

#endif
