/* The data directory: where it is, modes, atomic replacement, locks. */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/util.h"
#include "dir.h"

static char top[] = "/tmp/files-t.XXXXXX";

static void
assert_home(const char *wanted, const char *want)
{
	char *got = files_home(wanted);

	assert_string_equal(got, want);
	free(got);
}

static void
test_home(void **state)
{
	struct passwd	*pw = getpwuid(geteuid());
	char		*want, cwd[PATH_MAX], *old = getenv("HOME");

	(void)state;
	old = old != NULL ? xstrdup(old) : NULL;
	unsetenv("COPILOT_API_HOME");
	assert_home("/x/y", "/x/y");
	assert_home("/x/y//", "/x/y");
	assert_home("/", "/");
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	want = xasprintf("%s/rel", strcmp(cwd, "/") == 0 ? "" : cwd);
	assert_home("rel/", want);
	free(want);

	setenv("COPILOT_API_HOME", "/from/env", 1);
	assert_home(NULL, "/from/env");
	assert_home("", "/from/env");
	assert_home("/x", "/x");
	setenv("COPILOT_API_HOME", "", 1);

	/* Our own directory counts. */
	setenv("HOME", top, 1);
	want = xasprintf("%s/.local/share/copilot-api", top);
	assert_home(NULL, want);
	free(want);
	want = xasprintf("%s/data", top);
	assert_home("~/data", want);
	free(want);

	/* One that is not there or is not ours does not. */
	if (pw != NULL && pw->pw_dir[0] == '/') {
		want = xasprintf("%s/.local/share/copilot-api",
		    strcmp(pw->pw_dir, "/") == 0 ? "" : pw->pw_dir);
		setenv("HOME", "/nonexistent", 1);
		assert_home(NULL, want);
		setenv("HOME", "relative", 1);
		assert_home(NULL, want);
		unsetenv("HOME");
		assert_home(NULL, want);
		free(want);
	}
	if (old != NULL)
		setenv("HOME", old, 1);
	free(old);
}

static void
assert_text(const char *home, const char *name, const char *want)
{
	struct buf	b = { 0 };
	struct err	err;

	assert_true(files_read(home, name, &b, &err));
	assert_string_equal(buf_str(&b), want);
	buf_finish(&b);
}

static void
write_text(const char *home, const char *name, const char *text)
{
	struct err err;

	if (!files_write(home, name, text, strlen(text), &err))
		fail_msg("%s", err.msg);
}

static mode_t
mode_of(const char *dir, const char *name)
{
	char		*path = xasprintf("%s/%s", dir, name);
	struct stat	 st;

	assert_int_equal(stat(path, &st), 0);
	free(path);
	return st.st_mode & 07777;
}

static size_t
count_files(const char *dir)
{
	DIR		*d = opendir(dir);
	struct dirent	*e;
	size_t		 n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

/* 0600 in a 0700 directory, whatever the umask; nothing is left over. */
static void
test_write(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0277 };
	char	*home = xasprintf("%s/a/b/c", top), name[16];
	mode_t	 old;
	size_t	 i;

	(void)state;
	assert_text(home, "none", "");
	for (i = 0; i < COUNT(masks); i++) {
		snprintf(name, sizeof(name), "file%zu", i);
		old = umask(masks[i]);
		write_text(home, name, "one");
		write_text(home, name, "two\n");
		umask(old);
		assert_int_equal(mode_of(home, name), 0600);
		assert_text(home, name, "two\n");
	}
	assert_int_equal(mode_of(top, "a"), 0700);
	assert_int_equal(mode_of(home, "."), 0700);
	assert_int_equal(count_files(home), COUNT(masks));
	write_text(home, "file0", "");
	assert_text(home, "file0", "");
	free(home);
}

/* Reading a file that somebody replaces all the time never shows a half. */
static void
test_atomic(void **state)
{
	char		*home = xasprintf("%s/atomic", top), text[3000];
	struct buf	 b = { 0 };
	struct err	 err;
	pid_t		 pid;
	int		 i, status;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_text(home, "f", text);
	if ((pid = fork()) == 0) {
		for (i = 0; i < 60; i++) {
			memset(text, 'a' + i % 26, sizeof(text) - 1);
			if (!files_write(home, "f", text, sizeof(text) - 1,
			    &err))
				_exit(1);
		}
		_exit(0);
	}
	assert_true(pid > 0);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		buf_truncate(&b, 0);
		assert_true(files_read(home, "f", &b, &err));
		assert_int_equal(b.len, sizeof(text) - 1);
		assert_int_equal(b.p[0], b.p[b.len - 1]);
	}
	assert_int_equal(status, 0);
	assert_int_equal(count_files(home), 1);
	buf_finish(&b);
	free(home);
}

