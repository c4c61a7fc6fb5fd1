/*
 * The process of the FastCGI responder: accepting connections, its memory,
 * signals, and how it stops.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/notify.h"
#include "base/util.h"
#include "base/workers.h"
#include "copilot/accounts.h"
#include "copilot/copilot.h"
#include "server/background.h"
#include "server/fcgi.h"
#include "server/follow.h"
#include "server/parts.h"
#include "server/process.h"
#include "server/relay.h"
#include "state/stored.h"

#define ACCEPT_BATCH	64
#define ACCEPT_PAUSE_MS	100	/* after EMFILE */
#define STOP_MORE_S	10	/* for what comes after the drain */
#define DRAIN_LAST_MS	500	/* then for the error events to get out */
#define TRIM_MS		1000	/* after the last large request */
#define MEMORY_KEPT	(32 << 20)	/* until then */
#define MEMORY_LARGE	(8 << 20)	/* a piece that is never kept */

struct process {
	struct server	 *server;
	struct fcgi	  fcgi;
	struct loop_fd	  listen;
	int		  listen_flags;	/* fcntl(2) */
	struct loop_fd	  signals;
	struct loop_timer timer; /* accept again, or the end of the drain */
	struct loop_timer trim;		/* of memory */
	int		  crowded; /* from this descriptor on, idle ones go */
	bool		  last;		/* the errors are out, stop now */
};

bool
process_wanted(void)
{
	int		accepting = 0;
	socklen_t	n = sizeof(accepting);

	return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &accepting,
	    &n) == 0 && accepting != 0;
}

/* --- Accepting. */

/*
 * Others have the socket, too, and can take the flag away: systemd does with
 * each command of ExecReload, whose standard input the socket is as well.
 */
static void
dont_wait(const struct process *p)
{
	fcntl(p->listen.fd, F_SETFL, p->listen_flags | O_NONBLOCK);
}

static void
listen_ready(struct loop_fd *f, unsigned events)
{
	struct process	*p = CONTAINER(f, struct process, listen);
	int		 fd, i;

	(void)events;
	dont_wait(p);
	for (i = 0; i < ACCEPT_BATCH; i++) {
		fd = accept4(f->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM)) {
			if (fcgi_shed(&p->fcgi))
				continue;
			log_warn("accept: %s", strerror(errno));
			loop_fd_stop(p->server->loop, f);
			loop_timer_set(p->server->loop, &p->timer,
			    ACCEPT_PAUSE_MS);
		}
		if (fd < 0)
			return;
		fcgi_connect(&p->fcgi, fd);
		if (fd >= p->crowded)
			fcgi_shed(&p->fcgi);
	}
}

/* --- Memory. */

/*
 * A large body becomes megabytes of pieces and copies. Giving them back after
 * each, as the C library would, costs more than reading them; keeping them in
 * an arena for every thread costs the memory of a thousand streams. So: one
 * arena for the loop, one for the workers, and back when it has been quiet.
 * A request of 2 MB has two pieces of more than that, its body and the call's:
 * to take those from the kernel each time is a thousand page faults, a fifth of
 * the request's processor time.
 * Without fast bins, which the C library would go through piece by piece while
 * a client waits, each time that something large is freed.
 */
static void
memory_set(void)
{
	mallopt(M_MXFAST, 0);
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
	mallopt(M_MMAP_THRESHOLD, MEMORY_LARGE);
}

static void
trim_run(struct job *job)
{
	free(job);
	malloc_trim(0);
}

static void
trim_due(struct loop_timer *t)
{
	struct process	*p = CONTAINER(t, struct process, trim);
	struct job	*job = xcalloc(1, sizeof(*job));

	job->run = trim_run;
	workers_submit(p->server->workers, job);
}

/* --- Stopping. */

static void
stop_when_drained(struct process *p)
{
	if (p->server->draining && p->fcgi.busy == 0 && p->server->runs == 0)
		loop_stop(p->server->loop);
}

static void
request_done(struct fcgi *fcgi, bool large)
{
	struct process *p = CONTAINER(fcgi, struct process, fcgi);

	if (large)
		loop_timer_set(p->server->loop, &p->trim, TRIM_MS);
	stop_when_drained(p);
}

/* The last answer in the background has ended. */
static void
runs_ended(struct server *s)
{
	stop_when_drained(s->process);
}

static void
timer_due(struct loop_timer *t)
{
	struct process *p = CONTAINER(t, struct process, timer);

	if (!p->server->draining)
		loop_fd_set(p->server->loop, &p->listen,
		    EPOLLIN | EPOLLEXCLUSIVE);
	else if (!p->last) {
		p->last = true;
		loop_timer_set(p->server->loop, t, DRAIN_LAST_MS);
		relay_stop_all(p->server);
		follow_stop_all(p->server);
	} else
		loop_stop(p->server->loop);
}

