/* The models: what /models lists, and what the handlers check against. */
#ifndef CATALOG_H
#define CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

struct call;
struct fake;

/* How a model family writes its streams (see chat.h). */
enum family { FAMILY_GPT4, FAMILY_GPT, FAMILY_CLAUDE, FAMILY_GEMINI };

enum {
	MODEL_CHAT	= 1 << 0,	/* POST /chat/completions */
	MODEL_RESPONSES	= 1 << 1,	/* POST /responses */
	MODEL_EMBED	= 1 << 2,	/* POST /embeddings */
	MODEL_NO_ENDPOINTS = 1 << 3,	/* supported_endpoints is absent */
	MODEL_NO_LIMITS	= 1 << 4,
	MODEL_NO_POLICY	= 1 << 5,
	MODEL_DISABLED	= 1 << 6,	/* policy.state */
	MODEL_PREVIEW	= 1 << 7,
	MODEL_OLD	= 1 << 8,	/* not in the picker */
	MODEL_MAX_COMPLETION = 1 << 9,	/* refuses max_tokens */
	MODEL_NO_TOP_P	= 1 << 10,
	MODEL_NO_TEMPERATURE = 1 << 11,
	MODEL_VISION	= 1 << 12,
	MODEL_DIMENSIONS = 1 << 13,
	MODEL_OPAQUE	= 1 << 14,	/* reasoning_opaque must be echoed */
	MODEL_NO_COMPACTION = 1 << 15,	/* refuses context_management */
	MODEL_SCHEMA	= 1 << 16,	/* structured_outputs */
	MODEL_EXTRA	= 1 << 17,	/* request_headers, unknown members */
	MODEL_NEW	= 1 << 18,	/* not in the list of March 2026 */
	MODEL_CACHE_KEY	= 1 << 19,	/* caches with prompt_cache_key only */
	MODEL_UNCONFIGURED = 1 << 20,	/* policy.state */
	MODEL_COMPLETION = 1 << 21,	/* type completion */
	MODEL_AZURE	= 1 << 22,	/* content_filters in responses */
};

/* In nano-AIU a token; an AIU is a cent, so 1000 is 1 AIU a million. */
struct price {
	int	input, read, write, output;	/* write 0: costs as input */
};

struct buf;

struct model {
	const char	*id, *name, *vendor, *version;
	enum family	 family;
	unsigned	 flags;
	int		 context, output, prompt;
	const char	*efforts;	/* JSON array of strings, or NULL */
	const char	*category;	/* or NULL */
	const char	*multiplier;
	struct price	 price;
	int64_t		 context_max;	/* beyond it, the next; 0: never */
	struct price	 long_price;
	/* What answers call it; NULL: the version. */
	const char	*snapshot;	/* chat */
	const char	*deployment;	/* responses */
};

/* What it is called in answers of that endpoint. */
const char *catalog_answers_as(const struct fake *, const struct model *,
	    unsigned endpoint);
/* The list is made again when it is asked for. */
void	catalog_forget(struct fake *);


/* Its entry in the list. */
void	catalog_print(struct call *, const struct model *, struct buf *);

const struct model *catalog_find(const char *id);
const struct model *catalog_at(size_t);	/* NULL behind the last */
/* The model that the request names, if it may be used there; else refuses. */
const struct model *catalog_check(struct call *, unsigned endpoint);
/* Is the effort one that the model takes? NULL counts as yes. */
bool	catalog_effort(const struct model *, const char *effort);
/* Does the body name a parameter that setting "refuse" has? Then refuses. */
bool	catalog_parameters(struct call *, const struct model *);
/* The same of images: addresses, and too many of them. */
bool	catalog_images(struct call *, const struct model *, int images,
	    bool address);

#endif
