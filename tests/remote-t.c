/*
 * Fetching by an address: which addresses are public, what URLs and rules mean,
 * and what a hostile DNS achieves, which is nothing. The resolver is this
 * program's own: libcurl's calls of getaddrinfo() end here.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "base/addr.h"
#include "base/budget.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/loop.h"
#include "base/url.h"
#include "base/util.h"
#include "remote/blob.h"
#include "remote/remote.h"
#include "remote/rules.h"

/* --- The resolver. */

static atomic_int lookups;

/* The address of a name; a name that is asked twice may have two. */
static const char *
answer(const char *name)
{
	int n = atomic_fetch_add(&lookups, 1);

	if (strcmp(name, "inside.test") == 0)
		return "127.0.0.1";
	if (strcmp(name, "mapped.test") == 0)
		return "::ffff:127.0.0.1";
	if (strcmp(name, "six.test") == 0)
		return "::1";
	if (strcmp(name, "flips.test") == 0)
		return n == 0 ? "127.0.0.2" : "127.0.0.1";
	if (strcmp(name, "slow.test") == 0)
		sleep(4);
	return NULL;
}

static struct addrinfo *
info_of(const char *text, const char *port)
{
	struct addrinfo		*ai = calloc(1, sizeof(*ai) +
				    sizeof(struct sockaddr_in6));
	struct sockaddr_in	*four = (struct sockaddr_in *)(void *)(ai + 1);
	struct sockaddr_in6	*six = (struct sockaddr_in6 *)(void *)(ai + 1);
	in_port_t		 number = htons((uint16_t)atoi(port));

	assert_non_null(ai);
	ai->ai_addr = (struct sockaddr *)(void *)(ai + 1);
	ai->ai_socktype = SOCK_STREAM;
	ai->ai_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	ai->ai_addr->sa_family = (sa_family_t)ai->ai_family;
	if (ai->ai_family == AF_INET6) {
		ai->ai_addrlen = sizeof(*six);
		inet_pton(AF_INET6, text, &six->sin6_addr);
		six->sin6_port = number;
	} else {
		ai->ai_addrlen = sizeof(*four);
		inet_pton(AF_INET, text, &four->sin_addr);
		four->sin_port = number;
	}
	return ai;
}

int
getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
    struct addrinfo **res)
{
	const char *text = answer(name);

	(void)hints;
	if (text == NULL)
		return EAI_NONAME;
	*res = info_of(text, port != NULL ? port : "0");
	return 0;
}

void
freeaddrinfo(struct addrinfo *ai)
{
	struct addrinfo *next;

	for (; ai != NULL; ai = next) {
		next = ai->ai_next;
		free(ai);
	}
}

/* --- A server inside of the network. */

static const char png[] = "\x89PNG\r\n\x1a\n and so on";

static struct {
	int		 fd;
	int		 port;
	atomic_int	 asked;
	pthread_t	 thread;
} server;

static void
serve_one(int fd)
{
	char	got[4096], out[512];
	ssize_t	n = read(fd, got, sizeof(got) - 1);
	int	len;

	if (n <= 0)
		return;
	got[n] = '\0';
	atomic_fetch_add(&server.asked, 1);
	if (strstr(got, "Cookie:") != NULL || strstr(got, "Authoriz") != NULL)
		len = snprintf(out, sizeof(out), "HTTP/1.1 500 No\r\n\r\n");
	else if (strncmp(got, "GET /to-inside", 14) == 0)
		len = snprintf(out, sizeof(out), "HTTP/1.1 302 Found\r\n"
		    "Set-Cookie: a=b\r\nLocation: http://inside.test:%d/png"
		    "\r\nContent-Length: 0\r\n\r\n", server.port);
	else if (strncmp(got, "GET /to-self", 12) == 0)
		len = snprintf(out, sizeof(out), "HTTP/1.1 302 Found\r\n"
		    "Set-Cookie: a=b\r\nLocation: /png\r\n"
		    "Content-Length: 0\r\n\r\n");
	else
		len = snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\n"
		    "Content-Length: %zu\r\n\r\n%s", strlen(png), png);
	if (write(fd, out, (size_t)len) < 0)
		return;
}

static void *
serve(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
		serve_one(fd);
		close(fd);
	}
	return NULL;
}