/*
 * Stop accepting and let what is under way come to its end for a while.
 * The listening socket is only left alone, not shut down: other processes may
 * share it (spawn-fcgi -F).
 */
static void
drain(struct process *p, int64_t ms)
{
	p->server->draining = true;
	/* However long that is: the manager's own limit may be shorter. */
	notify("STOPPING=1\nSTATUS=Waiting for %d request(s)\n"
	    "EXTEND_TIMEOUT_USEC=%lld", p->fcgi.busy,
	    (long long)(ms + STOP_MORE_S * 1000) * 1000);
	loop_fd_stop(p->server->loop, &p->listen);
	fcgi_close_idle(&p->fcgi);
	loop_timer_set(p->server->loop, &p->timer, ms);
	stop_when_drained(p);
}

/* How long answers under way may take to their end. */
static int64_t
drain_time(const struct process *p)
{
	struct conf	*conf = conf_file_get(p->server->conf_file);
	int64_t		 ms = conf->drain_ms;

	conf_unref(conf);
	return ms;
}

/* An edited file is read without being asked; being asked must not kill. */
static void
reload(struct process *p)
{
	conf_unref(conf_file_get(p->server->conf_file));
	log_info("SIGHUP: the configuration is up to date");
}

static void
signals_ready(struct loop_fd *f, unsigned events)
{
	struct process		*p = CONTAINER(f, struct process, signals);
	struct signalfd_siginfo	 info;

	(void)events;
	if (read(f->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		reload(p);
		return;
	}
	log_info("signal %u: stopping, %d request(s) under way", info.ssi_signo,
	    p->fcgi.busy + p->server->runs);
	/* Ctrl-C, or asked twice: do not wait. */
	drain(p, info.ssi_signo == SIGINT || p->server->draining ? 0 :
	    drain_time(p));
}

static int
block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The default account's token and list, before anybody asks. */
static void
warm(struct server *server)
{
	struct conf *conf = conf_file_get(server->conf_file);

	copilot_warm(accounts_find(server->accounts,
	    conf->default_account)->copilot);
	conf_unref(conf);
}

/* Readable signals, which no thread gets in another way. */
static void
signals_watch(struct process *p)
{
	p->signals.fd = block_signals();	/* before any thread starts */
	p->signals.ready = signals_ready;
	if (p->signals.fd < 0 ||
	    !loop_fd_set(p->server->loop, &p->signals, EPOLLIN))
		die("no signals: %s", strerror(errno));
}

static void
listen_watch(struct process *p)
{
	const struct timeval	no_time = { .tv_usec = 1 };
	struct rlimit		files = { 0 };

	getrlimit(RLIMIT_NOFILE, &files);
	p->crowded = files.rlim_cur / 2 < INT_MAX ?
	    (int)files.rlim_cur / 2 : INT_MAX;
	p->listen.fd = STDIN_FILENO;
	p->listen.ready = listen_ready;
	p->listen_flags = fcntl(STDIN_FILENO, F_GETFL);
	dont_wait(p);
	/* Should the flag go between that and the accept(2). */
	setsockopt(STDIN_FILENO, SOL_SOCKET, SO_RCVTIMEO, &no_time,
	    sizeof(no_time));
	if (!loop_fd_set(p->server->loop, &p->listen,
	    EPOLLIN | EPOLLEXCLUSIVE))
		die("cannot listen: %s", strerror(errno));
}

static void
process_finish(struct process *p)
{
	fcgi_finish(&p->fcgi);
	loop_timer_stop(p->server->loop, &p->timer);
	loop_timer_stop(p->server->loop, &p->trim);
	loop_fd_stop(p->server->loop, &p->signals);
	close(p->signals.fd);
}

void
process_run(struct server *server)
{
	struct process p = { .server = server };

	p.timer.expired = timer_due;
	p.trim.expired = trim_due;
	signals_watch(&p);
	memory_set();
	fcgi_init(&p.fcgi, server);
	p.fcgi.done = request_done;
	server->process = &p;
	server->quiet = runs_ended;
	listen_watch(&p);
	warm(server);
	stored_tidy(server->stored);
	background_clear(server);
	log_info("copilot-api " PACKAGE_VERSION " ready");
	notify("READY=1\nSTATUS=copilot-api " PACKAGE_VERSION " serves");
	loop_run(server->loop);
	log_info("stopped");
	/* A worker may be in the middle of all this. */
	if (p.fcgi.busy > 0 || server->runs > 0)
		_exit(0);
	process_finish(&p);
	server->process = NULL;
}
