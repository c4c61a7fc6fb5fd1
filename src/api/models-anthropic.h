/* The list of models as Anthropic has it. */
#ifndef MODELS_ANTHROPIC_H
#define MODELS_ANTHROPIC_H

#include <stdbool.h>

struct buf;
struct err;
struct model;
struct models;
struct request;

/* One model's object. */
void	models_anthropic_one(const struct model *, struct buf *out);
/*
 * The page of the list that the query asks for: limit, after_id, before_id.
 * False with "err" set to a 400.
 */
bool	models_anthropic(const struct models *, const struct request *,
	    struct buf *out, struct err *);

#endif