static int
start(void **state)
{
	struct sockaddr_in	sa = { .sin_family = AF_INET };
	socklen_t		n = sizeof(sa);

	(void)state;
	server.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(server.fd, (struct sockaddr *)&sa, n) < 0 ||
	    listen(server.fd, 16) < 0 ||
	    getsockname(server.fd, (struct sockaddr *)&sa, &n) < 0)
		return -1;
	server.port = ntohs(sa.sin_port);
	return pthread_create(&server.thread, NULL, serve, NULL);
}

static int
finish(void **state)
{
	(void)state;
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	return 0;
}

/* --- A fetch. */

struct fetched {
	struct remote_job	 job;
	struct loop		*loop;
	struct loop_timer	 impatience;
	bool			 ready, failed;
	struct err		 err;
};

static void
ready(struct remote_job *job, const struct err *err)
{
	struct fetched *f = CONTAINER(job, struct fetched, job);

	f->ready = true;
	f->failed = err != NULL;
	if (err != NULL)
		f->err = *err;
	loop_stop(f->loop);
}

static void
too_long(struct loop_timer *t)
{
	loop_stop(CONTAINER(t, struct fetched, impatience)->loop);
}

static struct conf *
conf_with(const char *rules)
{
	char		 dir[] = "/tmp/remote-t.XXXXXX";
	char		*text, *path;
	struct conf	*conf;
	struct err	 err;
	FILE		*f;

	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/config.json", dir);
	text = xasprintf("{\"fetchImages\": %s}", rules);
	assert_non_null(f = fopen(path, "w"));
	fputs(text, f);
	fclose(f);
	conf = conf_load(dir, NULL, &err);
	if (conf == NULL)
		fail_msg("%s", err.msg);
	unlink(path);
	rmdir(dir);
	free(text);
	free(path);
	return conf;
}

/* Fetch it, waiting so many milliseconds at most; the list is left in "l". */
static void
fetch(const char *rules, const char *host, const char *path, int64_t ms,
    struct remote_list *l, struct fetched *f)
{
	struct budget_account	 memory = { .held = 0 };
	struct conf		*conf = conf_with(rules);
	struct remote		*remote;
	char			*address;

	address = xasprintf("http://%s:%d%s", host, server.port, path);
	*f = (struct fetched){ .loop = loop_create() };
	remote = remote_create(f->loop, NULL);
	*l = (struct remote_list){ .n = 0 };
	l->scope = xstrdup("");
	remote_add(l, address, false, "messages[0]");
	f->job.list = l;
	f->job.conf = conf;
	f->job.memory = &memory;
	f->job.ready = ready;
	f->impatience.expired = too_long;
	atomic_store(&lookups, 0);
	remote_start(remote, &f->job);
	assert_false(f->ready);
	loop_timer_set(f->loop, &f->impatience, ms);
	loop_run(f->loop);
	remote_cancel(&f->job);
	loop_timer_stop(f->loop, &f->impatience);
	remote_destroy(remote);
	loop_destroy(f->loop);
	conf_unref(conf);
	free(address);
}

/* --- Tests. */

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage	 ss = { 0 };
	struct addrinfo		*ai = info_of(text, "80");

	memcpy(&ss, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	return ss;
}

