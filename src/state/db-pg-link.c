/* One connection to PostgreSQL, on which nothing takes forever. */
#include "config.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "state/db-pg-link.h"

#define SILENCE_MS	15000	/* more than a statement may take */
#define MIGRATE_MS	600000	/* an index may be made */
#define FEW_MS		200	/* after that few may wait as well */
#define STEP_MS		100	/* how often that is looked at */

/*
 * A site may know better and say so in the address: it comes behind these. Of
 * several hosts the one that can be written to is meant.
 */
static const char *const before[][2] = {
	{ "connect_timeout", "5" },
	{ "tcp_user_timeout", "15000" },
	{ "keepalives_idle", "10" },
	{ "keepalives_interval", "5" },
	{ "keepalives_count", "3" },
	{ "target_session_attrs", "read-write" },
	{ "fallback_application_name", "copilot-api" },
};

/*
 * The server ends what takes too long, and what a process or a network that is
 * gone has left behind: its transaction keeps all others from writing.
 */
static const char settings[] =
    "SET statement_timeout = '10s'; SET lock_timeout = '1s';"
    "SET idle_in_transaction_session_timeout = '10s';"
    "SET client_min_messages = error;"
    "SET DateStyle = ISO; SET standard_conforming_strings = on;"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;"
    "SET tcp_keepalives_count = 3";

