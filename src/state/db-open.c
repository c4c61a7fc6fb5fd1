/* Which database it is. */
#include "config.h"

#include "state/db-driver.h"

#ifndef HAVE_SQLITE
struct db *
db_sqlite_create(const struct state_place *at, const struct db_schema *schema)
{
	(void)at;
	(void)schema;
	return NULL;
}
#endif

#ifndef HAVE_POSTGRESQL
struct db *
db_postgresql_create(const struct state_place *at,
    const struct db_schema *schema)
{
	(void)at;
	(void)schema;
	return NULL;
}
#endif

struct db *
db_create(const struct state_place *at, const struct db_schema *schema)
{
	return at->url != NULL && at->url[0] != '\0' ?
	    db_postgresql_create(at, schema) : db_sqlite_create(at, schema);
}
