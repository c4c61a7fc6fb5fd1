/* records.c: what a web server reads, however little its socket takes. */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fastcgi.h>

#include "base/buf.h"
#include "base/util.h"
#include "server/records.h"

#define REQUEST 0x0102

static int ends[2];

static int
set_up(void **state)
{
	int small = 4096;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* What lies in the socket, "most" bytes of it. */
static void
take(struct buf *in, size_t most)
{
	char	piece[1024];
	ssize_t	n;

	while (most > 0 && (n = read(ends[1], piece, most < sizeof(piece) ?
	    most : sizeof(piece))) > 0) {
		buf_append(in, piece, (size_t)n);
		most -= (size_t)n;
	}
}

/* The content of these records; "over": how often the request ended. */
static void
decode(const struct buf *in, struct buf *content, int *over)
{
	size_t		 at = 0, n;
	FCGI_Header	 h;

	*over = 0;
	while (at < in->len) {
		assert_true(in->len - at >= sizeof(h));
		memcpy(&h, in->p + at, sizeof(h));
		n = (size_t)h.contentLengthB1 << 8 | h.contentLengthB0;
		at += sizeof(h);
		assert_true(in->len - at >= n + h.paddingLength);
		assert_int_equal(h.version, FCGI_VERSION_1);
		assert_int_equal(h.requestIdB1 << 8 | h.requestIdB0, REQUEST);
		assert_int_equal(*over, 0);
		if (h.type == FCGI_STDOUT)
			buf_append(content, in->p + at, n);
		else {
			assert_int_equal(h.type, FCGI_END_REQUEST);
			assert_int_equal(n, sizeof(FCGI_EndRequestBody));
			(*over)++;
		}
		at += n + h.paddingLength;
	}
}

static char *
text(size_t n)
{
	char	*p = xcalloc(1, n + 1);
	size_t	 i;

	for (i = 0; i < n; i++)
		p[i] = (char)('a' + i * 7 % 26);
	return p;
}

/* Pieces of a size each, to a reader that takes so many bytes at a time. */
static void
send_all(size_t total, size_t piece, size_t step)
{
	struct records	 r = { 0 };
	struct buf	 in = { 0 }, content = { 0 };
	char		*sent = text(total);
	size_t		 at = 0, n;
	int		 over;

	records_begin(&r, ends[0], REQUEST);
	do {
		n = total - at < piece ? total - at : piece;
		assert_true(records_put(&r, sent + at, n, at + n == total));
		at += n;
		while (!records_flush(&r))
			take(&in, step);
	} while (at < total);
	assert_true(r.ended);
	take(&in, SIZE_MAX);
	decode(&in, &content, &over);
	assert_int_equal(over, 1);
	assert_int_equal(content.len, total);
	assert_memory_equal(buf_str(&content), sent, total);
	records_finish(&r);
	buf_finish(&in);
	buf_finish(&content);
	free(sent);
}

static void
test_pieces(void **state)
{
	static const size_t pieces[] = { 1, 40, 16384, 65528, 65529, 200000 };
	static const size_t steps[] = { 1021, 4096 };
	size_t		    i, k;

	(void)state;
	for (i = 0; i < COUNT(pieces); i++)
		for (k = 0; k < COUNT(steps); k++) {
			send_all(pieces[i] == 1 ? 300 : 150000, pieces[i],
			    steps[k]);
			send_all(pieces[i], pieces[i], steps[k]);
		}
	send_all(0, 1, 1);
}

/* The end by itself, once, behind what was flushed before. */
static void
test_end(void **state)
{
	struct records	r = { 0 };
	struct buf	in = { 0 }, content = { 0 };
	int		over;

	(void)state;
	records_begin(&r, ends[0], REQUEST);
	assert_true(records_put(&r, "data", 4, false));
	assert_false(r.ended);
	take(&in, SIZE_MAX);
	assert_int_equal(in.len, FCGI_HEADER_LEN + 4);
	assert_true(records_put(&r, "", 0, true));
	assert_true(records_put(&r, "", 0, true));
	take(&in, SIZE_MAX);
	decode(&in, &content, &over);
	assert_int_equal(over, 1);
	assert_string_equal(buf_str(&content), "data");
	records_finish(&r);
	buf_finish(&in);
	buf_finish(&content);
}

/* A stream that waits holds nothing. */
static void
test_memory(void **state)
{
	struct records	 r = { 0 };
	struct buf	 in = { 0 };
	char		*sent = text(50000);

	(void)state;
	records_begin(&r, ends[0], REQUEST);
	assert_true(records_put(&r, "data: 1\n\n", 9, false));
	assert_null(r.rest.p);
	assert_true(records_put(&r, sent, 50000, false));
	assert_true(r.rest.len > 0);
	while (!records_flush(&r))
		take(&in, 8192);
	assert_null(r.rest.p);
	records_finish(&r);
	buf_finish(&in);
	free(sent);
}

static void
test_lost(void **state)
{
	struct records	 r = { 0 };
	char		*sent = text(50000);

	(void)state;
	records_begin(&r, ends[0], REQUEST);
	assert_true(records_put(&r, sent, 50000, false));
	assert_false(records_flush(&r));
	shutdown(ends[1], SHUT_RDWR);
	assert_true(records_flush(&r));
	assert_true(r.lost);
	assert_false(records_put(&r, "more", 4, true));
	/* The next request on a connection begins afresh. */
	records_begin(&r, ends[0], REQUEST);
	assert_false(r.lost);
	assert_int_equal(r.rest.len, 0);
	records_finish(&r);
	free(sent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
