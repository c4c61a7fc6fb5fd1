/* What hosts share, as rows: who makes the next one, and notes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"
#include "state/shared.h"

/* Two hosts at one database. */
struct two {
	char		 home[64];
	struct shared	*a, *b;
};

static int
make_two(void **state)
{
	struct two *t = xcalloc(1, sizeof(*t));

	snprintf(t->home, sizeof(t->home), "/tmp/copilot-api-test-XXXXXX");
	assert_non_null(mkdtemp(t->home));
	t->a = shared_create(&(struct state_place){ .home = t->home });
	t->b = shared_create(&(struct state_place){ .home = t->home });
	*state = t;
	return 0;
}

static int
end_two(void **state)
{
	static const char *const names[] = {
		"shared.sqlite", "shared.sqlite-wal", "shared.sqlite-shm"
	};
	struct two	*t = *state;
	size_t		 i;
	char		 path[128];

	shared_destroy(t->a);
	shared_destroy(t->b);
	for (i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", t->home, names[i]);
		unlink(path);
	}
	rmdir(t->home);
	free(t);
	return 0;
}

/* What was found, and the text, which is "" unless it was. */
static enum shared_found
find(struct shared *s, int64_t behind, const char *text, int64_t *version)
{
	struct buf		 got = { 0 };
	int64_t			 left = -1;
	enum shared_found	 found;

	*version = -1;
	found = shared_find(s, "token-1", behind, &got, version, &left);
	assert_string_equal(buf_str(&got), text);
	if (found == SHARED_FOUND)
		assert_in_range(left, 1, 100);
	buf_finish(&got);
	return found;
}

static int64_t
put(struct shared *s, const char *text, int64_t left)
{
	struct buf	b = { 0 };
	int64_t		version = -1;

	buf_puts(&b, text);
	if (!shared_put(s, "token-1", &b, left, &version))
		version = -1;
	buf_finish(&b);
	return version;
}

static void
test_one_makes_it_for_all(void **state)
{
	struct two	*t = *state;
	int64_t		 version, first;

	assert_int_equal(find(t->a, 0, "", &version), SHARED_TO_MAKE);
	assert_int_equal(find(t->b, 0, "", &version), SHARED_MADE);
	/* Who has the right may ask again. */
	assert_int_equal(find(t->a, 0, "", &version), SHARED_TO_MAKE);
	first = put(t->a, "one", 100);
	assert_true(first > 0);
	assert_int_equal(find(t->b, 0, "one", &version), SHARED_FOUND);
	assert_int_equal(version, first);
	assert_int_equal(find(t->a, 0, "one", &version), SHARED_FOUND);
	/* Of no use: the next one, by whoever comes first. */
	assert_int_equal(find(t->b, first, "", &version), SHARED_TO_MAKE);
	assert_int_equal(find(t->a, first, "", &version), SHARED_MADE);
	assert_int_equal(find(t->a, 0, "one", &version), SHARED_FOUND);
	assert_true(put(t->b, "two", 100) > first);
	assert_int_equal(find(t->a, first, "two", &version), SHARED_FOUND);
}

/* Who found the database away made one; it is back, and empty. */
static void
test_made_without_asking(void **state)
{
	struct two	*t = *state;
	int64_t		 version, first = put(t->a, "one", 100);

	assert_true(first > 0);
	assert_int_equal(find(t->b, 0, "one", &version), SHARED_FOUND);
	assert_int_equal(version, first);
	assert_int_equal(put(t->b, "two", 100), first + 1);
	assert_int_equal(find(t->a, first, "two", &version), SHARED_FOUND);
}

static void
test_who_can_not_leaves_it(void **state)
{
	struct two	*t = *state;
	int64_t		 version;

	assert_int_equal(find(t->a, 0, "", &version), SHARED_TO_MAKE);
	shared_leave(t->b, "token-1");		/* has no say */
	assert_int_equal(find(t->b, 0, "", &version), SHARED_MADE);
	shared_leave(t->a, "token-1");
	assert_int_equal(find(t->b, 0, "", &version), SHARED_TO_MAKE);
	/* Who has waited for long enough makes it himself. */
	assert_int_equal(find(t->a, 0, "", &version), SHARED_MADE);
	assert_true(put(t->a, "mine", 100) > 0);
	assert_int_equal(find(t->b, 0, "mine", &version), SHARED_FOUND);
	/* One that is due is none. */
	assert_true(put(t->b, "old", 0) > 0);
	assert_int_equal(find(t->a, 0, "", &version), SHARED_TO_MAKE);
}

static void
notes(struct shared *s, const char *in, int64_t *since, const char *out)
{
	struct buf lines = { 0 };

	buf_puts(&lines, in);
	assert_true(shared_notes(s, "lessons", &lines, since));
	assert_string_equal(buf_str(&lines), out);
	buf_finish(&lines);
}

static void
test_notes(void **state)
{
	struct two	*t = *state;
	int64_t		 a = 0, b = 0, later;

	notes(t->a, "", &a, "");
	notes(t->a, "w {\"x\": 1}\n", &a, "w {\"x\": 1}\n");
	notes(t->b, "", &b, "w {\"x\": 1}\n");
	notes(t->b, "w {\"x\":2}\nno-note\n", &b, "w {\"x\":2}\n");
	/* What was said long before is not said again. */
	later = b + 1000;
	notes(t->a, "", &later, "");
	assert_true(later < b + 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_makes_it_for_all,
		    make_two, end_two),
		cmocka_unit_test_setup_teardown(test_made_without_asking,
		    make_two, end_two),
		cmocka_unit_test_setup_teardown(test_who_can_not_leaves_it,
		    make_two, end_two),
		cmocka_unit_test_setup_teardown(test_notes, make_two, end_two),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