static void
test_public(void **state)
{
	static const struct {
		const char	*text;
		bool		 is_public;
	} cases[] = {
		{ "8.8.8.8", true }, { "1.1.1.1", true },
		{ "100.63.255.255", true }, { "100.128.0.0", true },
		{ "172.15.255.255", true }, { "172.32.0.0", true },
		{ "192.0.1.0", true }, { "223.255.255.255", true },
		{ "2606:4700::1111", true }, { "2a00:1450::1", true },
		{ "2001:200::1", true },
		{ "0.0.0.0", false }, { "0.1.2.3", false },
		{ "10.0.0.1", false }, { "127.0.0.1", false },
		{ "127.255.255.254", false }, { "100.64.0.1", false },
		{ "100.100.100.200", false }, { "169.254.169.254", false },
		{ "172.16.0.1", false }, { "172.31.255.255", false },
		{ "192.168.1.1", false }, { "192.0.0.192", false },
		{ "192.0.2.1", false }, { "192.88.99.1", false },
		{ "198.18.0.1", false }, { "198.19.255.255", false },
		{ "198.51.100.1", false }, { "203.0.113.1", false },
		{ "168.63.129.16", false }, { "224.0.0.1", false },
		{ "239.255.255.255", false }, { "240.0.0.1", false },
		{ "255.255.255.255", false },
		{ "::", false }, { "::1", false }, { "::8.8.8.8", false },
		{ "::ffff:127.0.0.1", false }, { "::ffff:8.8.8.8", false },
		{ "64:ff9b::808:808", false }, { "64:ff9b:1::1", false },
		{ "100::1", false }, { "2001::1", false },
		{ "2001:db8::1", false }, { "2002:7f00:1::1", false },
		{ "2002:808:808::1", false }, { "3fff::1", false },
		{ "fc00::1", false }, { "fd00:ec2::254", false },
		{ "fe80::1", false }, { "fec0::1", false },
		{ "ff02::1", false }, { "4000::1", false },
	};
	struct sockaddr_storage	ss;
	size_t			i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		ss = address(cases[i].text);
		if (addr_is_public((struct sockaddr *)&ss) !=
		    cases[i].is_public)
			fail_msg("%s", cases[i].text);
	}
	ss.ss_family = AF_UNIX;
	assert_false(addr_is_public((struct sockaddr *)&ss));
}

static void
test_ranges(void **state)
{
	static const struct {
		const char	*range, *text;
		bool		 in;
	} cases[] = {
		{ "10.1.0.0/16", "10.1.255.1", true },
		{ "10.1.0.0/16", "10.2.0.1", false },
		{ "10.1.2.3", "10.1.2.3", true },
		{ "10.1.2.3", "10.1.2.4", false },
		{ "10.0.0.0/9", "10.127.0.1", true },
		{ "10.0.0.0/9", "10.128.0.1", false },
		{ "0.0.0.0/0", "127.0.0.1", true },
		{ "0.0.0.0/0", "::1", false },
		{ "fd00::/8", "fdff::1", true },
		{ "fd00::/8", "fe00::1", false },
	};
	static const char *const none[] = {
		"", "10.1.2", "10.1.2.3/", "10.1.2.3/33", "10.1.2.3/-1",
		"fd00::/129", "wiki.lan", "10.1.2.3/8x", "[::1]"
	};
	struct sockaddr_storage	ss;
	struct addr_range	r;
	size_t			i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		ss = address(cases[i].text);
		assert_true(addr_range_read(cases[i].range, &r));
		if (addr_in_range((struct sockaddr *)&ss, &r) != cases[i].in)
			fail_msg("%s in %s", cases[i].text, cases[i].range);
	}
	for (i = 0; i < COUNT(none); i++)
		if (addr_range_read(none[i], &r))
			fail_msg("%s", none[i]);
}

static void
test_urls(void **state)
{
	static const struct {
		const char	*base, *text;
		enum url_read	 said;
		const char	*host;
		bool		 tls;
	} cases[] = {
		{ NULL, "https://a.example/x.png?y#z", URL_READ, "a.example",
		    true },
		{ NULL, "HTTP://A.example./x", URL_READ, "A.example", false },
		{ NULL, "https://[::1]:8443/", URL_READ, "::1", true },
		/* What a resolver would read as an address is one. */
		{ NULL, "http://0x7f.1/", URL_READ, "127.0.0.1", false },
		{ NULL, "http://2130706433/", URL_READ, "127.0.0.1", false },
		{ NULL, "http://0177.0.0.1/", URL_READ, "127.0.0.1", false },
		{ NULL, "https://user@a.example/", URL_USER, NULL, false },
		{ NULL, "https://u:p@a.example/", URL_USER, NULL, false },
		{ NULL, "https://a.example@10.0.0.1/", URL_USER, NULL, false },
		{ NULL, "ftp://a.example/x", URL_SCHEME, NULL, false },
		{ NULL, "file:///etc/passwd", URL_SCHEME, NULL, false },
		{ NULL, "gopher://a.example/x", URL_SCHEME, NULL, false },
		{ NULL, "https://", URL_MALFORMED, NULL, false },
		{ NULL, "//a.example/x", URL_MALFORMED, NULL, false },
		{ NULL, "https://a b/", URL_MALFORMED, NULL, false },
		{ NULL, "https://a.example:99999/", URL_MALFORMED, NULL,
		    false },
		{ "https://a.example/b/c", "../d", URL_READ, "a.example",
		    true },
		{ "https://a.example/b", "//10.0.0.1/d", URL_READ, "10.0.0.1",
		    true },
		{ "https://a.example/b", "http://b.example/", URL_READ,
		    "b.example", false },
		{ "https://a.example/b", "file:///etc/passwd", URL_SCHEME,
		    NULL, false },
		{ "https://a.example/b", "https://x@b.example/", URL_USER,
		    NULL, false },
	};
	struct url	url;
	enum url_read	said;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		said = url_read(cases[i].base, cases[i].text, &url);
		if (said != cases[i].said || (said == URL_READ &&
		    (strcmp(url.host, cases[i].host) != 0 ||
		    url.tls != cases[i].tls || strchr(url.text, '#') != NULL)))
			fail_msg("%s: %d, %s", cases[i].text, (int)said,
			    url.host != NULL ? url.host : "");
		url_finish(&url);
	}
}

