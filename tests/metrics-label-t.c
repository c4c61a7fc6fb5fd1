/* Labels of metrics: escaped as a whole, or the series is not counted. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "state/metrics.h"

static void
labels_are_whole(void **state)
{
	char labels[METRIC_LABELS] = "";

	(void)state;
	metrics_label(labels, "model", "a\"b\\c\nd\xc3\xa9");
	metrics_label(labels, "kind", "");
	assert_string_equal(labels,
	    "model=\"a\\\"b\\\\cd\xc3\xa9\",kind=\"\"");
}

/* Of every length: what is printed has whole labels, or is counted as lost. */
static void
what_finds_no_room_is_dropped(void **state)
{
	struct metrics	*m = metrics_create(NULL);
	struct buf	 out = { 0 }, lost = { 0 };
	char		 model[2 * METRIC_LABELS], labels[METRIC_LABELS];
	const char	*line, *end;
	size_t		 n;
	int		 lines = 0, all = 0;

	(void)state;
	for (n = 0; n < sizeof(model) - 1; n++) {
		memset(model, n % 2 == 0 ? 'x' : '"', n);
		model[n] = '\0';
		labels[0] = '\0';
		metrics_label(labels, "model", model);
		metrics_text(labels, "kind=\"cache_write\"");
		metrics_add(m, METRIC_TOKENS, labels, 1);
		all++;
	}
	metrics_print(m, &out);
	for (line = out.p; (line = strstr(line, "\ncopilot_api_tokens_total{"))
	    != NULL; line = end, lines++) {
		end = strchr(line + 1, '\n');
		assert_non_null(end);
		assert_memory_equal(end - 23, "\",kind=\"cache_write\"} 1", 23);
	}
	assert_true(lines > 100);
	buf_printf(&lost, "\ncopilot_api_metrics_dropped_total %d\n",
	    all - lines);
	assert_non_null(strstr(out.p, lost.p));
	buf_finish(&lost);
	buf_finish(&out);
	metrics_destroy(m);
}

/* A thousand series have room, and each is found again. */
static void
so_many_have_room(void **state)
{
	struct metrics	*m = metrics_create(NULL);
	struct buf	 out = { 0 };
	char		 labels[METRIC_LABELS], model[16];
	const char	*line;
	int		 n, lines = 0;

	(void)state;
	for (n = 0; n < 2200; n++) {
		labels[0] = '\0';
		snprintf(model, sizeof(model), "%d", n % 1100);
		metrics_label(labels, "model", model);
		metrics_add(m, METRIC_TOKENS, labels, 1);
	}
	metrics_print(m, &out);
	for (line = out.p; (line = strstr(line, "\ncopilot_api_tokens_total{"))
	    != NULL; line++, lines++)
		assert_memory_equal(strchr(line + 1, '}'), "} 2\n", 4);
	assert_int_equal(lines, 1024);
	assert_non_null(strstr(out.p,
	    "\ncopilot_api_metrics_dropped_total 152\n"));
	buf_finish(&out);
	metrics_destroy(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_whole),
		cmocka_unit_test(what_finds_no_room_is_dropped),
		cmocka_unit_test(so_many_have_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
