/* Memory, time, random ids and small string helpers. */
#include "config.h"

#include <sys/random.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/util.h"

void
die(const char *fmt, ...)
{
	va_list ap;

	fputs("copilot-api: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *
xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (p == NULL)
		die("out of memory");
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (p == NULL)
		die("out of memory");
	return p;
}

void *
xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (p == NULL)
		die("out of memory");
	return p;
}

void *
util_grow(void *list, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return list;
	return xrealloc(list, (n > 0 ? n * 2 : 1) * size);
}

void *
util_reach(void *list, size_t *n, size_t at, size_t size)
{
	for (; *n <= at; (*n)++) {
		list = util_grow(list, *n, size);
		memset((char *)list + *n * size, 0, size);
	}
	return list;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t n)
{
	char *p;

	n = strnlen(s, n);
	p = xmalloc(n + 1);
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list	 ap;
	char	*s;
	int	 n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("out of memory");
	return s;
}

int64_t
util_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
util_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

struct timespec
util_after_ms(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ms += t.tv_nsec / 1000000;
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	return t;
}

/* Where /proc can't be read: when the machine started, to the minute. */
static void
guess_boot(char id[static UTIL_UUID_SIZE])
{
	int64_t at = (int64_t)time(NULL) - util_now_ms() / 1000;

	snprintf(id, UTIL_UUID_SIZE, "minute-%lld", (long long)(at / 60));
}

const char *
util_boot_id(void)
{
	static _Thread_local char id[UTIL_UUID_SIZE];
	FILE			 *f;

	if (id[0] == '\0' &&
	    (f = fopen("/proc/sys/kernel/random/boot_id", "re")) != NULL) {
		if (fgets(id, sizeof(id), f) == NULL)
			id[0] = '\0';
		fclose(f);
	}
	if (id[0] == '\0')
		guess_boot(id);
	return id;
}

static void
ask_kernel(unsigned char *b, size_t n)
{
	ssize_t got;

	while (n > 0) {
		got = getrandom(b, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			die("getrandom: %s", strerror(errno));
		b += got;
		n -= (size_t)got;
	}
}

/*
 * A request has two ids and more: one call is for many of them. Each thread has
 * its own bytes, and none is left behind once it was used. No process that has
 * some forks and goes on.
 */
void
util_random(void *p, size_t n)
{
	static _Thread_local unsigned char	bytes[256];
	static _Thread_local size_t		left;
	unsigned char				*from;

	if (n > sizeof(bytes) / 4) {
		ask_kernel(p, n);
		return;
	}
	if (left < n) {
		ask_kernel(bytes, sizeof(bytes));
		left = sizeof(bytes);
	}
	left -= n;
	from = bytes + left;
	memcpy(p, from, n);
	memset(from, 0, n);
}

static const char digits[] = "0123456789abcdef";

void
util_print_uuid(const unsigned char b[static 16],
    char out[static UTIL_UUID_SIZE])
{
	unsigned char	c;
	size_t		i;

	for (i = 0; i < 16; i++) {
		c = b[i];
		if (i == 6)		/* the version */
			c = (c & 0x0f) | 0x40;
		else if (i == 8)	/* the variant */
			c = (c & 0x3f) | 0x80;
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	*out = '\0';
}

void
util_uuid(char out[static UTIL_UUID_SIZE])
{
	unsigned char b[16];

	util_random(b, sizeof(b));
	util_print_uuid(b, out);
}

void
util_random_hex(char *out, size_t n)
{
	unsigned char	b[32];
	size_t		i;

	for (i = 0; i < n; i++) {
		if (i % sizeof(b) == 0)
			util_random(b, n - i < sizeof(b) ? n - i : sizeof(b));
		out[i] = digits[b[i % sizeof(b)] & 15];
	}
	out[n] = '\0';
}

bool
util_equal_secret(const char *a, const char *b)
{
	size_t n = strlen(a);

	return strlen(b) == n && CRYPTO_memcmp(a, b, n) == 0;
}

uint64_t
util_hash_more(uint64_t h, const void *p, size_t n)
{
	const unsigned char *c = p;

	for (; n > 0; n--, c++)
		h = (h ^ *c) * 0x100000001b3u;
	return h;
}

uint64_t
util_hash(const char *s)
{
	return util_hash_more(UTIL_HASH_BASIS, s, strlen(s));
}

bool
util_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
util_starts_nocase(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

static inline bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool
util_is_name(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && is_name_byte(s[i]); i++)
		;
	return i == n && n > 0;
}

bool
util_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool
util_parse_int64(const char *s, int64_t *n)
{
	char		*end;
	long long	 v;

	errno = 0;
	v = strtoll(s, &end, 10);
	if (end == s || *end != '\0' || errno != 0)
		return false;
	*n = v;
	return true;
}

size_t
util_print_int(int64_t n, char out[static UTIL_INT_SIZE])
{
	uint64_t	rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char		reversed[UTIL_INT_SIZE];
	size_t		len = 0, i = 0;

	do
		reversed[len++] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (n < 0)
		reversed[len++] = '-';
	for (; i < len; i++)
		out[i] = reversed[len - 1 - i];
	out[len] = '\0';
	return len;
}

void
util_time_utc(int64_t t, char out[static UTIL_TIME_SIZE])
{
	time_t		 sec = (time_t)t;
	struct tm	 tm;

	gmtime_r(&sec, &tm);
	if (strftime(out, UTIL_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}
