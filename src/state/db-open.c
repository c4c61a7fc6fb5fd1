/* Which database it is. */
#include "config.h"

#include "state/db-driver.h"

#ifndef HAVE_SQLITE
struct db *
db_create(const char *home, const struct db_schema *schema)
{
	(void)home;
	(void)schema;
	return NULL;
}

const char *
db_library(void)
{
	return NULL;
}
#else
struct db *
db_create(const char *home, const struct db_schema *schema)
{
	return db_sqlite_create(home, schema);
}
#endif
