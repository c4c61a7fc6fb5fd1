/* Which model a name of Anthropic's means. */
#ifndef MESSAGES_MODEL_H
#define MESSAGES_MODEL_H

#include <stdbool.h>

struct conf;
struct err;
struct model;
struct models;

/*
 * Upstream's name of the model: by the configuration's mappings, without
 * "[1m]" behind it, by the list ("claude-opus-4-5-20251101" is claude-opus-4.5)
 * and, for a Claude that the list lacks and for the bare words "opus",
 * "sonnet" and "haiku", the newest one of that kind. NULL with "err" set to a
 * 404 when the list has none. "models" NULL: the list isn't known, and "model"
 * is NULL, too.
 */
char	*messages_model(const struct conf *, const struct models *,
	    const char *asked, const struct model **model, struct err *);

#endif
