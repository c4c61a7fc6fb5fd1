/* Counters, histograms and gauges in a file that processes share. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/plain.h"
#include "base/util.h"
#include "state/mapped.h"
#include "state/metrics.h"

#define FILE_NAME	"metrics"
#define SERIES		1024	/* of one process */
#define SLOTS		2048	/* to find them by; a power of two */
#define BUCKETS		16	/* of a histogram, at most */
#define PARTS		64	/* processes at a time; others count alone */
#define LAYOUT		0x6d65747269637303 /* changes with struct part */
#define OVERFULL	"!"	/* in place of labels that found no room */

/* One metric with one set of labels. */
struct series {
	uint32_t		hash;
	uint32_t		metric;
	char			labels[METRIC_LABELS];
	_Atomic double		sum;
	_Atomic uint64_t	buckets[BUCKETS + 1]; /* the last: beyond */
};

/* Few series are all that there is, mostly: they take few pages. */
struct part {
	_Atomic uint64_t	layout;
	_Atomic int64_t		gauges[GAUGE_LAST];
	_Atomic uint64_t	dropped;	/* there was no room */
	_Atomic uint32_t	n;		/* series, all of them whole */
	_Atomic uint16_t	slots[SLOTS];	/* numbers from 1, by hash */
	struct series		series[SERIES];
};

struct metrics {
	struct part	*part;		/* this process' own */
	struct part	*all;		/* NULL: there is no file */
	int		 fd;
	pthread_mutex_t	 lock;		/* of who adds a series */
};

/* As OpenTelemetry's conventions for generative AI want them. */
#define SECONDS_OF_REQUESTS { .01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, \
	5.12, 10.24, 20.48, 40.96, 81.92 }
#define SECONDS_TO_FIRST { .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, \
	.75, 1, 2.5, 5, 7.5, 10 }
#define SECONDS_OF_TOKENS { .01, .025, .05, .075, .1, .15, .2, .3, .4, .5, \
	.75, 1, 2.5 }
#define TOKENS { 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, \
	1048576, 4194304, 16777216, 67108864 }

static const struct family {
	const char	*name;
	const char	*help;
	double		 bounds[BUCKETS];	/* none: a counter */
} families[] = {
	[METRIC_REQUESTS] = { "copilot_api_requests_total",
	    "Requests by endpoint and status class.", { 0 } },
	[METRIC_DURATION] = { "gen_ai_server_request_duration_seconds",
	    "From a request to the end of its answer.", SECONDS_OF_REQUESTS },
	[METRIC_FIRST_TOKEN] = { "gen_ai_server_time_to_first_token_seconds",
	    "From a request to the first bytes of a stream.",
	    SECONDS_TO_FIRST },
	[METRIC_PER_TOKEN] = { "gen_ai_server_time_per_output_token_seconds",
	    "Time of a stream behind its first bytes, by output token.",
	    SECONDS_OF_TOKENS },
	[METRIC_TOKEN_USAGE] = { "gen_ai_client_token_usage",
	    "Tokens of a request.", TOKENS },
	[METRIC_TOKENS] = { "copilot_api_tokens_total",
	    "Tokens by model and kind.", { 0 } },
	[METRIC_CREDITS] = { "copilot_api_credits_total",
	    "Credits that Copilot billed; one is 0.01 USD.", { 0 } },
	[METRIC_UPSTREAM_ERRORS] = { "copilot_api_upstream_errors_total",
	    "Requests that Copilot refused or did not answer.", { 0 } },
	[METRIC_SECOND_CALLS] = { "copilot_api_second_calls_total",
	    "Calls made again, since Copilot's refusal taught something.",
	    { 0 } },
};

static const struct gauge {
	const char	*name;
	const char	*help;
} gauges[] = {
	[GAUGE_STARTED] = { "copilot_api_start_time_seconds",
	    "When the process started, in seconds since 1970." },
	[GAUGE_REQUESTS] = { "copilot_api_requests_in_progress",
	    "Requests that are carried out." },
	[GAUGE_MEMORY] = { "copilot_api_memory_bytes",
	    "Memory that requests hold, of maxMemoryBytes." },
};

/* --- The file. */

static off_t
part_at(int i)
{
	return (off_t)i * (off_t)sizeof(struct part);
}

/* The lock of a part is on its first byte, and ends with its process. */
static bool
part_lock(int fd, int i, int cmd, struct flock *l)
{
	*l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = part_at(i), .l_len = 1 };
	return fcntl(fd, cmd, l) == 0;
}

