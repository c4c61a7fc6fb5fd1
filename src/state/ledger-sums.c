/* What the ledger reckons with: days, months, sums. */
#include "config.h"

#include <time.h>

#include "state/ledger-sums.h"

#define DAY	86400

int64_t
ledger_day(int64_t t, int n)
{
	return t - t % DAY + (int64_t)n * DAY;
}

int64_t
ledger_month(int64_t t, int n)
{
	struct tm	tm;
	time_t		at = (time_t)t;

	gmtime_r(&at, &tm);
	tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
	tm.tm_mday = 1;
	tm.tm_mon += n;
	return (int64_t)timegm(&tm);
}

void
ledger_add(struct ledger_counts *sum, const struct ledger_counts *c)
{
	sum->requests += c->requests;
	sum->input += c->input;
	sum->cached += c->cached;
	sum->cache_write += c->cache_write;
	sum->output += c->output;
	sum->nano += c->nano;
}
