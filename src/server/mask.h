/* A path as the log may show it: without what may be somebody's key. */
#ifndef MASK_H
#define MASK_H

#include <stddef.h>

struct conf;

/*
 * Clients put keys into paths and queries, by mistake or because nothing else
 * lets them. Words, numbers, names of models and ids of what is stored are
 * shown; every other segment or value becomes "***", and so does whatever
 * holds a key of the configuration. A path too long for "out" is cut.
 */
void	mask_path(const char *uri, const struct conf *, char *out, size_t size);

/* The model that a client named: itself, or "***" where it may be a key. */
const char *mask_model(const char *, const struct conf *);

#endif
