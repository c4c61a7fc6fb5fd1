/* Which model a name of Anthropic's means. */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/models.h"
#include "messages/model.h"

#define PREFIX "claude-"

static const char *const kinds[] = { "opus", "sonnet", "haiku" };

/* Is the word in the name, between dashes or at an end? */
static bool
has_word(const char *name, const char *word)
{
	size_t n;

	for (; *name != '\0'; name += n + (name[n] != '\0')) {
		n = strcspn(name, "-");
		if (strlen(word) == n && strncmp(name, word, n) == 0)
			return true;
	}
	return false;
}

/* The kind of Claude that the name is of; NULL: of none. */
static const char *
kind_of(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (strcmp(name, kinds[i]) == 0 || (util_starts(name, PREFIX) &&
		    has_word(name, kinds[i])))
			return kinds[i];
	return NULL;
}

/*
 * The version in "claude-KIND-4.5", as 4005; -1 for a variant of a model, as
 * "claude-opus-4.6-fast" is, which nobody gets without having named it.
 */
static int
version_of(const char *id, const char *kind)
{
	int	 version = 0, part, parts = 0;
	size_t	 n;

	id += sizeof(PREFIX) - 1;
	if (util_starts(id, kind) && id[strlen(kind)] == '-')
		id += strlen(kind) + 1;
	else
		return -1;
	for (; *id != '\0' && parts < 2; parts++) {
		if (!isdigit((unsigned char)*id))
			return -1;
		part = atoi(id);
		n = strspn(id, "0123456789");
		if (n > 3 || (id[n] != '\0' && id[n] != '.' && id[n] != '-'))
			return -1;
		version = version * 1000 + part;
		id += n + (id[n] != '\0');
	}
	if (*id != '\0' || parts == 0)
		return -1;
	return parts == 1 ? version * 1000 : version;
}

static const struct model *
newest(const struct models *models, const char *kind)
{
	const struct model	*m, *best = NULL;
	int			 version, highest = -1;

	for (m = models->list; m < models->list + models->n; m++) {
		if (!util_starts(m->id, PREFIX))
			continue;
		version = version_of(m->id, kind);
		if (version > highest) {
			highest = version;
			best = m;
		}
	}
	return best;
}

static bool
refuse(const char *asked, struct err *err)
{
	char shown[256];

	text_clean(asked, strlen(asked), shown, sizeof(shown));
	return err_set(err, 404, ERR_REQUEST, "model_not_found", "model",
	    "model: %s. GET /v1/models lists those that there are; "
	    "modelMappings in the server's config.json gives a model another "
	    "name.", shown);
}

char *
messages_model(const struct conf *conf, const struct models *models,
    const char *asked, const struct model **model, struct err *err)
{
	const char	*kind;
	char		*name, *bare;
	size_t		 n;

	name = xstrdup(conf_map_model(conf, asked));
	n = strlen(name);
	if (n > 4 && strcmp(name + n - 4, "[1m]") == 0) {
		name[n - 4] = '\0';
		bare = xstrdup(conf_map_model(conf, name));
		free(name);
		name = bare;
	}
	*model = models_resolve(models, name);
	if (*model == NULL && models != NULL && (kind = kind_of(name)) != NULL)
		*model = newest(models, kind);
	if (*model == NULL && models == NULL)
		return name;
	free(name);
	if (*model != NULL)
		return xstrdup((*model)->id);
	refuse(asked, err);
	return NULL;
}
