/* The program's log. */
#include "config.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "base/util.h"

#define LINE_MAX_BYTES 2048

static const char *const names[LOG__MAX] = {
	"error", "warn", "info", "debug"
};

/* How the journal calls them: syslog(3), sd-daemon(3). */
static const int priorities[LOG__MAX] = { 3, 4, 6, 7 };

/* The one thing that may change after start-up: a reload sets it. */
static atomic_int level = LOG_INFO;

/*
 * Lines of a thread that writes several at a time. No more than a pipe takes in
 * one piece: other processes write to it, too.
 */
static _Thread_local struct {
	bool	on;
	size_t	len;
	char	text[PIPE_BUF];
} held;

/* Does standard error end in the journal, which notes the time itself? */
static bool journal;

/* As $JOURNAL_STREAM names a file (systemd.exec(5)). */
static bool
stream_name(int fd, char *name, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	snprintf(name, size, "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return true;
}

/* A process with the variable may have another standard error. */
void
log_init(void)
{
	const char	*said = getenv("JOURNAL_STREAM");
	char		 mine[64];

	journal = said != NULL &&
	    stream_name(STDERR_FILENO, mine, sizeof(mine)) &&
	    strcmp(said, mine) == 0;
}

void
log_pass(int fd)
{
	char name[64];

	if (journal && stream_name(fd, name, sizeof(name)))
		setenv("JOURNAL_STREAM", name, 1);
}

bool
log_in_journal(void)
{
	return journal;
}

void
log_set_level(enum log_level l)
{
	atomic_store(&level, (int)l);
}

bool
log_level_find(const char *name, enum log_level *l)
{
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*l = (enum log_level)i;
			return true;
		}
	return false;
}

bool
log_enabled(enum log_level l)
{
	return (int)l <= atomic_load(&level);
}

/*
 * Would this character do something to a terminal, or to how the line reads?
 * Control characters of both kinds, and those that turn the direction of text.
 */
static bool
is_harmful(const unsigned char *p, size_t n)
{
	if (n == 1)
		return p[0] < 0x20 || p[0] == 0x7f;
	if (n == 2)
		return (p[0] == 0xc2 && p[1] < 0xa0) ||
		    (p[0] == 0xd8 && p[1] == 0x9c);
	return n == 3 && p[0] == 0xe2 &&
	    ((p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f ||
	    (p[2] >= 0xa8 && p[2] <= 0xae))) ||
	    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

/*
 * Append the text to "line", which has room for "size" bytes: whole characters
 * only, and each byte of what is harmful or no UTF-8 as \xNN.
 */
static size_t
put_text(char *line, size_t n, size_t size, const char *text)
{
	const unsigned char	*p = (const unsigned char *)text;
	size_t			 left = strlen(text), len, i;

	for (; left > 0; p += len, left -= len) {
		for (len = 0; len < left && p[len] >= 0x20 && p[len] < 0x7f;)
			len++;
		if (len > 0) {
			if (len > size - n)
				len = left = size - n;
			memcpy(line + n, p, len);
			n += len;
			continue;
		}
		len = text_utf8_length((const char *)p, left);
		if (len > 0 && !is_harmful(p, len)) {
			if (n + len > size)
				break;
			memcpy(line + n, p, len);
			n += len;
			continue;
		}
		if (len == 0)
			len = 1;
		if (n + 4 * len > size)
			break;
		for (i = 0; i < len; i++, n += 4)
			snprintf(line + n, 5, "\\x%02x", p[i]);
	}
	return n;
}

/* vsnprintf() cuts at a byte. */
static void
cut_at_character(char *text, size_t size)
{
	size_t n = strlen(text), valid;

	if (n + 1 < size)
		return;
	valid = text_utf8_prefix(text, n);
	if (n - valid < 4)
		text[valid] = '\0';
}

#define HEAD_SIZE 64

/* The time of a line; the lines of one second have the same. */
static size_t
put_time(char *line)
{
	static _Thread_local time_t	at;
	static _Thread_local char	text[HEAD_SIZE];
	time_t				now = time(NULL);
	struct tm			tm;
	size_t				n;

	if (now != at || text[0] == '\0') {
		localtime_r(&now, &tm);
		if (strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S ",
		    &tm) == 0)
			text[0] = '\0';
		at = now;
	}
	n = strlen(text);
	memcpy(line, text, n);
	return n;
}

/* The head of a line: in a file, and in the journal. */
static size_t
put_head(char *line, enum log_level l)
{
	size_t n, len = strlen(names[l]);

	if (journal)
		return (size_t)snprintf(line, 16, "<%d>", priorities[l]);
	n = put_time(line);
	memcpy(line + n, "      ", 6);
	memcpy(line + n, names[l], len);
	return n + 6;
}

/* A log that can't be written is no reason to fail a request. */
static void
write_out(const char *p, size_t n)
{
	if (write(STDERR_FILENO, p, n) < 0)
		return;
}

void
log_hold(void)
{
	static bool known;

	if (!known)
		atexit(log_release);
	held.on = known = true;
}

void
log_flush(void)
{
	if (held.len > 0)
		write_out(held.text, held.len);
	held.len = 0;
}

void
log_release(void)
{
	log_flush();
	held.on = false;
}

/* A warning is out before whatever it warns of. */
static void
put_line(enum log_level l, const char *line, size_t n)
{
	if (held.len + n > sizeof(held.text))
		log_flush();
	if (!held.on || n > sizeof(held.text)) {
		write_out(line, n);
		return;
	}
	memcpy(held.text + held.len, line, n);
	held.len += n;
	if (l <= LOG_WARN)
		log_flush();
}

static void
put_whole(enum log_level l, const char *text)
{
	char	line[LINE_MAX_BYTES * 2];
	size_t	n;

	n = put_head(line, l);
	n = put_text(line, n, sizeof(line) - 8, text);
	line[n++] = '\n';
	put_line(l, line, n);
}

static void
put(enum log_level l, const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES];

	if (!log_enabled(l))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	cut_at_character(text, sizeof(text));
	put_whole(l, text);
}

#define DEFINE(name, l)							\
	void								\
	name(const char *fmt, ...)					\
	{								\
		va_list ap;						\
									\
		va_start(ap, fmt);					\
		put(l, fmt, ap);					\
		va_end(ap);						\
	}

DEFINE(log_err, LOG_ERR)
DEFINE(log_warn, LOG_WARN)
DEFINE(log_info, LOG_INFO)
DEFINE(log_debug, LOG_DEBUG)

void
log_info_text(const char *text)
{
	char cut[LINE_MAX_BYTES];

	if (!log_enabled(LOG_INFO))
		return;
	snprintf(cut, sizeof(cut), "%s", text);
	cut_at_character(cut, sizeof(cut));
	put_whole(LOG_INFO, cut);
}
