/*
 * The list of models in the form that the Codex CLI asks for: what it knows of
 * a model of its own, and falls back to guesses for any other.
 */
#ifndef MODELS_CODEX_H
#define MODELS_CODEX_H

struct buf;
struct models;

/*
 * Append the answer to GET /v1/models?client_version=VERSION: OpenAI's list
 * ("data"), and beside it Codex' own ("models").
 */
void	models_codex(const struct models *, const char *version, struct buf *);

#endif
