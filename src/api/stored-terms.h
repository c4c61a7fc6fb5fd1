/*
 * Errors about "input" in the client's terms: it sent the last items only, what
 * is before them was restored.
 */
#ifndef STORED_TERMS_H
#define STORED_TERMS_H

#include <stddef.h>

struct err;

/*
 * "input[N]" in the message and param counts from behind the "n" items that
 * "by" restored: a member's name, which stands for these. Nothing for n == 0.
 */
void	stored_terms(size_t n, const char *by, struct err *);

#endif
