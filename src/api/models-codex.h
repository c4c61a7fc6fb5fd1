/*
 * The list of models in the form that the Codex CLI asks for: what it knows of
 * a model of its own, and falls back to guesses for any other.
 */
#ifndef MODELS_CODEX_H
#define MODELS_CODEX_H

#include <stdbool.h>

struct buf;
struct models;

/*
 * Append the answer to GET /v1/models?client_version=VERSION: OpenAI's list
 * ("data"), and beside it Codex' own ("models"), whose context windows end
 * where tokens begin to cost more unless "long_context".
 */
void	models_codex(const struct models *, const char *version,
	    bool long_context, struct buf *);

#endif
