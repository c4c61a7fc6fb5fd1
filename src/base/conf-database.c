/*
 * The address of a database. It may have a password, which neither a message of
 * ours nor one of the database's library is to show: so what that could read in
 * another way than its writer meant is refused here.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf-row.h"
#include "base/conf.h"
#include "base/util.h"

static const char *const schemes[] = { "postgresql://", "postgres://" };

/* The part behind the scheme, or NULL. */
static const char *
behind_scheme(const char *url)
{
	size_t i;

	for (i = 0; i < COUNT(schemes); i++)
		if (util_starts(url, schemes[i]))
			return url + strlen(schemes[i]);
	return NULL;
}

const char *
conf_database_wrong(const char *url)
{
	const char *rest = behind_scheme(url), *at, *path;

	if (url[0] == '\0')
		return NULL;
	if (rest == NULL)
		return "expected postgresql://USER@HOST/DATABASE, or nothing "
		    "for files in the data directory";
	at = strchr(rest, '@');
	path = rest + strcspn(rest, "/?#");
	if (at != NULL && (at > path || strchr(at + 1, '@') != NULL))
		return "in a name or password of an address write @ as %40, "
		    "/ as %2F, ? as %3F and # as %23";
	if (strstr(rest, "password=") != NULL)
		return "a password goes before the @ of the address, or into "
		    "PGPASSFILE's file";
	return NULL;
}

char *
conf_database_shown(const char *url)
{
	const char	*rest = behind_scheme(url), *at, *colon;

	if (rest == NULL || (at = strchr(rest, '@')) == NULL ||
	    (colon = memchr(rest, ':', (size_t)(at - rest))) == NULL)
		return xstrdup(url);
	return xasprintf("%.*s:***%s", (int)(colon - url), url, at);
}