static bool
part_is_taken(const struct metrics *m, int i)
{
	struct flock l;

	return &m->all[i] == m->part || (part_lock(m->fd, i, F_OFD_GETLK,
	    &l) && l.l_type != F_UNLCK);
}

/* Its room is allocated: a full disk must not end a process that counts. */
static bool
part_take(struct metrics *m)
{
	struct flock	 l;
	struct part	*p;
	int		 i;

	for (i = 0; i < PARTS; i++)
		if (part_lock(m->fd, i, F_OFD_SETLK, &l))
			break;
	if (i == PARTS || posix_fallocate(m->fd, part_at(i),
	    (off_t)sizeof(struct part)) != 0)
		return false;
	p = &m->all[i];
	if (atomic_load(&p->layout) != LAYOUT) {
		memset(p, 0, offsetof(struct part, series));
		atomic_store(&p->layout, LAYOUT);
	}
	memset(p->gauges, 0, sizeof(p->gauges));
	m->part = p;
	return true;
}

static bool
file_open(struct metrics *m, const char *home)
{
	const size_t	 size = PARTS * sizeof(struct part);
	char		*path = xasprintf("%s/" FILE_NAME, home);

	m->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(path);
	/* The rest of it is a hole. */
	if (m->fd < 0 || (lseek(m->fd, 0, SEEK_END) < (off_t)size &&
	    ftruncate(m->fd, (off_t)size) != 0))
		return false;
	m->all = mapped_create(m->fd, size);
	return m->all != NULL && part_take(m);
}

static void
file_close(struct metrics *m)
{
	if (m->all != NULL)
		mapped_destroy(m->all, PARTS * sizeof(struct part));
	if (m->fd >= 0)
		close(m->fd);
	m->all = NULL;
	m->fd = -1;
}

struct metrics *
metrics_create(const char *home)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->fd = -1;
	pthread_mutex_init(&m->lock, NULL);
	if (home == NULL || !file_open(m, home)) {
		file_close(m);
		m->part = xcalloc(1, sizeof(*m->part));
		atomic_store(&m->part->layout, LAYOUT);
	}
	metrics_set(m, GAUGE_STARTED, (int64_t)time(NULL));
	return m;
}