static void
ignore(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

/* Why, on one line. */
static void
say(struct db_pg_link *l, const char *why)
{
	text_clean(why, strlen(why), l->why, sizeof(l->why));
}

bool
db_pg_link_lose(struct db_pg_link *l, const char *why)
{
	l->fault = DB_AWAY;
	say(l, why);
	return false;
}

/*
 * Can libpq read the address? Of one that it can't it shows a part, or all of
 * it, and so perhaps the password; likewise of a port that is none.
 */
static bool
is_address(const char *url)
{
	PQconninfoOption	*all = PQconninfoParse(url, NULL), *o;
	bool			 ok = all != NULL;

	for (o = all; ok && o->keyword != NULL; o++)
		if (strcmp(o->keyword, "port") == 0 && o->val != NULL)
			ok = o->val[strspn(o->val, "0123456789,")] == '\0';
	PQconninfoFree(all);
	return ok;
}

bool
db_pg_link_open(struct db_pg_link *l, const char *url)
{
	const char	*keys[COUNT(before) + 3], *values[COUNT(before) + 3];
	size_t		 i;

	if (!is_address(url))
		return db_pg_link_lose(l, "stateUrl is not an address as libpq "
		    "reads it; in a name or password write % as %25, : as %3A");
	for (i = 0; i < COUNT(before); i++) {
		keys[i] = before[i][0];
		values[i] = before[i][1];
	}
	keys[i] = "dbname";
	values[i++] = url;
	keys[i] = "client_encoding";
	values[i++] = "UTF8";
	keys[i] = NULL;
	l->pg = PQconnectdbParams(keys, values, 1);
	if (l->pg == NULL || PQstatus(l->pg) != CONNECTION_OK)
		return db_pg_link_lose(l, l->pg != NULL ?
		    PQerrorMessage(l->pg) : "out of memory");
	PQsetNoticeReceiver(l->pg, ignore, NULL);
	PQsetnonblocking(l->pg, 1);
	if (strcmp(PQparameterStatus(l->pg, "server_encoding"), "UTF8") != 0)
		return db_pg_link_lose(l, "the database's encoding is not "
		    "UTF8");
	return db_pg_link_script(l, settings, NULL);
}

void
db_pg_link_close(struct db_pg_link *l)
{
	PQfinish(l->pg);
	l->pg = NULL;
}

/* Whoever has nothing to say to us, and yet said something, has gone. */
bool
db_pg_link_is_alive(struct db_pg_link *l)
{
	struct pollfd p = { .fd = PQsocket(l->pg), .events = POLLIN };

	if (PQstatus(l->pg) != CONNECTION_OK)
		return false;
	return poll(&p, 1, 0) == 0 || (PQconsumeInput(l->pg) == 1 &&
	    PQstatus(l->pg) == CONNECTION_OK);
}

/* Something came, or all could be sent; false when the time is over. */
static bool
wait_for(struct db_pg_link *l, bool unsent, int64_t until)
{
	struct pollfd	p = { .fd = PQsocket(l->pg), .events = POLLIN };
	int64_t		start = util_now_ms(), now = start;
	int		n = 0;

	if (unsent)
		p.events |= POLLOUT;
	while (n <= 0 && now < until) {
		n = poll(&p, 1, STEP_MS);
		now = util_now_ms();
		if (l->waits != NULL && now - start >= FEW_MS)
			atomic_store(l->waits, true);
	}
	if (l->waits != NULL && now - start >= FEW_MS)
		atomic_store(l->waits, false);
	return n > 0;
}

static PGresult *
next(struct db_pg_link *l, int64_t most_ms)
{
	int unsent;

	for (;;) {
		if ((unsent = PQflush(l->pg)) < 0)
			break;
		if (unsent == 0 && !PQisBusy(l->pg))
			return PQgetResult(l->pg);
		if (!wait_for(l, unsent > 0, util_now_ms() + most_ms)) {
			db_pg_link_lose(l, "the database does not answer");
			return NULL;
		}
		if (PQconsumeInput(l->pg) == 0)
			break;
	}
	db_pg_link_lose(l, PQerrorMessage(l->pg));
	return NULL;
}

PGresult *
db_pg_link_next(struct db_pg_link *l)
{
	return next(l, SILENCE_MS);
}

/*
 * The meaning of an SQLSTATE's first letters (PostgreSQL's manual, appendix A).
 * A server that is read-only was demoted.
 */
static const struct {
	const char	*state;
	enum db_fault	 fault;
	bool		 full;
} states[] = {
	{ "25006", DB_AWAY, false },	/* read only: a standby */
	{ "57P", DB_AWAY, false },	/* it is shut down, or starts */
	{ "25P03", DB_AWAY, false },	/* idle for too long */
	{ "08", DB_AWAY, false },
	{ "55P03", DB_BUSY, false },	/* lock_timeout */
	{ "57014", DB_BUSY, false },	/* statement_timeout */
	{ "40", DB_BUSY, false },	/* a deadlock, a race */
	{ "23", DB_REFUSED, false },	/* constraints */
	{ "22", DB_REFUSED, false },	/* values */
	{ "54", DB_REFUSED, false },	/* sizes */
	{ "P0", DB_REFUSED, false },	/* a trigger of the site's */
	{ "53100", DB_WORSE, true },	/* the disk is full */
};

static void
classify(struct db_pg_link *l, const char *state)
{
	size_t i;

	l->full = false;
	l->fault = PQstatus(l->pg) != CONNECTION_OK ? DB_AWAY : DB_WORSE;
	for (i = 0; state != NULL && i < COUNT(states); i++)
		if (strncmp(state, states[i].state,
		    strlen(states[i].state)) == 0) {
			l->fault = states[i].fault;
			l->full = states[i].full;
			return;
		}
}

bool
db_pg_link_note(struct db_pg_link *l, const PGresult *res)
{
	const char *text, *state;

	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
	case PGRES_PIPELINE_SYNC:
		return true;
	case PGRES_PIPELINE_ABORTED:
		return false;	/* the one before it has told why */
	default:
		state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
		/* The transaction had failed already: that is why. */
		if (state != NULL && strcmp(state, "25P02") == 0)
			return false;
		text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
		say(l, text != NULL ? text : PQresultErrorMessage(res));
		classify(l, state);
		return false;
	}
}

/* Each of the statements has "ms" to say something. */
static bool
run(struct db_pg_link *l, const char *sql, int64_t *number, int64_t ms)
{
	PGresult	*res;
	bool		 ok = true, found = false;

	l->fault = DB_FINE;
	if (PQsendQuery(l->pg, sql) != 1)
		return db_pg_link_lose(l, PQerrorMessage(l->pg));
	while ((res = next(l, ms)) != NULL) {
		ok = db_pg_link_note(l, res) && ok;
		if (!found && number != NULL && PQntuples(res) == 1 &&
		    util_parse_int64(PQgetvalue(res, 0, 0), number))
			found = true;
		PQclear(res);
	}
	return ok && l->fault == DB_FINE;
}

bool
db_pg_link_script(struct db_pg_link *l, const char *sql, int64_t *number)
{
	return run(l, sql, number, SILENCE_MS);
}

bool
db_pg_link_migrate(struct db_pg_link *l, const char *sql)
{
	return run(l, sql, NULL, MIGRATE_MS);
}
