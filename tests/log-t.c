/* Unit tests of log.c: a line is a line, and does nothing to a terminal. */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/util.h"

/* What is logged for this text, behind time and level, without the line end. */
static void
logged(const char *text, char *out, size_t size)
{
	int	ends[2], err = dup(STDERR_FILENO);
	ssize_t	n;
	char	line[8192], *p;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_err("%s", text);
	dup2(err, STDERR_FILENO);
	close(ends[1]);
	close(err);
	n = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	assert_true(n > 0 && line[n - 1] == '\n');
	line[n - 1] = '\0';
	assert_null(strchr(line, '\n'));
	p = strstr(line, "error ");
	assert_non_null(p);
	snprintf(out, size, "%s", p + 6);
}

static void
test_lines(void **state)
{
	static const struct {
		const char	*text, *line;
	} t[] = {
		{ "plain", "plain" },
		{ "Gr\xc3\xbc\xc3\x9f""e \xe4\xb8\x96 \xf0\x9f\x99\x82",
		    "Gr\xc3\xbc\xc3\x9f""e \xe4\xb8\x96 \xf0\x9f\x99\x82" },
		{ "a\nb\r\x1b[2J\x7f", "a\\x0ab\\x0d\\x1b[2J\\x7f" },
		{ "\xc2\x9b""1m", "\\xc2\\x9b1m" },		/* C1's CSI */
		{ "\xe2\x80\xae""evil\xe2\x80\xac",		/* RLO, PDF */
		    "\\xe2\\x80\\xaeevil\\xe2\\x80\\xac" },
		{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9" },
		{ "\xe2\x80\xa6 \xe2\x82\xac", "\xe2\x80\xa6 \xe2\x82\xac" },
		{ "no \xff\xc3 utf-8", "no \\xff\\xc3 utf-8" },
	};
	char	line[8192];
	size_t	i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		logged(t[i].text, line, sizeof(line));
		assert_string_equal(line, t[i].line);
	}
}

/* Long lines end, at a character. */
static void
test_long(void **state)
{
	char	text[6001], line[8192];
	size_t	i, n;
	int	shift;

	(void)state;
	for (shift = 0; shift < 3; shift++) {
		memset(text, 'x', (size_t)shift);
		for (i = (size_t)shift; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe4\xb8\x96", 3);
		text[i] = '\0';
		logged(text, line, sizeof(line));
		n = strlen(line);
		assert_true(n > 1000 && n < 3000);
		assert_null(strchr(line, '\\'));
		assert_memory_equal(line + n - 3, "\xe4\xb8\x96", 3);
	}
}

/* One write each, or what is there of them: a socket keeps them apart. */
static size_t
next_write(int fd, char *out, size_t size)
{
	ssize_t	n = recv(fd, out, size - 1, MSG_DONTWAIT);
	size_t	lines = 0, i;

	out[n > 0 ? n : 0] = '\0';
	for (i = 0; out[i] != '\0'; i++)
		lines += out[i] == '\n';
	return lines;
}

/* Held lines go out together, in order; a warning takes them along. */
static void
test_held(void **state)
{
	int	ends[2], err = dup(STDERR_FILENO), i;
	char	out[8192];
	size_t	lines, n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_hold();
	log_info("one");
	log_info("two");
	assert_int_equal(next_write(ends[0], out, sizeof(out)), 0);
	log_flush();
	assert_int_equal(next_write(ends[0], out, sizeof(out)), 2);
	assert_true(strstr(out, "one\n") < strstr(out, "two\n"));
	log_info("three");
	log_warn("four");
	assert_int_equal(next_write(ends[0], out, sizeof(out)), 2);
	assert_non_null(strstr(out, "three\n"));
	for (i = 0; i < 100; i++)
		log_info("%0500d", i);
	log_release();
	for (lines = 0; lines < 100; lines += n) {
		n = next_write(ends[0], out, sizeof(out));
		assert_true(n > 0 && strlen(out) <= PIPE_BUF);
	}
	log_info("five");
	assert_int_equal(next_write(ends[0], out, sizeof(out)), 1);
	dup2(err, STDERR_FILENO);
	close(ends[0]);
	close(ends[1]);
	close(err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_held),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
