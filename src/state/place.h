/*
 * Where what outlives a request is kept: in files in the data directory, or in
 * a database that several hosts share.
 */
#ifndef STATE_PLACE_H
#define STATE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct conf;

struct state_place {
	const char	*home;		/* the data directory */
	const char	*url;		/* "": SQLite there; else PostgreSQL */
	int64_t		 connections;	/* to PostgreSQL, at most */
};

/* As the configuration has it; borrowed from both. */
struct state_place state_place(const char *home, const struct conf *);

/* "SQLite" or "PostgreSQL", whichever it takes. */
const char *state_place_kind(const struct conf *);
/* The versions of the libraries; NULL: built without. */
const char *state_place_sqlite(void);
const char *state_place_libpq(void);

#endif
