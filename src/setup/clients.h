/* The clients that we can tell how to be set up, and what each is told. */
#ifndef SETUP_CLIENTS_H
#define SETUP_CLIENTS_H

#include <stddef.h>

struct buf;
struct json_object;

enum setup_form {
	SETUP_WORDS,		/* for people: nothing is written */
	SETUP_SHELL,		/* commands: nothing is written */
	SETUP_JSON,		/* merged into the file's object */
	SETUP_TOML,		/* "head" goes before all tables, "text" last */
	SETUP_NEW_FILE		/* written only where there is none */
};

struct setup_client {
	const char	*name;
	const char	*file;		/* below the home directory; or NULL */
	enum setup_form	 form;
	const char	*prefer;	/* a model that begins so, or NULL */
	const char	*prefer_small;
	const char	*head;		/* or NULL, like the next ones */
	const char	*text;
	const char	*each;
	const char	*separator;
	const char	*after;		/* what is left to do */
};

extern const struct setup_client setup_clients[];
extern const size_t setup_nclients;

/* The values that are filled in; all of them are borrowed. */
struct setup {
	const struct setup_client *client;
	const char		*base;		/* http://localhost:4141 */
	const char		*docker;	/* from within a container */
	const char		*key;
	struct json_object	*models;	/* names; not empty */
	const char		*model, *small;	/* by setup_choose() */
};

/* The names of models that chat, of the answer to GET /v1/models. */
struct json_object *setup_models(struct json_object *list);
/* Choose, of s->models, the ones that the client is to begin with. */
void	setup_choose(struct setup *);
/* Append a text of the client's, filled in. */
void	setup_expand(const struct setup *, const char *text, struct buf *out);

#endif
