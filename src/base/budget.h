/*
 * How much memory the requests of this process may take together, and who has
 * how much of it. All that is large asks before it is made: a body before it is
 * read on, a tree before it is built, an answer before it is kept. The figures
 * are estimates that are never too low, taken and given back to the byte.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget;
struct err;

struct budget *budget_create(void);
void	budget_destroy(struct budget *);
/*
 * "most" bytes, 0 for half of what the machine or the control group has; this
 * process has an equal part of it among "processes".
 */
void	budget_limit(struct budget *, int64_t most, int processes);
size_t	budget_used(const struct budget *);

/*
 * Client keys share places and memory: while several are configured, each has
 * "percent" of both at the most. A holder is one key's share.
 */
struct budget_holder;
struct budget_holder *budget_holder(struct budget *, const char *key,
	    int percent);
/* A place among "most". False: "err", which tells whose limit it is. */
bool	budget_holder_enter(struct budget_holder *, int64_t most, struct err *);
void	budget_holder_leave(struct budget_holder *);

/*
 * One request's. Zeroed memory is one that is not counted: all of these are
 * fine with it. Used by one thread at a time.
 */
struct budget_account {
	struct budget_holder	*holder;
	size_t		 held;
	size_t		 spare;		/* of it, for budget_more() */
	size_t		 peak;
	bool		 forced;	/* what was begun must not fail */
	bool		 refused;	/* since this was cleared */
};

/* Hold so many bytes, more or less than before. False: no more than before. */
bool	budget_hold(struct budget_account *, size_t n);
/* So many more; what was reserved is used first. */
bool	budget_more(struct budget_account *, size_t n);
/*
 * Enough for all that is to come, so that of many large requests some are
 * carried out and the others refused at once.
 */
bool	budget_reserve(struct budget_account *, size_t n);
/* Keep "n" at the most; the rest is returned and still to be closed. */
struct budget_account budget_split(struct budget_account *, size_t n);
void	budget_close(struct budget_account *);

/*
 * The account that pays for what this thread makes, for those who make it deep
 * inside of a handler. Whoever is refused gives up and tells of nothing: who
 * entered looks at account->refused. Without an account all is affordable.
 */
void	budget_enter(struct budget_account *);
void	budget_leave(void);
bool	budget_afford(size_t n);

/*
 * A try: who gives up and goes another way gives back what this thread's
 * account paid for since the mark, and a refusal since then counts no more.
 */
struct budget_mark {
	size_t	held, spare;
	bool	refused;
};
struct budget_mark budget_mark(void);
void	budget_back(struct budget_mark);

/* 503 with Retry-After; NULL is the account of this thread. Returns false. */
bool	budget_refuse(const struct budget_account *, struct err *);

#endif
