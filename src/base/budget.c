/* How much memory the requests of this process may take together. */
#include "config.h"

#include <sys/sysinfo.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/err.h"
#include "base/util.h"

#define SHARE		2			/* half of what there is */
#define LEAST		((size_t)128 << 20)	/* of the default */
/* The part that is charged: the rest is for holes, stacks, buffers. */
#define CHARGED(most)	((most) - (most) / 16)
#define RETRY_SECONDS	"2"
#define LINE_SIZE	4096

struct budget_holder {
	struct budget_holder	*next;
	struct budget	*budget;
	uint64_t	 key;		/* a hash; 0 without */
	atomic_int	 percent;	/* of the budget */
	atomic_size_t	 used;
	atomic_int	 places;
};

struct budget {
	atomic_size_t	 most;
	atomic_size_t	 used;
	atomic_int	 places;
	size_t		 share;		/* of the machine */
	pthread_mutex_t	 lock;		/* of the list, which only grows */
	struct budget_holder	*holders;
};

static _Thread_local struct budget_account *current;

/* --- What the machine has. */

/* A number in a file; SIZE_MAX when there is none ("max"). */
static size_t
number_in(const char *path)
{
	char		 line[64] = "";
	int64_t		 n;
	FILE		*f = fopen(path, "re");

	if (f == NULL)
		return SIZE_MAX;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return util_parse_int64(line, &n) && n > 0 ? (size_t)n : SIZE_MAX;
}

/* The least limit of our control group and those around it. */
static size_t
group_limit(void)
{
	char	 line[LINE_SIZE] = "", path[LINE_SIZE + 64], *end;
	size_t	 least, n;
	FILE	*f = fopen("/proc/self/cgroup", "re");

	least = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
	if (f == NULL)
		return least;
	while (fgets(line, sizeof(line), f) != NULL &&
	    !util_starts(line, "0::"))
		;
	fclose(f);
	if (!util_starts(line, "0::"))
		return least;
	line[strcspn(line, "\n")] = '\0';
	for (;;) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max",
		    line + 3);
		if ((n = number_in(path)) < least)
			least = n;
		if ((end = strrchr(line + 3, '/')) == NULL)
			return least;
		*end = '\0';
	}
}

static size_t
machine_share(void)
{
	struct sysinfo	info;
	size_t		n = group_limit();

	if (sysinfo(&info) == 0 && info.totalram * info.mem_unit < n)
		n = info.totalram * info.mem_unit;
	n /= SHARE;
	return n > LEAST ? n : LEAST;
}

struct budget *
budget_create(void)
{
	struct budget *b = xcalloc(1, sizeof(*b));

	pthread_mutex_init(&b->lock, NULL);
	b->share = machine_share();
	budget_limit(b, 0, 1);
	return b;
}

void
budget_destroy(struct budget *b)
{
	struct budget_holder *h;

	if (b == NULL)
		return;
	while ((h = b->holders) != NULL) {
		b->holders = h->next;
		free(h);
	}
	pthread_mutex_destroy(&b->lock);
	free(b);
}

void
budget_limit(struct budget *b, int64_t most, int processes)
{
	size_t n = most > 0 ? (size_t)most : b->share;

	atomic_store(&b->most, CHARGED(n / (size_t)processes));
}

size_t
budget_used(const struct budget *b)
{
	return atomic_load(&b->used);
}

/* --- Keys. */

struct budget_holder *
budget_holder(struct budget *b, const char *key, int percent)
{
	uint64_t	 hash = key != NULL ? util_hash(key) : 0;
	struct budget_holder	*h;

	pthread_mutex_lock(&b->lock);
	for (h = b->holders; h != NULL && h->key != hash; h = h->next)
		;
	if (h == NULL) {
		h = xcalloc(1, sizeof(*h));
		h->budget = b;
		h->key = hash;
		h->next = b->holders;
		b->holders = h;
	}
	pthread_mutex_unlock(&b->lock);
	atomic_store(&h->percent, percent);
	return h;
}

/* A part of it, but never nothing. */
static int64_t
part_of(const struct budget_holder *h, int64_t most)
{
	int64_t n = most / 100 * h->percent + most % 100 * h->percent / 100;

	return n > 0 ? n : 1;
}

static bool
refuse(struct err *err, const char *whose, long long most, const char *what)
{
	err_set(err, 503, ERR_SERVER, "server_overloaded", NULL,
	    "%s at its limit of %lld %s. Try again in a moment.", whose, most,
	    what);
	snprintf(err->retry_after, sizeof(err->retry_after), "1");
	return false;
}

