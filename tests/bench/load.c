/*
 * load: puts a measured load on one chat completions endpoint on this host
 * and prints what came of it as one line of JSON. See README.
 */
#include "config.h"

#include <sys/resource.h>

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"
#include "plan.h"

static const char	 usage_text[] =
"usage: load --url URL --streams N [--duration S] [--interval MS]\n"
"            [--chunk-bytes N] [--ramp PER_SECOND] [common options]\n"
"       load --url URL --requests N [--concurrency C] [--body-bytes B]\n"
"            [--duration S] [--answer-chunks N] [--interval MS]\n"
"            [--no-keep-alive] [common options]\n"
"common: --header 'NAME: VALUE' (repeat), --body-bytes B, --timeout S\n"
"URL: http://127.0.0.1:PORT/PATH, only loopback addresses are accepted\n";

static void
usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static void
fail(const char *what, const char *arg)
{
	fprintf(stderr, "load: %s: %s\n", what, arg);
	exit(2);
}

/* A whole number in its range, or the program ends. */
static uint64_t
number(const char *name, const char *s, uint64_t min, uint64_t max)
{
	char			*end;
	unsigned long long	 n;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || errno != 0 ||
	    n < min || n > max) {
		fprintf(stderr, "load: --%s: a number from %" PRIu64 " to %"
		    PRIu64 ", not %s\n", name, min, max, s);
		exit(2);
	}
	return n;
}

/* Everything in 127.0.0.0/8, and ::1: this tool must never load others. */
static bool
address_set(struct plan *plan, const char *host, uint16_t port)
{
	struct sockaddr_in	*in = (struct sockaddr_in *)&plan->addr;
	struct sockaddr_in6	*in6 = (struct sockaddr_in6 *)&plan->addr;

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		plan->addrlen = sizeof(*in);
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		plan->addrlen = sizeof(*in6);
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	}
	return false;
}

/* "http://127.0.0.1:4141/v1/chat/completions", or with [::1]. */
static void
url_set(struct plan *plan, const char *url)
{
	static const char	 scheme[] = "http://";
	char			 host[64];
	const char		*h, *path, *colon;
	size_t			 n;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		fail("not an http URL", url);
	h = url + sizeof(scheme) - 1;
	path = h + strcspn(h, "/");
	colon = memrchr(h, ':', (size_t)(path - h));
	if (*path == '\0' || colon == NULL)
		fail("a URL with port and path is needed", url);
	if ((plan->host = strndup(h, (size_t)(path - h))) == NULL)
		fail("memory", strerror(errno));
	n = (size_t)(colon - h);
	if (n > 2 && h[0] == '[' && h[n - 1] == ']') {
		h++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(host))
		fail("no usable host", url);
	memcpy(host, h, n);
	host[n] = '\0';
	if (!address_set(plan, host, (uint16_t)number("url",
	    strndupa(colon + 1, (size_t)(path - colon) - 1), 1, 65535)))
		fail("not a loopback address", host);
	plan->path = path;
}

static void
header_add(struct plan *plan, const char *line)
{
	char	*more;

	if (strchr(line, ':') == NULL || strpbrk(line, "\r\n") != NULL)
		fail("not a header", line);
	if (asprintf(&more, "%s%s\r\n", plan->headers, line) == -1)
		fail("memory", strerror(errno));
	free(plan->headers);
	plan->headers = more;
}

enum opt {
	OPT_HEADER = 256, OPT_URL, OPT_NO_KEEP_ALIVE, OPT_HELP,
	OPT_STREAMS, OPT_REQUESTS, OPT_CONCURRENCY, OPT_BODY, OPT_DURATION,
	OPT_TIMEOUT, OPT_RAMP, OPT_INTERVAL, OPT_CHUNK, OPT_ANSWER, OPT__END
};

/* The options that are numbers, and their range; times are kept in ms. */
static const struct limit {
	const char	*name;
	uint64_t	 min, max, preset;
	bool		 seconds;	/* given in seconds, with decimals */
} limits[OPT__END - OPT_STREAMS] = {
	{ "streams",	 1, 8192, 0, false },
	{ "requests",	 1, 10000000, 0, false },
	{ "concurrency", 1, 4096, 1, false },
	{ "body-bytes",	 1, 64u << 20, 1000, false },
	{ "duration",	 100, 600000, 5000, true },
	{ "timeout",	 100, 900000, 0, true },
	{ "ramp",	 1, 10000, 500, false },
	{ "interval",	 0, 10000, 50, false },
	{ "chunk-bytes", 32, 1u << 20, 64, false },
	{ "answer-chunks", 0, 1000000, 0, false },
};

/* Seconds such as 1.5, in milliseconds and in range, or the program ends. */
static uint64_t
milliseconds(const struct limit *l, const char *s)
{
	char	*end;
	double	 ms = strtod(s, &end) * 1000;

	if (*s < '0' || *s > '9' || *end != '\0' ||
	    !(ms >= (double)l->min && ms <= (double)l->max)) {
		fprintf(stderr, "load: --%s: seconds from %.1f to %.1f, not "
		    "%s\n", l->name, (double)l->min / 1000,
		    (double)l->max / 1000, s);
		exit(2);
	}
	return (uint64_t)ms;
}

static uint64_t
limit_read(const struct limit *l, const char *s)
{
	return l->seconds ? milliseconds(l, s) :
	    number(l->name, s, l->min, l->max);
}

static uint64_t
value(const uint64_t values[], enum opt o)
{
	return values[o - OPT_STREAMS];
}

