/* trust.c: may the directory of certificates take the place of the file? */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/trust.h"
#include "base/util.h"

static char dir[] = "/tmp/trust-t.XXXXXX";

#define PLAIN	"# a comment\n-----BEGIN CERTIFICATE-----\nMII=\n" \
		"-----END CERTIFICATE-----\n"
#define TRUSTED	"-----BEGIN TRUSTED CERTIFICATE-----\nMII=\n" \
		"-----END TRUSTED CERTIFICATE-----\n"

static char *
put(const char *name, const char *text)
{
	char	*path = xasprintf("%s/%s", dir, name);
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static void
drop(char *path)
{
	unlink(path);
	free(path);
}

static void
test_counts(void **state)
{
	char	*file = put("bundle.crt", PLAIN TRUSTED PLAIN), *a, *b, *c, *d;

	(void)state;
	a = put("5ed36f99.0", "");
	b = put("5ed36f99.1", "");
	assert_false(trust_has_all(dir, file));
	/* Neither of these is found by a hash. */
	c = put("Some_Root_CA.pem", "");
	d = put("5ed36f99.pem", "");
	assert_false(trust_has_all(dir, file));
	drop(c);
	drop(d);
	c = put("002c0b4f.0", "");
	assert_true(trust_has_all(dir, file));
	/* Somebody added one to the file alone. */
	drop(file);
	file = put("bundle.crt", PLAIN TRUSTED PLAIN PLAIN);
	assert_false(trust_has_all(dir, file));
	drop(a);
	drop(b);
	drop(c);
	drop(file);
}

static void
test_nothing_there(void **state)
{
	char *file = put("bundle.crt", ""), *a = put("5ed36f99.0", "");

	(void)state;
	assert_false(trust_has_all(dir, file));
	assert_false(trust_has_all(dir, "/nonexistent/file"));
	drop(file);
	file = put("bundle.crt", PLAIN);
	assert_true(trust_has_all(dir, file));
	assert_false(trust_has_all("/nonexistent", file));
	drop(file);
	drop(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_nothing_there),
	};
	int failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
