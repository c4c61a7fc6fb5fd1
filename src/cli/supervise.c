/*
 * lighttpd and the responders it starts, as our children: their log goes to
 * our standard error, signals go to them, and none of them outlives us.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/lighttpd.h"
#include "cli/probe.h"

#define SAY_MS		500	/* then it is said what is waited for */
#define TOLD_MS		2000	/* for the error events of what is left */
#define GRACE_MS	2000	/* for lighttpd without its clients */
#define KILLED_MS	2000	/* for the kernel after SIGKILL */
#define TRY_MS		20	/* between looks whether it answers */
#define LOOK_MS		1000	/* at the request bodies */
#define CHILDREN_MAX	64

/*
 * Stopping: lighttpd takes no more clients and ends with the last one. After
 * the drain time the responder ends, too, which tells those left. Then lighttpd
 * drops its clients, and at last the kernel ends all.
 */
enum phase { STARTING, RUNNING, STOPPING, DRAINING, TELLING, DROPPING, KILLED };

struct supervisor {
	const struct lighttpd	*lighttpd;
	pid_t			 pid;		/* of lighttpd; 0: has ended */
	pid_t			 group;		/* of it and the responders */
	int			 log;		/* their stderr; -1 closed */
	int			 signals;	/* signalfd */
	struct probe		 probe;		/* while it is STARTING */
	enum phase		 phase;
	bool			 asked;		/* to stop, by a signal */
	bool			 terminal;	/* it was started from one */
	int			 status;	/* of lighttpd, from wait() */
	int64_t			 deadline;	/* of the phase */
};

static void
set_mask(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

/*
 * In the child. A group of its own keeps the terminal's Ctrl-C from reaching
 * the responders before lighttpd; should we be killed, lighttpd is told.
 */
static void
become_lighttpd(const struct lighttpd *l, int log, pid_t parent)
{
	sigset_t	set;
	int		null = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(1);
	log_pass(STDERR_FILENO);
	execl(l->program, "lighttpd", "-D", "-f", l->file, (char *)NULL);
	dprintf(STDERR_FILENO, "copilot-api: %s: %s\n", l->program,
	    strerror(errno));
	_exit(127);
}

static bool
spawn(struct supervisor *s)
{
	int	pipe_fds[2];
	pid_t	self = getpid();

	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return false;
	if ((s->pid = fork()) == 0)
		become_lighttpd(s->lighttpd, pipe_fds[1], self);
	close(pipe_fds[1]);
	s->log = pipe_fds[0];
	s->group = s->pid;
	if (s->pid < 0) {
		close(s->log);
		return false;
	}
	setpgid(s->pid, s->pid);	/* whoever comes first */
	fcntl(s->log, F_SETFL, O_NONBLOCK);
	return true;
}

/* Pass on what they say; a terminal that has gone is no reason to stop. */
static void
copy_log(struct supervisor *s)
{
	char	 text[8192];
	char	*p;
	ssize_t	 n, done;

	n = read(s->log, text, sizeof(text));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(s->log);
		s->log = -1;
		return;
	}
	for (p = text; n > 0; p += done, n -= done)
		if ((done = write(STDERR_FILENO, p, (size_t)n)) < 0)
			break;
}

static void
enter(struct supervisor *s, enum phase phase, int64_t ms)
{
	s->phase = phase;
	s->deadline = util_now_ms() + ms;
}

/* lighttpd's children; without Linux's list of them nobody is told. */
static void
tell_responders(const struct supervisor *s, int sig)
{
	char	 path[64];
	int	 pids[CHILDREN_MAX], n = 0;
	FILE	*f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)s->pid,
	    (int)s->pid);
	if (s->pid <= 0 || (f = fopen(path, "re")) == NULL)
		return;
	while (n < CHILDREN_MAX && fscanf(f, "%d", &pids[n]) == 1)
		n++;
	fclose(f);
	while (n > 0)
		kill(pids[--n], sig);
}

/* Every client keeps its answer; see enum phase for what follows. */
static void
stop(struct supervisor *s)
{
	if (s->phase >= STOPPING)
		return;
	if (s->pid > 0)
		kill(s->pid, SIGINT);
	enter(s, STOPPING, SAY_MS);
}

static void
kill_all(struct supervisor *s)
{
	if (s->phase == KILLED)
		return;
	kill(-s->group, SIGKILL);
	enter(s, KILLED, KILLED_MS);
}

