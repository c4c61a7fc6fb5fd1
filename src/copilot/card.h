/*
 * Limits and prices of a model, in the words of lists that clients know. The
 * names are OpenRouter's (context_length, architecture, pricing, top_provider,
 * supported_parameters), read by Cline, Kilo Code, LiteLLM and others, and
 * "cost" is models.dev's, in US dollars for a million tokens.
 */
#ifndef CARD_H
#define CARD_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

/* The facts of a model; 0: not known. */
struct card {
	int64_t	context, output;	/* tokens */
	bool	vectors;	/* embeddings alone */
	bool	image, pdf;		/* it reads such */
	bool	tools, parallel, schema, thinks;
};

/* Add the members to "obj"; "entry" is upstream's, for its prices. */
void	card_add(json_object *obj, const struct card *, json_object *entry);

#endif