void
metrics_destroy(struct metrics *m)
{
	if (m == NULL)
		return;
	if (m->all == NULL)
		free(m->part);
	file_close(m);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* --- Counting. */

static uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/*
 * The metric's own number is in it; never 0. Of a hundred bytes, six times for
 * each answer: eight at a time.
 */
static uint32_t
hash_of(enum metric metric, const char *labels)
{
	size_t		n = strlen(labels);
	uint64_t	h = (uint64_t)metric + 1, word;

	for (; n >= sizeof(word); labels += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, labels, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, labels, n);
	return (uint32_t)(mix(h, word) >> 32) | 1;
}

static bool
is_series(const struct series *s, uint32_t hash, enum metric metric,
    const char *labels)
{
	return s->hash == hash && s->metric == metric &&
	    strcmp(s->labels, labels) == 0;
}

/* The series; NULL, and the slot for it, when there is none. */
static struct series *
find(struct part *p, enum metric metric, const char *labels, uint32_t hash,
    _Atomic uint16_t **slot)
{
	size_t		i, n;
	struct series	*s;

	for (i = 0; i < SLOTS; i++) {
		*slot = &p->slots[(hash / 2 + i) % SLOTS];
		n = atomic_load_explicit(*slot, memory_order_acquire);
		if (n == 0)
			return NULL;
		s = &p->series[(n - 1) % SERIES];
		if (is_series(s, hash, metric, labels))
			return s;
	}
	return NULL;
}

/* Whoever is killed in here leaves one that nobody sees, or finds. */
static struct series *
add(struct part *p, enum metric metric, const char *labels, uint32_t hash,
    _Atomic uint16_t *slot)
{
	uint32_t	 n = atomic_load(&p->n);
	struct series	*s;

	if (n >= SERIES)
		return NULL;
	s = &p->series[n];
	memset(s, 0, sizeof(*s));
	s->hash = hash;
	s->metric = metric;
	snprintf(s->labels, sizeof(s->labels), "%s", labels);
	atomic_store_explicit(&p->n, n + 1, memory_order_release);
	atomic_store_explicit(slot, (uint16_t)(n + 1), memory_order_release);
	return s;
}

/* NULL when there is no room. */
static struct series *
find_or_add(struct metrics *m, enum metric metric, const char *labels)
{
	uint32_t		 hash = hash_of(metric, labels);
	_Atomic uint16_t	*slot;
	struct series		*s = find(m->part, metric, labels, hash, &slot);

	if (s != NULL)
		return s;
	pthread_mutex_lock(&m->lock);
	s = find(m->part, metric, labels, hash, &slot);
	if (s == NULL)
		s = add(m->part, metric, labels, hash, slot);
	pthread_mutex_unlock(&m->lock);
	return s;
}

static bool
is_histogram(enum metric metric)
{
	return families[metric].bounds[0] > 0;
}

static size_t
bucket_of(enum metric metric, double value)
{
	const double	*bounds = families[metric].bounds;
	size_t		 i;

	for (i = 0; i < BUCKETS && bounds[i] > 0; i++)
		if (value <= bounds[i])
			return i;
	return BUCKETS;
}

static void
add_double(_Atomic double *sum, double value)
{
	double old = atomic_load_explicit(sum, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(sum, &old, old + value,
	    memory_order_relaxed, memory_order_relaxed))
		;
}

void
metrics_add(struct metrics *m, enum metric metric, const char *labels,
    double value)
{
	struct series *s;

	if (m == NULL)
		return;
	s = labels[0] != OVERFULL[0] ? find_or_add(m, metric, labels) : NULL;
	if (s == NULL) {
		atomic_fetch_add_explicit(&m->part->dropped, 1,
		    memory_order_relaxed);
		return;
	}
	add_double(&s->sum, value);
	if (is_histogram(metric))
		atomic_fetch_add_explicit(&s->buckets[bucket_of(metric, value)],
		    1, memory_order_relaxed);
}

void
metrics_set(struct metrics *m, enum metric_gauge gauge, int64_t value)
{
	if (m == NULL)
		return;
	atomic_store_explicit(&m->part->gauges[gauge], value,
	    memory_order_relaxed);
	/* A page that was lost has lost this, too. */
	atomic_store_explicit(&m->part->layout, LAYOUT, memory_order_relaxed);
}

/* Append the escaped text; NULL when it takes more than "room" bytes. */
static char *
escape(const char *value, char *out, size_t room)
{
	size_t n = strlen(value), need;

	if (n <= room && plain_run(value, n, false) == n) {
		memcpy(out, value, n);
		return out + n;
	}
	for (n = 0; *value != '\0'; value++) {
		need = *value == '"' || *value == '\\' ? 2 : 1;
		if ((unsigned char)*value < ' ')
			continue;
		if (n + need > room)
			return NULL;
		if (need == 2)
			out[n++] = '\\';
		out[n++] = *value;
	}
	return out + n;
}

void
metrics_label(char labels[static METRIC_LABELS], const char *name,
    const char *value)
{
	size_t	 n = strlen(labels), len = strlen(name), taken;
	char	*at = labels + n;

	if (labels[0] == OVERFULL[0])
		return;
	taken = n + len + sizeof(",=\"\"");
	if (taken > METRIC_LABELS) {
		memcpy(labels, OVERFULL, sizeof(OVERFULL));
		return;
	}
	/* A dozen of each answer: a format would be read for all of them. */
	if (n > 0)
		*at++ = ',';
	memcpy(at, name, len);
	memcpy(at + len, "=\"", 2);
	at = escape(value, at + len + 2, METRIC_LABELS - taken);
	if (at != NULL)
		memcpy(at, "\"", 2);
	else
		memcpy(labels, OVERFULL, sizeof(OVERFULL));
}

void
metrics_text(char labels[static METRIC_LABELS], const char *text)
{
	size_t n = strlen(labels), len = strlen(text);

	if (labels[0] == OVERFULL[0])
		return;
	if (n + len + sizeof(",") > METRIC_LABELS) {
		memcpy(labels, OVERFULL, sizeof(OVERFULL));
		return;
	}
	if (n > 0)
		labels[n++] = ',';
	memcpy(labels + n, text, len + 1);
}

/* --- Printing. */

/* A copy of all parts' series, those that are the same put together. */
struct sums {
	struct series	*list;
	size_t		 n, cap;
};

static int
by_name(const void *a, const void *b)
{
	const struct series *x = a, *y = b;

	return x->metric != y->metric ? (x->metric < y->metric ? -1 : 1) :
	    strcmp(x->labels, y->labels);
}

static void
collect(struct sums *all, const struct part *p)
{
	const struct series	*s;
	size_t			 i, n;

	if (atomic_load(&p->layout) != LAYOUT)
		return;
	n = atomic_load_explicit(&p->n, memory_order_acquire);
	for (i = 0; i < n && i < SERIES; i++) {
		s = &p->series[i];
		if (s->hash == 0 || s->metric >= METRIC_LAST)
			continue;
		if (all->n == all->cap) {
			all->cap = 2 * all->cap + 64;
			all->list = xrealloc(all->list,
			    all->cap * sizeof(*all->list));
		}
		memcpy(&all->list[all->n], s, sizeof(*s));
		all->list[all->n++].labels[METRIC_LABELS - 1] = '\0';
	}
}

static void
join(struct sums *all)
{
	size_t i, j, n = 0;

	if (all->n == 0)
		return;
	qsort(all->list, all->n, sizeof(*all->list), by_name);
	for (i = 0; i < all->n; i++) {
		if (n == 0 || by_name(&all->list[n - 1], &all->list[i]) != 0) {
			memmove(&all->list[n++], &all->list[i],
			    sizeof(*all->list));
			continue;
		}
		add_double(&all->list[n - 1].sum, all->list[i].sum);
		for (j = 0; j <= BUCKETS; j++)
			all->list[n - 1].buckets[j] += all->list[i].buckets[j];
	}
	all->n = n;
}

static void
print_head(const char *name, const char *type, const char *help,
    struct buf *out)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
print_histogram(const struct series *s, struct buf *out)
{
	const struct family	*f = &families[s->metric];
	const char		*comma = s->labels[0] != '\0' ? "," : "";
	uint64_t		 n = 0;
	size_t			 i;

	for (i = 0; i < BUCKETS && f->bounds[i] > 0; i++) {
		n += s->buckets[i];
		buf_printf(out, "%s_bucket{%s%sle=\"%.10g\"} %llu\n", f->name,
		    s->labels, comma, f->bounds[i], (unsigned long long)n);
	}
	n += s->buckets[BUCKETS];
	buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", f->name, s->labels,
	    comma, (unsigned long long)n);
	buf_printf(out, "%s_sum{%s} %.15g\n%s_count{%s} %llu\n", f->name,
	    s->labels, (double)s->sum, f->name, s->labels,
	    (unsigned long long)n);
}