static void
test_rules(void **state)
{
	static const struct {
		const char	*rules[3], *host;
		bool		 tls, may;
	} cases[] = {
		{ { "public" }, "a.example", true, true },
		{ { "public" }, "a.example", false, false },
		{ { "http://public" }, "a.example", false, true },
		{ { NULL }, "a.example", true, false },
		{ { "a.example" }, "A.EXAMPLE", true, true },
		{ { "a.example" }, "b.a.example", true, false },
		{ { "*.a.example" }, "b.a.example", true, true },
		{ { "*.a.example" }, "a.example", true, false },
		{ { "*.a.example" }, "ba.example", true, false },
		{ { "10.0.0.0/8" }, "10.1.2.3", true, true },
		{ { "10.0.0.0/8" }, "11.1.2.3", true, false },
		{ { "10.0.0.0/8" }, "a.example", true, false },
		{ { "x.example", "http://a.example" }, "a.example", false,
		    true },
		{ { "fd00::/8" }, "fd00::1", true, true },
	};
	struct sockaddr_storage	 ss = address("10.1.2.3");
	char			*named[] = { (char *)"a.example", NULL };
	char			*ranged[] = { (char *)"http://10.1.0.0/16",
				    NULL };
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (remote_may_ask((char *const *)(const void *)
		    cases[i].rules, cases[i].host, cases[i].tls) !=
		    cases[i].may)
			fail_msg("%s: %s", cases[i].rules[0], cases[i].host);
	/* To be named does not help a host inside; its address has to be. */
	assert_false(remote_may_connect(named, (struct sockaddr *)&ss));
	assert_true(remote_may_connect(ranged, (struct sockaddr *)&ss));
}

static void
test_types(void **state)
{
#define T(s, want) { s, sizeof(s) - 1, want }
	static const struct {
		const char	*p;
		size_t		 n;
		const char	*want;
	} cases[] = {
		T("\x89PNG\r\n\x1a\n", "image/png"),
		T("\xff\xd8\xff\xe0", "image/jpeg"),
		T("GIF87a", "image/gif"), T("GIF89a..", "image/gif"),
		T("RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
		T("RIFF\0\0\0\0WAVE", NULL), T("RIFF", NULL),
		T("%PDF-1.7", "application/pdf"),
		T("\r\n%PDF-1.4", "application/pdf"),
		T("", NULL), T("GIF", NULL), T("<html>", NULL),
		T("\x1f\x8b\x08", NULL), T("<svg xmlns", NULL),
	};
	size_t		 i;
	const char	*got;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = remote_type(cases[i].p, cases[i].n);
		if ((got == NULL) != (cases[i].want == NULL) || (got != NULL &&
		    strcmp(got, cases[i].want) != 0))
			fail_msg("%zu: %s", i, got != NULL ? got : "none");
	}
}