/* Turn the numbers given into the plan. */
static void
plan_fill(struct plan *plan, const uint64_t v[])
{
	uint64_t	 ms = value(v, OPT_DURATION), ramp_up;

	if ((value(v, OPT_STREAMS) == 0) == (value(v, OPT_REQUESTS) == 0) ||
	    plan->path == NULL || (value(v, OPT_STREAMS) != 0 &&
	    value(v, OPT_INTERVAL) == 0))
		usage();
	plan->streaming = value(v, OPT_STREAMS) != 0;
	plan->requests = value(v, OPT_REQUESTS);
	plan->conns = plan->streaming ? value(v, OPT_STREAMS) :
	    value(v, OPT_CONCURRENCY);
	plan->body_bytes = value(v, OPT_BODY);
	plan->duration = ms * NS_PER_MS;
	plan->ramp = value(v, OPT_RAMP);
	plan->interval_ms = value(v, OPT_INTERVAL);
	plan->chunk_bytes = value(v, OPT_CHUNK);
	/* The first stream must outlast the opening of the last one. */
	ramp_up = plan->conns * 1000 / plan->ramp + 500;
	plan->answer_chunks = value(v, OPT_ANSWER);
	if (plan->streaming)
		plan->chunks = (ms + ramp_up) / plan->interval_ms + 1;
	plan->timeout = value(v, OPT_TIMEOUT) * NS_PER_MS;
	if (plan->timeout == 0)
		plan->timeout = plan->duration + 30 * NS_PER_S +
		    (plan->streaming ? 2 * ramp_up * NS_PER_MS : 0);
}

static void
options_read(struct plan *plan, int argc, char *argv[])
{
	uint64_t	 values[OPT__END - OPT_STREAMS];
	struct option	 longs[OPT__END - OPT_HEADER + 1] = {
		{ "header", required_argument, NULL, OPT_HEADER },
		{ "url", required_argument, NULL, OPT_URL },
		{ "no-keep-alive", no_argument, NULL, OPT_NO_KEEP_ALIVE },
		{ "help", no_argument, NULL, OPT_HELP },
	};
	int		 c, i;

	for (i = 0; i < OPT__END - OPT_STREAMS; i++) {
		values[i] = limits[i].preset;
		longs[OPT_STREAMS - OPT_HEADER + i] = (struct option){
			limits[i].name, required_argument, NULL,
			OPT_STREAMS + i };
	}
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == OPT_HEADER)
			header_add(plan, optarg);
		else if (c == OPT_URL)
			url_set(plan, optarg);
		else if (c == OPT_NO_KEEP_ALIVE)
			plan->keep_alive = false;
		else if (c >= OPT_STREAMS && c < OPT__END) {
			i = c - OPT_STREAMS;
			values[i] = limit_read(&limits[i], optarg);
		} else
			usage();
	}
	if (optind != argc)
		usage();
	plan_fill(plan, values);
}

/* A thousand streams need more files than a login usually gives. */
static void
raise_file_limit(size_t conns)
{
	struct rlimit	 r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur >= conns + 64)
		return;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur < conns + 64)
		fail("too few open files allowed", strerror(EMFILE));
}

/* Seconds of steady streaming, or of the whole closed loop. */
static double
seconds(const struct plan *plan, const struct tally *t)
{
	uint64_t	 from = t->begun, to = t->ended;

	if (plan->streaming) {
		if (t->steady == 0)
			return 0;
		from = t->steady;
		to = t->unsteady != 0 ? t->unsteady : t->ended;
	}
	return (double)(to - from) / (double)NS_PER_S;
}

/* The first failure's words are ours or strerror's: nothing to escape. */
static uint64_t
report_failures(const struct tally *t)
{
	uint64_t	 sum = 0;

	printf("\"failed\":{");
	for (int i = 0; i < FAIL__MAX; i++) {
		printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "",
		    runner_failure((enum failure)i), t->failed[i]);
		sum += t->failed[i];
	}
	printf("},\"errors\":%" PRIu64 ",\"first_error\":\"%s\"", sum, t->first);
	return sum;
}

/* The one line of JSON. Returns the number of failures. */
static uint64_t
report(const struct plan *plan, struct tally *t)
{
	const struct samples	*l = &t->latency;
	double			 s = seconds(plan, t);
	uint64_t		 failures;

	samples_sort(&t->latency);
	printf("{\"mode\":\"%s\",\"connections\":%zu,\"opened\":%" PRIu64
	    ",\"answers\":%" PRIu64 ",\"bytes\":%" PRIu64
	    ",\"seconds\":%.6f,", plan->streaming ? "streams" : "requests",
	    plan->conns, t->opened, t->answers, t->bytes, s);
	if (plan->streaming)
		printf("\"chunks\":%" PRIu64 ",\"batched\":%" PRIu64 ",",
		    t->chunks, t->batched);
	else
		printf("\"body_bytes\":%zu,\"per_second\":%.2f,",
		    plan->body_bytes, s > 0 ? (double)t->answers / s : 0);
	printf("\"measured\":%zu,\"p50_us\":%.1f,\"p90_us\":%.1f,"
	    "\"p99_us\":%.1f,\"max_us\":%.1f,", l->n,
	    samples_percentile(l, 50), samples_percentile(l, 90),
	    samples_percentile(l, 99), samples_percentile(l, 100));
	failures = report_failures(t);
	printf("}\n");
	return failures;
}

/* Exits 0 when all went well, 1 when a request failed, 2 when it can't run. */
int
main(int argc, char *argv[])
{
	struct plan	 plan = { .keep_alive = true };
	struct tally	 tally = { 0 };
	uint64_t	 failures;

	if ((plan.headers = strdup("")) == NULL)
		fail("memory", strerror(errno));
	options_read(&plan, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit(plan.conns);
	runner_run(&plan, &tally);
	failures = report(&plan, &tally);
	samples_finish(&tally.latency);
	free(plan.host);
	free(plan.headers);
	return failures > 0;
}