static void
print_series(const struct sums *all, struct buf *out)
{
	const struct series	*s;
	size_t			 i;

	for (i = 0; i < all->n; i++) {
		s = &all->list[i];
		if (i == 0 || s->metric != all->list[i - 1].metric)
			print_head(families[s->metric].name,
			    is_histogram(s->metric) ? "histogram" : "counter",
			    families[s->metric].help, out);
		if (is_histogram(s->metric))
			print_histogram(s, out);
		else
			buf_printf(out, "%s{%s} %.15g\n",
			    families[s->metric].name, s->labels,
			    (double)s->sum);
	}
}

static void
print_gauge(const struct metrics *m, int gauge, struct buf *out)
{
	const struct gauge	*g = &gauges[gauge];
	int			 i;

	print_head(g->name, "gauge", g->help, out);
	if (m->all == NULL)
		buf_printf(out, "%s{process=\"0\"} %lld\n", g->name,
		    (long long)m->part->gauges[gauge]);
	for (i = 0; m->all != NULL && i < PARTS; i++)
		if (part_is_taken(m, i))
			buf_printf(out, "%s{process=\"%d\"} %lld\n", g->name,
			    i, (long long)m->all[i].gauges[gauge]);
}

void
metrics_print(const struct metrics *m, struct buf *out)
{
	struct sums	all = { 0 };
	uint64_t	dropped = 0;
	int		i;

	for (i = 0; m->all != NULL && i < PARTS; i++) {
		collect(&all, &m->all[i]);
		dropped += m->all[i].dropped;
	}
	if (m->all == NULL) {
		collect(&all, m->part);
		dropped = m->part->dropped;
	}
	join(&all);
	print_series(&all, out);
	free(all.list);
	for (i = 0; i < GAUGE_LAST; i++)
		print_gauge(m, i, out);
	print_head("copilot_api_metrics_dropped_total", "counter",
	    "Observations that found no room.", out);
	buf_printf(out, "copilot_api_metrics_dropped_total %llu\n",
	    (unsigned long long)dropped);
	print_head("copilot_api_info", "gauge", "The version.", out);
	buf_puts(out, "copilot_api_info{version=\"" PACKAGE_VERSION "\"} 1\n");
}
