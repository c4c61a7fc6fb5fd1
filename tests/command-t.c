/* A program that prints one thing: what it says, and how it may fail. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/util.h"

#define LIMIT	20000

/* "msg" NULL: it succeeds and prints "out". */
static const struct {
	const char	*argv[5];
	int64_t		 limit;
	const char	*out, *msg;
} t[] = {
	{ { "printf", "%s-%s", "a b", "$HOME" }, LIMIT, "a b-$HOME", NULL },
	{ { "true" }, LIMIT, "", NULL },
	{ { "cat" }, LIMIT, "", NULL },
	{ { "sh", "-c", "exit 7" }, LIMIT, NULL, "sh failed with exit status "
	    "7" },
	{ { "sh", "-c", "kill -TERM $$" }, LIMIT, NULL, "signal 15" },
	{ { "/nonexistent/x" }, LIMIT, NULL, "can't be run" },
	{ { "" }, LIMIT, NULL, "can't be run" },
	{ { "sleep", "100" }, 50, NULL, "did not end" },
	/* What it leaves behind holds the pipe, and nobody waits for that. */
	{ { "sh", "-c", "sleep 2 & echo x" }, LIMIT, "x\n", NULL },
	/* More than a pipe holds: nobody reads it. */
	{ { "head", "-c", "200000", "/dev/zero" }, 300, NULL, "did not end" },
};

static void
check(size_t i, bool ok, struct buf *out, const struct err *err)
{
	if (ok != (t[i].msg == NULL))
		fail_msg("%zu: %s", i, ok ? "succeeds" : err->msg);
	if (ok)
		assert_string_equal(buf_str(out), t[i].out);
	else if (strstr(err->msg, t[i].msg) == NULL)
		fail_msg("%zu: %s", i, err->msg);
}

static void
test_run(void **state)
{
	struct buf	out = { 0 };
	struct err	err;
	bool		ok;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		ok = command_run((char *const *)(uintptr_t)t[i].argv,
		    t[i].limit, &out, &err);
		check(i, ok, &out, &err);
		buf_truncate(&out, 0);
	}
	buf_finish(&out);
}

static struct loop	*loop;
static size_t		 current;

static void
ended(struct command *c, struct buf *out, const struct err *err)
{
	assert_int_equal(c->pid, 0);
	check(current, err == NULL, out, err);
	loop_stop(loop);
}

static void
test_loop(void **state)
{
	struct command	c = { .end = ended };
	struct err	err;

	(void)state;
	loop = loop_create();
	for (current = 0; current < COUNT(t); current++) {
		if (!command_start(&c, loop,
		    (char *const *)(uintptr_t)t[current].argv,
		    t[current].limit, &err))
			check(current, false, NULL, &err);
		else
			loop_run(loop);
	}
	loop_destroy(loop);
}

/* Nobody is told, and it is gone. */
static void
test_stop(void **state)
{
	static const char *const argv[] = { "sleep", "100", NULL };
	struct command	c = { .end = ended };
	struct err	err;

	(void)state;
	loop = loop_create();
	assert_true(command_start(&c, loop, (char *const *)(uintptr_t)argv,
	    LIMIT, &err));
	command_stop(&c);
	assert_int_equal(c.pid, 0);
	command_stop(&c);
	loop_destroy(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_stop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
