/*
 * The list of models that the account can use: a snapshot, shared read-only by
 * all threads and reference counted. Holds no json_object, since those cannot
 * be read by two threads at once (json-c prints into the object).
 */
#ifndef MODELS_H
#define MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct conf;
struct err;
struct json_object;

enum {					/* struct model, endpoints */
	MODEL_CHAT	 = 1 << 0,	/* /chat/completions */
	MODEL_RESPONSES	 = 1 << 1,	/* /responses */
	MODEL_MESSAGES	 = 1 << 2,	/* /v1/messages */
	MODEL_EMBEDDINGS = 1 << 3,
	MODEL_IMAGES	 = 1 << 4,	/* /v1/images/generations */
	MODEL_IMAGE_EDITS = 1 << 5	/* /v1/images/edits */
};

/* Nano credits of a token; 0: not said. */
struct model_price {
	int64_t	input, cached, write, output;
};

struct model {
	char		 *id;
	char		 *name;
	char		 *vendor;		/* "OpenAI", "Anthropic", ... */
	char		 *family;
	char		 *version;
	unsigned	  endpoints;
	bool		  openai;	/* vendor OpenAI or Azure OpenAI */
	bool		  streaming, tool_calls, parallel_tool_calls, vision;
	bool		  structured_outputs, dimensions;
	/* Claude's: it decides itself; edits its context; searches tools. */
	bool		  adaptive_thinking, context_editing, tool_search;
	bool		  premium;	/* counts on the premium quota */
	bool		  picker;		/* offered to users */
	int64_t		  max_output_tokens; /* 0: not said, as the next ones */
	int64_t		  max_prompt_tokens;
	int64_t		  max_context_window_tokens;
	int64_t		  context_max;		/* beyond it tokens cost more */
	struct model_price price, long_price;
	int64_t		  min_thinking_budget, max_thinking_budget;
	int64_t		  max_inputs;		/* embeddings */
	int64_t		  max_prompt_image_size;
	int64_t		  max_prompt_images;
	char		**reasoning_effort; /* NULL-terminated; empty: none */
	char		**image_types;		/* likewise: "image/png", ... */
	char		**request_headers; /* "Name: value", NULL-terminated */
	char		 *json;		/* OpenAI's Model object as text */
	int64_t		  created;		/* Unix time, or a fixed one */
};

/*
 * The model that Copilot chooses. Upstream knows no model of this name: a
 * session has one (auto.h).
 */
#define MODEL_AUTO	"auto"

struct models {
	struct model	 *list;		/* behind the last one: that */
	size_t		  n;
	char		 *json;		/* the answer of GET /v1/models */
	char		  etag[20];	/* quoted hash of json */
	int64_t		  fetched_ms;	/* util_now_ms() of the fetch */
	bool		  auto_only;	/* no other model can be asked */
	char		 *outdated;	/* what Copilot says of our version */
	/* A list in which a session has chosen, see models_chosen(). */
	const struct models *base;
	const struct model *chosen;
	struct model	 *own;		/* that, if the list lacks it */
	bool		  part;		/* of the base, see models_filter() */
	_Atomic int	  refs;
};

/*
 * Read upstream's answer to GET /models (copilot-wire: one entry a model,
 * duplicates, absent members). Models that can't be used are left out.
 */
struct models *models_parse(const char *, size_t, struct err *);
/* The same of what was parsed already. */
struct models *models_of(struct json_object *, struct err *);
struct models *models_ref(const struct models *);	/* NULL gives NULL */
void	 models_unref(const struct models *);
/* The wanted ones: a list of its own, which refers to this one. */
const struct models *models_filter(const struct models *,
	    bool (*wanted)(const struct model *, const void *), const void *);

/*
 * The same list, in which Auto and, when there is nothing else, every name is
 * this one: an entry as upstream's. "models" may be NULL.
 */
const struct models *models_chosen(const struct models *, const char *entry);

/*
 * Are requests of OpenAI's protocols to this model (may be NULL) to go over
 * /v1/messages? That is for Claude, if config.json doesn't say otherwise.
 */
bool	model_by_messages(const struct model *, const struct conf *);

/* By id; NULL when the account has no such model or "models" is NULL. */
const struct model *models_find(const struct models *, const char *id);
/*
 * By any name a client may use: the id, the id with dots written as dashes or
 * the reverse ("claude-opus-4-6"), either with a date behind it
 * ("claude-sonnet-4-5-20250929", "gpt-5-2025-08-07"), the name that people see
 * ("Claude Sonnet 4.5"). NULL when no model or more than one fits.
 */
const struct model *models_resolve(const struct models *, const char *name);

/* Append what a person calls the endpoints of a model, in a fixed order. */
void	models_endpoints(const struct model *, const char *separator,
	    struct buf *out);

#endif
