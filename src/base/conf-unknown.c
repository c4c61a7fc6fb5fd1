/* Members of config.json that no key is called like. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf-row.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/nearest.h"
#include "base/util.h"

#define WARNINGS_MAX 20		/* a file of something else has thousands */

struct search {
	struct conf			*conf;	/* gets the warnings */
	const struct conf_rows		*rows;
	const struct conf_source	*src;
};

static bool
is_key(const struct conf_rows *rows, const char *name)
{
	const struct conf_row	*r;
	size_t			 i;

	for (i = 0; i < rows->n; i++) {
		r = &rows->list[i];
		if (strcmp(r->name, name) == 0 ||
		    (r->alias != NULL && strcmp(r->alias, name) == 0))
			return true;
	}
	return false;
}

/* Is it an object that has keys? */
static bool
has_keys(const struct conf_rows *rows, const char *name)
{
	const struct conf_row	*r;
	size_t			 i, n = strlen(name);

	for (i = 0; i < rows->n; i++) {
		r = &rows->list[i];
		if (util_starts(r->name, name) && r->name[n] == '.')
			return true;
	}
	return false;
}

static const char *
last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

/* By its whole name, else by the last part: "apikeys" is auth.apiKeys. */
static const char *
meant(const struct conf_rows *rows, const char *name)
{
	const struct conf_row	*r;
	const char		*found = NULL, *before;
	struct nearest		 whole, part;
	size_t			 i;

	nearest_init(&whole, name);
	nearest_init(&part, last_part(name));
	for (i = 0; i < rows->n; i++) {
		r = &rows->list[i];
		nearest_try(&whole, r->name);
		before = part.best;
		nearest_try(&part, last_part(r->name));
		if (part.best != before)
			found = r->name;
	}
	return whole.best != NULL ? whole.best : found;
}

/* An object is meant by its name, too: "authh" is auth. */
static char *
meant_object(const struct conf_rows *rows, const char *name)
{
	const struct conf_row	*r;
	struct nearest		 n;
	char			*part, *best = NULL;
	size_t			 i;

	nearest_init(&n, name);
	for (i = 0; i < rows->n; i++) {
		r = &rows->list[i];
		if (strchr(r->name, '.') == NULL)
			continue;
		part = xstrndup(r->name, strcspn(r->name, "."));
		n.best = NULL;
		nearest_try(&n, part);
		if (n.best != NULL) {
			free(best);
			best = part;
		} else
			free(part);
	}
	return best;
}

static void
warn(const struct search *s, const char *name, bool object)
{
	struct conf		*c = s->conf;
	struct err		 err = { 0 };
	struct conf_source	 at = *s->src;
	char			*near, *what;

	if (c->nwarnings == WARNINGS_MAX)
		return;
	near = object ? meant_object(s->rows, name) : NULL;
	if (near == NULL && meant(s->rows, name) != NULL)
		near = xstrdup(meant(s->rows, name));
	what = near != NULL ? xasprintf("unknown key; did you mean %s?", near) :
	    xstrdup("unknown key");
	at.err = &err;
	conf_refuse(&at, name, what);
	c->warnings = util_grow(c->warnings, c->nwarnings,
	    sizeof(*c->warnings));
	c->warnings[c->nwarnings++] = xstrdup(err.msg);
	free(near);
	free(what);
}

static void
look_into(const struct search *s, json_object *obj, const char *prefix)
{
	char *name;

	json_object_object_foreach(obj, key, value) {
		name = xasprintf("%s%s", prefix, key);
		if (has_keys(s->rows, name)) {
			if (json_object_is_type(value, json_type_object)) {
				char *inner = xasprintf("%s.", name);

				look_into(s, value, inner);
				free(inner);
			}
		} else if (!is_key(s->rows, name) && !util_starts(key, "$") &&
		    !util_starts(key, "//"))
			warn(s, name, json_object_is_type(value,
			    json_type_object));
		free(name);
	}
}

void
conf_find_unknown(struct conf *c, const struct conf_rows *rows,
    const struct conf_source *src)
{
	const struct search s = { c, rows, src };

	if (src->root != NULL)
		look_into(&s, src->root, "");
}
