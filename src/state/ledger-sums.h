/* The ledger's arithmetic: rows, days, months, sums. */
#ifndef STATE_LEDGER_SUMS_H
#define STATE_LEDGER_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#define LEDGER_FILE	"usage.sqlite"	/* in the data directory */
#define LEDGER_JOURNAL	"usage.journal"
#define LEDGER_SECONDS	3600		/* what is newest is summed up by */

struct ledger_counts {
	int64_t	requests;
	int64_t	input;		/* with what is cached */
	int64_t	cached, cache_write;	/* of it */
	int64_t	output;
	int64_t	nano;		/* credits */
	int64_t	estimated;	/* of it: upstream did not say */
};

enum ledger_span { LEDGER_HOUR, LEDGER_DAY, LEDGER_MONTH };

/* One answer, or the sum of all of a time. The texts are borrowed. */
struct ledger_row {
	int64_t			 start;	/* seconds since 1970 */
	enum ledger_span	 span;	/* that it is a sum of */
	const char		*key;	/* its name; "": nobody needs one */
	const char		*model, *endpoint;
	const char		*initiator; /* "": of an older version */
	int			 status;	/* 499: the client left */
	struct ledger_counts	 counts;
};

/* For how many days there are sums of hours, days, and months. */
struct ledger_keep {
	int64_t	hours, days, months;
};

/* By a key, today and this month (UTC), in nano credits. */
struct ledger_spent {
	int64_t	day, month;
};

/* The beginning of a day and of a month (UTC), "n" of them later. */
int64_t	ledger_day(int64_t time, int n);
int64_t	ledger_month(int64_t time, int n);

void	ledger_add(struct ledger_counts *, const struct ledger_counts *);

/* "1.5" of 1500000000, exactly. */
#define LEDGER_CREDITS_SIZE 32
void	ledger_credits(int64_t nano, char[static LEDGER_CREDITS_SIZE]);
/* All of them, by name, appended to an object. */
void	ledger_counts_json(const struct ledger_counts *, json_object *);

/* Sums by what rows have in common. Zeroed memory is none. */
struct ledger_group {
	int64_t			 start;
	char			*key, *model;	/* may be NULL */
	struct ledger_counts	 counts;
};
struct ledger_groups {
	struct ledger_group	*list;		/* oldest first */
	size_t			 n;
};

/* That with these members, made when it is new; valid until the next one is. */
struct ledger_group *ledger_group(struct ledger_groups *, int64_t start,
	    const char *key, const char *model);
/* The dearest first; all of them have a key. */
void	ledger_groups_by_cost(struct ledger_groups *);
void	ledger_groups_finish(struct ledger_groups *);

#endif
