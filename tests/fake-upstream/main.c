/* Arguments, the listening socket, the end. */
#include "config.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "bill.h"
#include "catalog.h"
#include "conn.h"
#include "fake.h"

#define BACKLOG		4096
#define ACCEPT_MAX	64	/* a batch */

struct args {
	const char	*host, *port_file;
	int		 port;
	bool		 exit_with_stdin;
};

/* A signal, or the end of standard input: stop. */
struct stopper {
	struct watch	 watch;
	struct evloop	*loop;
};

static void
usage(void)
{
	fputs("usage: fake-upstream [--port N] [--host ADDRESS] "
	    "[--port-file FILE] [--fast]\n"
	    "           [--demo] [--exit-with-stdin]\n", stderr);
	exit(2);
}

static void
parse_args(int argc, char **argv, struct args *a, struct fake *f)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "host", required_argument, NULL, 'h' },
		{ "port-file", required_argument, NULL, 'o' },
		{ "fast", no_argument, NULL, 'f' },
		{ "demo", no_argument, NULL, 'd' },
		{ "exit-with-stdin", no_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t	n;
	int	c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			if (!util_parse_int64(optarg, &n) || n < 0 ||
			    n > 65535)
				usage();
			a->port = (int)n;
			break;
		case 'h':
			a->host = optarg;
			break;
		case 'o':
			a->port_file = optarg;
			break;
		case 'f':
			f->fast = true;
			break;
		case 'd':
			f->demo = true;
			break;
		case 'x':
			a->exit_with_stdin = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc)
		usage();
}

void
fake_reset(struct fake *f)
{
	size_t open = f->count.open, active = f->count.active;

	scenario_clear(&f->scenarios);
	f->tokens.script_at = 0;
	record_clear(&f->record);
	f->record.off = f->fast;
	json_object_put(f->set);
	f->set = settings_default(f);
	catalog_forget(f);
	bill_clear(f);
	f->count = (struct counters){ .open = open, .open_peak = open,
	    .active = active, .active_peak = active };
}

static void
accept_ready(struct watch *w, uint32_t events)
{
	struct fake	*f = CONTAINER(w, struct fake, listener);
	int		 fd, i;

	(void)events;
	for (i = 0; i < ACCEPT_MAX; i++) {
		fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1) {
			conn_accept(f, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE)
			die("no more descriptors: raise the limit (ulimit -n)");
		if (errno == EAGAIN)
			return;
	}
}

static void
listen_on(struct fake *f, const struct args *a)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			on = 1;

	sin.sin_port = htons((uint16_t)a->port);
	if (inet_pton(AF_INET, a->host, &sin.sin_addr) != 1)
		die("--host %s: expected an IPv4 address", a->host);
	f->listener.fd = socket(AF_INET,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	f->listener.fn = accept_ready;
	if (f->listener.fd == -1 ||
	    setsockopt(f->listener.fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) != 0 ||
	    bind(f->listener.fd, (struct sockaddr *)&sin, len) != 0 ||
	    listen(f->listener.fd, BACKLOG) != 0 ||
	    getsockname(f->listener.fd, (struct sockaddr *)&sin, &len) != 0)
		die("%s port %d: %s", a->host, a->port, strerror(errno));
	f->port = ntohs(sin.sin_port);
	if (!evloop_add(&f->loop, &f->listener, EPOLLIN))
		die("epoll_ctl: %s", strerror(errno));
}

static void
stop_ready(struct watch *w, uint32_t events)
{
	struct stopper	*s = CONTAINER(w, struct stopper, watch);
	char		 sink[4096];

	(void)events;
	if (w->fd == STDIN_FILENO && read(w->fd, sink, sizeof(sink)) > 0)
		return;
	s->loop->stop = true;
}

static void
watch_signals(struct fake *f, struct stopper *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*s = (struct stopper){ { -1, stop_ready }, &f->loop };
	s->watch.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->watch.fd == -1 || !evloop_add(&f->loop, &s->watch, EPOLLIN))
		die("signalfd: %s", strerror(errno));
}

/* A regular file or /dev/null as standard input never ends: no watch then. */
static void
watch_stdin(struct fake *f, struct stopper *s)
{
	*s = (struct stopper){ { STDIN_FILENO, stop_ready }, &f->loop };
	if (!evloop_add(&f->loop, &s->watch, EPOLLIN))
		fputs("fake-upstream: --exit-with-stdin needs a pipe\n",
		    stderr);
}

/* Whole or not at all: a test waits for the file to appear. */
static void
write_port(const char *path, int port)
{
	char	*tmp = xasprintf("%s.tmp", path);
	FILE	*fp = fopen(tmp, "we");

	if (fp == NULL || fprintf(fp, "%d\n", port) < 0 || fclose(fp) != 0 ||
	    rename(tmp, path) != 0)
		die("%s: %s", path, strerror(errno));
	free(tmp);
}

static void
raise_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

int
main(int argc, char **argv)
{
	struct args	a = { .host = "127.0.0.1" };
	struct fake	f = { 0 };
	struct stopper	sig, in;

	parse_args(argc, argv, &a, &f);
	signal(SIGPIPE, SIG_IGN);
	raise_limit();
	evloop_init(&f.loop);
	f.loop.after = conn_free_dead;
	f.loop.arg = &f;
	fake_reset(&f);
	listen_on(&f, &a);
	watch_signals(&f, &sig);
	if (a.exit_with_stdin)
		watch_stdin(&f, &in);
	printf("fake upstream on http://%s:%d\n", a.host, f.port);
	fflush(stdout);
	if (a.port_file != NULL)
		write_port(a.port_file, f.port);

	evloop_run(&f.loop);

	conn_end_all(&f);
	fake_reset(&f);
	tokens_clear(&f.tokens);
	issued_clear(&f.issued);
	json_object_put(f.set);
	close(f.listener.fd);
	close(sig.watch.fd);
	evloop_finish(&f.loop);
	return 0;
}
