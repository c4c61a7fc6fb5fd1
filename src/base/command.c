/* A program that prints one thing. */
#include "config.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "base/command.h"
#include "base/err.h"
#include "base/util.h"

#define CODE "command_failed"

/* Signals are blocked and SIGPIPE is ignored here, but not over there. */
static void
set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, pipe;

	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &pipe);
	/* A group of its own: what it starts is killed with it. */
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

/* An errno, 0 for success. */
static int
spawn(char *const *argv, int out, pid_t *pid)
{
	posix_spawn_file_actions_t	actions;
	posix_spawnattr_t		attr;
	int				why;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
	    O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawnattr_init(&attr);
	set_signals(&attr);
	why = posix_spawnp(pid, argv[0], &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return why;
}

/* Starts it; the descriptor that tells of its end, -1 with "err" set. */
static int
begin(struct command *c, char *const *argv, struct err *err)
{
	int p[2], why, fd = -1;

	c->name = argv[0];
	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) != 0) {
		err_set(err, 500, ERR_SERVER, CODE, NULL, "%s: no pipe: %s",
		    c->name, strerror(errno));
		return -1;
	}
	/* Only this end must not block; the other one is the program's. */
	fcntl(p[1], F_SETFL, 0);
	why = spawn(argv, p[1], &c->pid);
	close(p[1]);
	c->pipe = p[0];
	if (why == 0 && (fd = (int)syscall(SYS_pidfd_open, c->pid, 0)) < 0) {
		why = errno;
		command_stop(c);
	} else if (why != 0)
		close(p[0]);
	if (why != 0) {
		c->pid = 0;
		err_set(err, 500, ERR_SERVER, CODE, NULL,
		    "%s can't be run: %s", c->name, strerror(why));
	}
	return fd;
}

static void
read_all(int fd, struct buf *out)
{
	char	chunk[4096];
	ssize_t	n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0 ||
	    (n < 0 && errno == EINTR))
		if (n > 0)
			buf_append(out, chunk, (size_t)n);
}

/* It has exited: what it printed, and whether that counts. */
static bool
finish(struct command *c, struct buf *out, struct err *err)
{
	int status = 0;

	read_all(c->pipe, out);
	close(c->pipe);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	return WIFEXITED(status) ?
	    err_set(err, 500, ERR_SERVER, CODE, NULL,
	    "%s failed with exit status %d", c->name, WEXITSTATUS(status)) :
	    err_set(err, 500, ERR_SERVER, CODE, NULL,
	    "%s was ended by signal %d", c->name, WTERMSIG(status));
}

void
command_stop(struct command *c)
{
	if (c->pid == 0)
		return;
	if (c->loop != NULL) {
		loop_timer_stop(c->loop, &c->timer);
		loop_fd_stop(c->loop, &c->exited);
		close(c->exited.fd);
	}
	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(c->pipe);
	c->pid = 0;
}

static bool
too_slow(const struct command *c, struct err *err)
{
	return err_set(err, 504, ERR_SERVER, CODE, NULL,
	    "%s did not end within %lld seconds", c->name,
	    (long long)c->limit_ms / 1000);
}

static void
ended(struct loop_fd *fd, unsigned events)
{
	struct command	*c = CONTAINER(fd, struct command, exited);
	struct buf	 out = { 0 };
	struct err	 err;
	bool		 ok;

	(void)events;
	loop_timer_stop(c->loop, &c->timer);
	loop_fd_stop(c->loop, fd);
	close(fd->fd);
	ok = finish(c, &out, &err);
	c->end(c, &out, ok ? NULL : &err);
	buf_finish(&out);
}

static void
expired(struct loop_timer *t)
{
	struct command	*c = CONTAINER(t, struct command, timer);
	struct buf	 none = { 0 };
	struct err	 err;

	command_stop(c);
	too_slow(c, &err);
	c->end(c, &none, &err);
}

bool
command_start(struct command *c, struct loop *loop, char *const *argv,
    int64_t limit_ms, struct err *err)
{
	c->loop = NULL;
	if ((c->exited.fd = begin(c, argv, err)) < 0)
		return false;
	c->loop = loop;
	c->limit_ms = limit_ms;
	c->exited.ready = ended;
	c->timer.expired = expired;
	loop_fd_set(loop, &c->exited, EPOLLIN);
	loop_timer_set(loop, &c->timer, limit_ms);
	return true;
}

bool
command_run(char *const *argv, int64_t limit_ms, struct buf *out,
    struct err *err)
{
	struct command	c = { .limit_ms = limit_ms };
	struct pollfd	p = { .events = POLLIN };
	int64_t		end = util_now_ms() + limit_ms, left;
	bool		ok;

	if ((p.fd = begin(&c, argv, err)) < 0)
		return false;
	while ((left = end - util_now_ms()) > 0 &&
	    poll(&p, 1, (int)left) < 0 && errno == EINTR)
		;
	close(p.fd);
	if (p.revents != 0)
		ok = finish(&c, out, err);
	else {
		command_stop(&c);
		ok = too_slow(&c, err);
	}
	return ok;
}