/* No name leads into the network; nobody is even connected to. */
static void
test_hostile_dns(void **state)
{
	static const char *const hosts[] = {
		"inside.test", "mapped.test", "six.test", "127.0.0.1",
		"127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]",
		"0.0.0.0", "[::]", "gone.test"
	};
	struct fetched		f;
	struct remote_list	l;
	char			first[1024];
	size_t			i, before = (size_t)server.asked;

	(void)state;
	for (i = 0; i < COUNT(hosts); i++) {
		fetch("[\"http://public\", \"http://*.test\"]", hosts[i],
		    "/png", 10000, &l, &f);
		assert_true(f.ready && f.failed);
		assert_int_equal(f.err.status, 400);
		assert_string_equal(f.err.code, "invalid_image_url");
		assert_string_equal(f.err.param, "messages[0]");
		/* A name that there is and one that isn't: the same words. */
		if (i == 0)
			snprintf(first, sizeof(first), "%s",
			    strstr(f.err.msg, "its server"));
		assert_string_equal(strstr(f.err.msg, "its server"), first);
		remote_finish(&l);
	}
	assert_int_equal(server.asked, before);
}

static void
test_allowed(void **state)
{
	struct fetched		f;
	struct remote_list	l;

	(void)state;
	fetch("[\"http://inside.test\", \"127.0.0.1\"]", "inside.test", "/png",
	    10000, &l, &f);
	if (f.failed)
		fail_msg("%s", f.err.msg);
	assert_true(f.ready && l.want[0].blob != NULL);
	assert_string_equal(l.want[0].blob->type, "image/png");
	assert_int_equal(l.want[0].blob->bytes.len, strlen(png));
	remote_finish(&l);
	/* Cookies are no business of redirects. */
	fetch("[\"http://inside.test\", \"127.0.0.1\"]", "inside.test",
	    "/to-self", 10000, &l, &f);
	assert_true(f.ready && !f.failed);
	remote_finish(&l);
}

/* A server that may be asked sends to one that may not, by name or address. */
static void
test_redirects(void **state)
{
	struct fetched		f;
	struct remote_list	l;
	int			before = server.asked;

	(void)state;
	fetch("[\"http://flips.test\", \"http://inside.test\", "
	    "\"127.0.0.2/32\"]", "flips.test", "/to-inside", 10000, &l, &f);
	assert_true(f.ready && f.failed);
	assert_non_null(strstr(f.err.msg, "public"));
	assert_int_equal(server.asked, before + 1);
	remote_finish(&l);
	fetch("[\"http://flips.test\", \"127.0.0.2/32\"]", "flips.test",
	    "/to-inside", 10000, &l, &f);
	assert_true(f.ready && f.failed);
	assert_non_null(strstr(f.err.msg, "does not fetch from that host"));
	assert_int_equal(server.asked, before + 2);
	remote_finish(&l);
}

/* Who waits for a place costs nothing: with a scan for each it took minutes. */
static void
test_many_wait(void **state)
{
	enum { MANY = 4000 };
	struct budget_account	 memory = { .held = 0 };
	struct conf		*conf = conf_with("[\"http://public\"]");
	struct loop		*loop = loop_create();
	struct remote		*remote = remote_create(loop, NULL);
	struct remote_list	*lists = xcalloc(MANY, sizeof(*lists));
	struct remote_job	*jobs = xcalloc(MANY, sizeof(*jobs));
	clock_t			 begun = clock();
	int			 i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		remote_add(&lists[i], "http://slow.test/png", false, "x");
		jobs[i] = (struct remote_job){ .list = &lists[i],
		    .conf = conf, .memory = &memory };
		remote_start(remote, &jobs[i]);
	}
	for (i = 0; i < MANY; i++) {
		remote_cancel(&jobs[MANY - 1 - i]);
		remote_finish(&lists[MANY - 1 - i]);
	}
	assert_true(clock() - begun < 10 * CLOCKS_PER_SEC);
	remote_destroy(remote);
	loop_destroy(loop);
	conf_unref(conf);
	free(lists);
	free(jobs);
}

/* A resolver that takes its time holds up nobody, nor who gives up on it. */
static void
test_slow_dns(void **state)
{
	struct fetched		f;
	struct remote_list	l;
	int64_t			begun = util_now_ms();

	(void)state;
	fetch("[\"http://public\"]", "slow.test", "/png", 300, &l, &f);
	assert_false(f.ready);
	assert_true(util_now_ms() - begun < 3000);
	remote_finish(&l);
	sleep(5);		/* its thread ends before the program does */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_hostile_dns),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_many_wait),
		cmocka_unit_test(test_slow_dns),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, finish);
}