/* A file that is a link to elsewhere stays one. */
static void
test_link(void **state)
{
	char		*home = xasprintf("%s/linked", top);
	char		*link = xasprintf("%s/conf", home);
	struct stat	 st;

	(void)state;
	write_text(top, "dotfile", "old");
	write_text(home, "other", "x");
	assert_int_equal(symlink("../dotfile", link), 0);
	write_text(home, "conf", "new");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_text(top, "dotfile", "new");
	free(link);
	free(home);
}

static void
test_failures(void **state)
{
	char		*path = xasprintf("%s/pipe", top);
	struct buf	 b = { 0 };
	struct err	 err;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(files_read(top, "pipe", &b, &err));
	assert_non_null(strstr(err.msg, "/pipe: is not a plain file"));
	assert_false(files_read("/", "tmp", &b, &err));
	assert_false(files_write("/proc/self/none", "x", "y", 1, &err));
	assert_true(util_starts(err.msg, "/proc/self/none: can't be made: "));
	free(path);

	/* Longer than anything we keep. */
	path = xasprintf("%s/large", top);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(truncate(path, 17 << 20), 0);
	assert_false(files_read(top, "large", &b, &err));
	assert_non_null(strstr(err.msg, "File too large"));
	assert_int_equal(b.len, 0);
	free(path);

	/* A file in the place of the directory. */
	write_text(top, "plain", "x");
	path = xasprintf("%s/plain", top);
	assert_true(files_read(path, "x", &b, &err));
	assert_int_equal(b.len, 0);
	assert_false(files_write(path, "x", "y", 1, &err));
	buf_finish(&b);
	free(path);
}

static void
test_remove(void **state)
{
	struct err	 err;
	char		*path;

	(void)state;
	write_text(top, "gone", "x");
	assert_true(files_remove(top, "gone", &err));
	assert_text(top, "gone", "");
	assert_true(files_remove(top, "gone", &err));
	assert_true(files_remove("/nonexistent", "gone", &err));
	path = xasprintf("%s/directory", top);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(files_remove(top, "directory", &err));
	assert_true(util_starts(err.msg, path));
	free(path);
}

static void
test_lock(void **state)
{
	bool	busy = true;
	int	fd, other, pipe_fds[2], status;
	char	byte;
	pid_t	pid;

	(void)state;
	fd = files_lock(top, "l.lock", false, &busy);
	assert_true(fd >= 0);
	assert_false(busy);
	assert_int_equal(mode_of(top, "l.lock"), 0600);
	/* Another open of the same file is another holder, as a process is. */
	other = files_lock(top, "l.lock", false, &busy);
	assert_int_equal(other, -1);
	assert_true(busy);

	assert_int_equal(pipe(pipe_fds), 0);
	if ((pid = fork()) == 0) {
		close(fd);
		if (write(pipe_fds[1], "x", 1) != 1)
			_exit(1);
		_exit(files_lock(top, "l.lock", true, NULL) < 0);
	}
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	usleep(50000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);

	busy = true;
	assert_int_equal(files_lock("/proc/self/none", "l", true, &busy), -1);
	assert_false(busy);
}

/* A directory that isn't there yet is as good as the one it will be made in. */
static void
test_writable(void **state)
{
	char		*path = xasprintf("%s/writable/a/b", top);
	struct err	 err;

	(void)state;
	assert_true(files_writable(top, &err));
	assert_true(files_writable(path, &err));
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	assert_false(files_writable("/proc/self/none", &err));
	assert_non_null(strstr(err.msg, "/proc/self/none: can't be written"));
	assert_false(files_writable("/dev/null", &err));
	assert_false(files_writable("/dev/null/a", &err));
}

static void
collect(void *all, const char *said)
{
	buf_printf(all, "%s\n", said);
}

static void
check_exposed(mode_t dir, mode_t file, const char *want)
{
	char		*home = xasprintf("%s/exposed", top);
	char		*path = xasprintf("%s/token", home);
	struct buf	 said = { 0 };
	struct err	 err;

	assert_true(files_write(home, "token", "x", 1, &err));
	chmod(home, dir);
	chmod(path, file);
	files_exposed(home, collect, &said);
	if (want == NULL)
		assert_string_equal(buf_str(&said), "");
	else
		assert_non_null(strstr(buf_str(&said), want));
	buf_finish(&said);
	free(path);
	free(home);
}

static void
test_exposed(void **state)
{
	(void)state;
	check_exposed(0700, 0600, NULL);
	check_exposed(0700, 0666, NULL);	/* out of reach */
	check_exposed(0750, 0640, NULL);
	check_exposed(0711, 0600, NULL);
	check_exposed(0711, 0644, "exposed/token: other users can read it: "
	    "chmod 600 ");
	check_exposed(0750, 0660, "exposed/token: other users can write it");
	check_exposed(0711, 0602, "exposed/token: other users can write it");
	check_exposed(0755, 0600, "exposed: other users can read it: chmod "
	    "700 ");
	check_exposed(0770, 0600, "exposed: other users can write it");
	files_exposed("/proc/self/none", collect, NULL);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(top) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	return dir_remove(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_atomic),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_writable),
		cmocka_unit_test(test_exposed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
