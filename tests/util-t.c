/* Unit tests of util.c: numbers and ids as text. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"

static void
test_int(void **state)
{
	static const int64_t numbers[] = {
		0, 1, -1, 9, 10, -10, 99, 100, 1795741275, INT64_MAX,
		INT64_MAX - 1, INT64_MIN, INT64_MIN + 1
	};
	char		out[UTIL_INT_SIZE], want[32];
	struct buf	b = { 0 };
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(numbers); i++) {
		snprintf(want, sizeof(want), "%lld", (long long)numbers[i]);
		assert_int_equal(util_print_int(numbers[i], out),
		    strlen(want));
		assert_string_equal(out, want);
		buf_truncate(&b, 0);
		buf_puts(&b, "n=");
		buf_int(&b, numbers[i]);
		assert_string_equal(b.p + 2, want);
		assert_int_equal(b.len, strlen(want) + 2);
	}
	buf_finish(&b);
}

static void
test_uuid(void **state)
{
	static const unsigned char b[16] = {
		0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0xf6, 0x77, 0xff, 0x99,
		0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff
	};
	char one[UTIL_UUID_SIZE], other[UTIL_UUID_SIZE];

	(void)state;
	util_print_uuid(b, one);
	assert_string_equal(one, "00112233-4455-4677-bf99-aabbccddeeff");
	util_uuid(one);
	util_uuid(other);
	assert_string_not_equal(one, other);
	assert_int_equal(one[14], '4');
}

/* Of any length, and whichever byte differs, by whichever bit. */
static void
test_secret(void **state)
{
	static const char	all[] = "0123456789abcdefghijklm";
	char			a[sizeof(all)], b[sizeof(all)];
	size_t			n, i;

	(void)state;
	for (n = 0; n < sizeof(all); n++) {
		memcpy(a, all, n);
		memcpy(b, all, n);
		a[n] = b[n] = '\0';
		assert_true(util_equal_secret(a, b));
		for (i = 0; i < n; i++) {
			b[i] ^= (char)(1 << i % 7);
			assert_false(util_equal_secret(a, b));
			b[i] = a[i];
		}
		if (n > 0) {
			b[n - 1] = '\0';
			assert_false(util_equal_secret(a, b));
			assert_false(util_equal_secret(b, a));
		}
	}
}

/* However many are taken at a time, no bytes come twice. */
static void
test_random(void **state)
{
	static unsigned char	seen[200][100];
	static const size_t	sizes[] = { 16, 14, 63, 64, 65, 100 };
	size_t			i, j, n;
	char			digits[200];

	(void)state;
	for (i = 0; i < COUNT(seen); i++) {
		n = sizes[i % COUNT(sizes)];
		util_random(seen[i], n);
		for (j = 0; j < i; j++)
			assert_memory_not_equal(seen[i], seen[j], 14);
	}
	for (n = 0; n < sizeof(digits); n++) {
		util_random_hex(digits, n);
		assert_int_equal(strspn(digits, "0123456789abcdef"), n);
		assert_int_equal(strlen(digits), n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_random),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
