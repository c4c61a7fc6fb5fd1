/* Where what outlives a request is kept. */
#include "config.h"

#include <stdio.h>

#ifdef HAVE_POSTGRESQL
#include <libpq-fe.h>
#endif
#ifdef HAVE_SQLITE
#include <sqlite3.h>
#endif

#include "base/conf.h"
#include "state/place.h"

struct state_place
state_place(const char *home, const struct conf *conf)
{
	return (struct state_place){ home, conf->state_url,
	    conf->state_connections };
}

const char *
state_place_kind(const struct conf *conf)
{
	return conf->state_url[0] != '\0' ? "PostgreSQL" : "SQLite";
}

const char *
state_place_sqlite(void)
{
#ifdef HAVE_SQLITE
	return sqlite3_libversion();
#else
	return NULL;
#endif
}

const char *
state_place_libpq(void)
{
#ifdef HAVE_POSTGRESQL
	static _Thread_local char	version[24];
	int				n = PQlibVersion();

	snprintf(version, sizeof(version), "%d.%d", n / 10000, n % 10000);
	return version;
#else
	return NULL;
#endif
}
