/* What hosts share: names that tell nothing, a token under seal. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"
#include "copilot/shared.h"
#include "copilot/token.h"

#define SECRET	"ghu_abcdefghijklmnopqrstuvwxyz0123456789"

static void
make(struct copilot_token *tok)
{
	tok->value = xstrdup("tid=1;exp=2;sku=x;8kp=1:\"quoted\"");
	tok->api = xstrdup("https://api.example.com");
}

static void
test_seal(void **state)
{
	struct copilot_token	a = { 0 }, b = { 0 };
	struct buf		text = { 0 }, again = { 0 };

	(void)state;
	make(&a);
	assert_true(shared_seal(SECRET, &a, &text));
	assert_null(strstr(buf_str(&text), "tid"));
	assert_null(strstr(buf_str(&text), "6769643d"));
	assert_true(shared_open(SECRET, &text, 5000, 100, &b));
	assert_string_equal(a.value, b.value);
	assert_string_equal(a.api, b.api);
	assert_int_equal(b.refresh_ms, 105000);
	assert_true(b.expires_ms > b.refresh_ms);
	/* Twice the same token is not twice the same text. */
	assert_true(shared_seal(SECRET, &a, &again));
	assert_string_not_equal(buf_str(&text), buf_str(&again));
	copilot_token_finish(&a);
	copilot_token_finish(&b);
	buf_finish(&text);
	buf_finish(&again);
}

static void
refused(const char *secret, const struct buf *text)
{
	struct copilot_token tok = { 0 };

	assert_false(shared_open(secret, text, 0, 100, &tok));
	assert_null(tok.value);
}

/* Not with another sign-in, not with any digit changed, not cut. */
static void
test_broken_seals(void **state)
{
	struct copilot_token	a = { 0 };
	struct buf		text = { 0 };
	size_t			i;
	char			was;

	(void)state;
	make(&a);
	assert_true(shared_seal(SECRET, &a, &text));
	refused("ghu_other", &text);
	refused("", &text);
	for (i = 0; i < text.len; i++) {
		was = text.p[i];
		text.p[i] = was == '0' ? '1' : '0';
		refused(SECRET, &text);
		text.p[i] = i % 2 ? '\0' : 'g';
		refused(SECRET, &text);
		text.p[i] = was;
	}
	while (text.len > 0) {
		buf_truncate(&text, text.len - 1);
		refused(SECRET, &text);
	}
	copilot_token_finish(&a);
	buf_finish(&text);
}

static void
test_names(void **state)
{
	char a[SHARED_NAME_SIZE], b[SHARED_NAME_SIZE];

	(void)state;
	shared_name(SECRET, "token", "key", a);
	assert_int_equal(strlen(a), strlen("token-") + 32);
	assert_memory_equal(a, "token-", 6);
	shared_name(SECRET, "token", "key", b);
	assert_string_equal(a, b);
	shared_name(SECRET, "token", "other", b);
	assert_string_not_equal(a, b);
	shared_name("ghu_other", "token", "key", b);
	assert_string_not_equal(a, b);
	shared_name(SECRET, "models", "key", b);
	assert_memory_equal(b, "models-", 7);
	assert_string_not_equal(a + 6, b + 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_broken_seals),
		cmocka_unit_test(test_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
