/* The clients that "copilot-api setup" knows. */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include <stddef.h>

enum setup_form {
	SETUP_WORDS,		/* for people: nothing is written */
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

#endif
