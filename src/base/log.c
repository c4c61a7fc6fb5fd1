/* The program's log. */
#include "config.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

#define LINE_MAX_BYTES 2048

static const char *const names[LOG__MAX] = {
	"error", "warn", "info", "debug"
};

/* The one thing that may change after start-up: a reload sets it. */
static atomic_int level = LOG_INFO;

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

static void
put(enum log_level l, const char *fmt, va_list ap)
{
	char		 text[LINE_MAX_BYTES], line[LINE_MAX_BYTES * 2];
	struct timespec	 ts;
	struct tm	 tm;
	const char	*p;
	size_t		 n;

	if (!log_enabled(l))
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	n = strftime(line, 64, "%Y-%m-%d %H:%M:%S ", &tm);
	n += (size_t)snprintf(line + n, 16, "%-5s ", names[l]);
	vsnprintf(text, sizeof(text), fmt, ap);
	for (p = text; *p != '\0' && n < sizeof(line) - 8; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			n += (size_t)snprintf(line + n, 5, "\\x%02x",
			    (unsigned char)*p);
		else
			line[n++] = *p;
	}
	line[n++] = '\n';
	/* A log that can't be written is no reason to fail a request. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
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