/* The time of a phase of stopping is over. */
static void
stop_harder(struct supervisor *s)
{
	switch (s->phase) {
	case STOPPING:
		fprintf(stderr, "copilot-api: waiting up to %lld s for answers "
		    "under way; Ctrl-C ends them\n",
		    (long long)s->lighttpd->drain_ms / 1000);
		enter(s, DRAINING, s->lighttpd->drain_ms - SAY_MS);
		break;
	case DRAINING:
		tell_responders(s, SIGINT);
		enter(s, TELLING, TOLD_MS);
		break;
	case TELLING:
		if (s->pid > 0)
			kill(s->pid, SIGTERM);
		enter(s, DROPPING, GRACE_MS);
		break;
	default:
		kill_all(s);
	}
}

/* True when no child is left. */
static bool
reap(struct supervisor *s)
{
	int	status;
	pid_t	pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != s->pid)
			continue;	/* a responder whose lighttpd died */
		s->pid = 0;
		s->status = status;
		kill(-s->group, SIGTERM);
		if (s->phase < DROPPING)
			enter(s, DROPPING, GRACE_MS);
	}
	return pid < 0 && errno == ECHILD;
}

static bool
have_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Also of their log files, should they have some. */
static void
reload(struct supervisor *s, const struct lighttpd_ops *ops, void *arg)
{
	if (!ops->reload(arg) || s->phase != RUNNING)
		return;
	if (s->pid > 0)
		kill(s->pid, SIGHUP);
	tell_responders(s, SIGHUP);
}

static void
take_signals(struct supervisor *s, const struct lighttpd_ops *ops, void *arg)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		/* A terminal that was closed says so in the same way. */
		if (info.ssi_signo == SIGHUP &&
		    (!s->terminal || have_terminal())) {
			reload(s, ops, arg);
			continue;
		}
		s->asked = true;
		if (info.ssi_signo == SIGINT && s->phase >= STOPPING)
			kill_all(s);	/* Ctrl-C again: no grace */
		else
			stop(s);
	}
}

/* How long to wait for any of them, in milliseconds. */
static int
patience(const struct supervisor *s)
{
	int64_t left = s->deadline - util_now_ms();

	if (s->phase == STARTING && s->probe.fd < 0)
		return TRY_MS;
	if (s->phase <= RUNNING)
		return LOOK_MS;
	return left < 0 ? 0 : (int)left;
}

/* Until the last of them has gone. */
static void
loop(struct supervisor *s, const struct lighttpd_ops *ops, void *arg)
{
	struct pollfd	p[3];
	bool		gone = false;

	while (!gone && (s->phase != KILLED || util_now_ms() < s->deadline)) {
		p[0] = (struct pollfd){ s->signals, POLLIN, 0 };
		p[1] = (struct pollfd){ s->log, POLLIN, 0 };
		p[2] = (struct pollfd){ s->phase == STARTING ? s->probe.fd :
		    -1, POLLIN, 0 };
		poll(p, 3, patience(s));
		if (p[1].revents != 0)
			copy_log(s);
		take_signals(s, ops, arg);
		gone = reap(s);
		if (s->phase <= RUNNING && util_now_ms() >= s->deadline) {
			uploads_watch(&s->lighttpd->uploads);
			s->deadline = util_now_ms() + LOOK_MS;
		}
		if (s->phase == STARTING && !gone &&
		    probe_step(&s->probe, s->lighttpd)) {
			enter(s, RUNNING, 0);
			ops->ready(arg);
		}
		if (s->phase >= STOPPING && util_now_ms() >= s->deadline)
			stop_harder(s);
	}
}

static int
exit_status(const struct supervisor *s)
{
	if (s->asked)
		return 0;
	if (WIFSIGNALED(s->status))
		fprintf(stderr, "copilot-api: lighttpd was ended by signal "
		    "%d\n", WTERMSIG(s->status));
	else
		fprintf(stderr, "copilot-api: lighttpd ended by itself (exit "
		    "status %d)\n", WEXITSTATUS(s->status));
	return 1;
}

int
lighttpd_run(const struct lighttpd *l, const struct lighttpd_ops *ops,
    void *arg)
{
	struct supervisor	s = { .lighttpd = l, .log = -1,
				    .terminal = have_terminal() };
	sigset_t		set, old;
	int			rc = 1;

	probe_init(&s.probe);
	set_mask(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	/* A responder that loses its lighttpd becomes our child, not init's. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	s.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signals < 0 || !spawn(&s)) {
		fprintf(stderr, "copilot-api: lighttpd can't be started: %s\n",
		    strerror(errno));
		goto out;
	}
	loop(&s, ops, arg);
	while (s.log >= 0) {		/* the last words */
		struct pollfd p = { s.log, POLLIN, 0 };

		if (poll(&p, 1, 0) <= 0)
			break;
		copy_log(&s);
	}
	if (s.log >= 0)
		close(s.log);
	rc = exit_status(&s);
out:
	probe_finish(&s.probe);
	if (s.signals >= 0)
		close(s.signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}
