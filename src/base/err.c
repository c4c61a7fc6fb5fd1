/* Why something failed, in a form that can be sent to a client. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/text.h"
#include "base/util.h"

struct err *
err_room(struct err **e)
{
	if (*e == NULL)
		*e = xcalloc(1, sizeof(**e));
	return *e;
}

static void
set(struct err *e, int status, const char *type, const char *code,
    const char *param, const char *fmt, va_list ap)
{
	int n;

	memset(e, 0, sizeof(*e));
	e->status = status;
	e->type = type;
	snprintf(e->code, sizeof(e->code), "%s", code != NULL ? code : "");
	snprintf(e->param, sizeof(e->param), "%s", param != NULL ? param : "");
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	/* The cut may have gone through a character. */
	if (n >= (int)sizeof(e->msg))
		e->msg[text_utf8_prefix(e->msg, strlen(e->msg))] = '\0';
}

bool
err_set(struct err *e, int status, const char *type, const char *code,
    const char *param, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, status, type, code, param, fmt, ap);
	va_end(ap);
	return false;
}

bool
err_param(struct err *e, const char *param, const char *code,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, 400, ERR_REQUEST, code, param, fmt, ap);
	va_end(ap);
	return false;
}

const char *
err_for_log(const struct err *e)
{
	return e->own_words != NULL ? e->own_words : e->msg;
}

bool
err_not_found(struct err *e, const char *what, const char *id,
    const char *param)
{
	char shown[128];

	text_clean(id, strlen(id), shown, sizeof(shown));
	return err_set(e, 404, ERR_REQUEST, NULL, param,
	    "%s with id '%s' not found.", what, shown);
}

int64_t
err_retry_seconds(const struct err *e)
{
	struct tm	 tm = { 0 };
	const char	*end;
	int64_t		 n;

	if (util_parse_int64(e->retry_after, &n))
		return n;
	end = strptime(e->retry_after, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (end == NULL || *end != '\0')
		return -1;
	n = (int64_t)timegm(&tm) - (int64_t)time(NULL);
	return n > 0 ? n : 0;
}