bool
budget_holder_enter(struct budget_holder *h, int64_t most, struct err *err)
{
	int64_t own = part_of(h, most);

	if (atomic_fetch_add(&h->budget->places, 1) >= most) {
		atomic_fetch_sub(&h->budget->places, 1);
		return refuse(err, "This server is", (long long)most,
		    "requests at a time (maxConcurrentRequests)");
	}
	if (atomic_fetch_add(&h->places, 1) >= own) {
		budget_holder_leave(h);
		return refuse(err, "This key is", (long long)own,
		    "requests at a time (maxKeyPercent)");
	}
	return true;
}

void
budget_holder_leave(struct budget_holder *h)
{
	atomic_fetch_sub(&h->places, 1);
	atomic_fetch_sub(&h->budget->places, 1);
}

/* --- Accounts. */

static bool
take(atomic_size_t *used, size_t n, size_t most)
{
	size_t now = atomic_load(used);

	do {
		if (n > most || now > most - n)
			return false;
	} while (!atomic_compare_exchange_weak(used, &now, now + n));
	return true;
}

static void
give_back(struct budget_account *a, size_t n)
{
	atomic_fetch_sub(&a->holder->used, n);
	atomic_fetch_sub(&a->holder->budget->used, n);
	a->held -= n;
}

static bool
take_more(struct budget_account *a, size_t n)
{
	struct budget_holder	*h = a->holder;
	size_t		 most;

	most = atomic_load(&h->budget->most);
	if (a->forced)
		most = SIZE_MAX;
	if (!take(&h->budget->used, n, most)) {
		a->refused = true;
		return false;
	}
	if (!take(&h->used, n, a->forced ? most :
	    (size_t)part_of(h, (int64_t)most))) {
		atomic_fetch_sub(&h->budget->used, n);
		a->refused = true;
		return false;
	}
	a->held += n;
	if (a->held > a->peak)
		a->peak = a->held;
	return true;
}

bool
budget_more(struct budget_account *a, size_t n)
{
	size_t from_spare = n < a->spare ? n : a->spare;

	if (a->holder == NULL)
		return true;
	if (n > from_spare && !take_more(a, n - from_spare))
		return false;
	a->spare -= from_spare;
	return true;
}

bool
budget_reserve(struct budget_account *a, size_t n)
{
	if (a->holder == NULL)
		return true;
	if (!take_more(a, n))
		return false;
	a->spare += n;
	return true;
}

bool
budget_hold(struct budget_account *a, size_t n)
{
	if (a->holder == NULL)
		return true;
	a->spare = 0;
	if (n > a->held)
		return take_more(a, n - a->held);
	give_back(a, a->held - n);
	return true;
}

struct budget_account
budget_split(struct budget_account *a, size_t n)
{
	struct budget_account rest = { .holder = a->holder };

	a->spare = 0;
	if (a->held > n) {
		rest.held = a->held - n;
		a->held = n;
	}
	return rest;
}

void
budget_close(struct budget_account *a)
{
	budget_hold(a, 0);
	a->holder = NULL;
}

void
budget_enter(struct budget_account *a)
{
	current = a;
}

void
budget_leave(void)
{
	current = NULL;
}

bool
budget_afford(size_t n)
{
	return current == NULL || budget_more(current, n);
}

struct budget_mark
budget_mark(void)
{
	struct budget_mark mark = { 0 };

	if (current != NULL) {
		mark.held = current->held;
		mark.spare = current->spare;
		mark.refused = current->refused;
	}
	return mark;
}

void
budget_back(struct budget_mark to)
{
	if (current == NULL || current->holder == NULL)
		return;
	give_back(current, current->held - to.held);
	current->spare = to.spare;
	current->refused = to.refused;
}

bool
budget_refuse(const struct budget_account *a, struct err *err)
{
	const struct budget_holder *h = a != NULL ? a->holder :
	    current != NULL ? current->holder : NULL;

	err_set(err, 503, ERR_SERVER, "server_overloaded", NULL,
	    "This server has no memory left for a request of this size "
	    "(maxMemoryBytes is %zu%s). Try again in a moment.",
	    h != NULL ? atomic_load(&h->budget->most) : 0,
	    h != NULL && h->percent < 100 ? ", shared by its keys" : "");
	snprintf(err->retry_after, sizeof(err->retry_after), RETRY_SECONDS);
	return false;
}
