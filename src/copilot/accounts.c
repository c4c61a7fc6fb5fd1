/* The accounts of this server. */
#include "config.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/autos.h"
#include "copilot/copilot.h"

#define BELOW	"accounts"	/* in the data directory */

struct accounts {
	struct copilot_parts	 parts;
	char			*home, *github_token;
	pthread_mutex_t		 lock;		/* of the list */
	struct copilot_account	*list;
};

static bool
is_default(const char *name)
{
	return name == NULL || strcmp(name, ACCOUNT_DEFAULT) == 0;
}

char *
account_directory(const char *home, const char *name)
{
	return is_default(name) ? xstrdup(home) :
	    xasprintf("%s/" BELOW "/%s", home, name);
}

/* --- What is on the disk. */

static int
is_account(const struct dirent *d)
{
	return conf_account_ok(d->d_name) && !is_default(d->d_name);
}

char **
account_names(const char *home)
{
	char		 *dir = xasprintf("%s/" BELOW, home), **names;
	struct dirent	**found = NULL;
	int		  n = scandir(dir, &found, is_account, alphasort), i;

	if (n < 0)
		n = 0;
	names = xcalloc((size_t)n + 2, sizeof(*names));
	names[0] = xstrdup(ACCOUNT_DEFAULT);
	for (i = 0; i < n; i++) {
		names[i + 1] = xstrdup(found[i]->d_name);
		free(found[i]);
	}
	free(found);
	free(dir);
	return names;
}

void
account_names_free(char **names)
{
	char **p;

	for (p = names; *p != NULL; p++)
		free(*p);
	free(names);
}

/* --- What is served. */

/* Tokens from outside and the command are the default account's. */
static struct copilot_account *
add(struct accounts *a, const char *name)
{
	struct copilot_account	*new = xcalloc(1, sizeof(*new));
	struct copilot_parts	 parts = a->parts;
	char			*dir = account_directory(a->home, name);

	parts.home = dir;
	if (!is_default(name)) {
		parts.github_token = NULL;
		parts.command = false;
		parts.name = name;
	}
	new->name = xstrdup(name);
	new->copilot = copilot_create(&parts);
	new->autos = autos_create(parts.loop, parts.http, new->copilot);
	new->next = a->list;
	a->list = new;
	free(dir);
	return new;
}

struct copilot_account *
accounts_find(struct accounts *a, const char *name)
{
	struct copilot_account *p;

	if (name == NULL)
		name = ACCOUNT_DEFAULT;
	pthread_mutex_lock(&a->lock);
	for (p = a->list; p != NULL && strcmp(p->name, name) != 0; p = p->next)
		;
	if (p == NULL)
		p = add(a, name);
	pthread_mutex_unlock(&a->lock);
	return p;
}

struct accounts *
accounts_create(const struct copilot_parts *parts)
{
	struct accounts *a = xcalloc(1, sizeof(*a));

	a->parts = *parts;
	a->home = xstrdup(parts->home);
	a->github_token = parts->github_token != NULL ?
	    xstrdup(parts->github_token) : NULL;
	a->parts.github_token = a->github_token;
	pthread_mutex_init(&a->lock, NULL);
	return a;
}

void
accounts_destroy(struct accounts *a)
{
	struct copilot_account *p;

	while ((p = a->list) != NULL) {
		a->list = p->next;
		autos_destroy(p->autos);
		copilot_destroy(p->copilot);
		free(p->name);
		free(p);
	}
	pthread_mutex_destroy(&a->lock);
	free(a->home);
	free(a->github_token);
	free(a);
}
