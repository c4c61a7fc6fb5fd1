/* What comes of a request, record by record, cut anywhere. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <fastcgi.h>

#include "base/util.h"
#include "server/incoming.h"

#define PARAMS_USUAL	1000	/* bytes of a header */

static int
kind_of(const struct incoming *in)
{
	return in->head[1];
}

static int
id_of(const struct incoming *in)
{
	return in->head[2] << 8 | in->head[3];
}

static size_t
length_of(const struct incoming *in)
{
	return (size_t)in->head[4] << 8 | in->head[5];
}

/* Is the record that is under way one of this request? */
static bool
is_ours(const struct incoming *in)
{
	return in->part != BEFORE_REQUEST && id_of(in) == in->id;
}

/* --- Records for the web server itself. */

static void
put_record(struct buf *out, int kind, int id, const void *p, size_t n)
{
	const unsigned char head[INCOMING_RECORD] = {
		FCGI_VERSION_1, (unsigned char)kind, (unsigned char)(id >> 8),
		(unsigned char)id, (unsigned char)(n >> 8), (unsigned char)n,
		0, 0
	};

	buf_append(out, head, sizeof(head));
	buf_append(out, p, n);
}

/* One length and what it says (FastCGI specification, 3.4). */
static bool
take_length(const unsigned char **p, const unsigned char *end, size_t *n)
{
	if (end - *p < 1 || (**p >= 0x80 && end - *p < 4))
		return false;
	if (**p < 0x80) {
		*n = *(*p)++;
		return true;
	}
	*n = (size_t)((*p)[0] & 0x7f) << 24 | (size_t)(*p)[1] << 16 |
	    (size_t)(*p)[2] << 8 | (*p)[3];
	*p += 4;
	return true;
}

/* The lengths of a pair, all of which is there. */
static bool
take_lengths(const unsigned char **p, const unsigned char *end, size_t *name,
    size_t *value)
{
	return take_length(p, end, name) && take_length(p, end, value) &&
	    *name <= (size_t)(end - *p) &&
	    *value <= (size_t)(end - *p) - *name;
}

/* The values that were asked for, as far as there are such. */
static void
put_values(struct buf *out, const unsigned char *p, size_t n)
{
	static const char *const values[][2] = {
		{ FCGI_MAX_CONNS, "65536" },
		{ FCGI_MAX_REQS, "65536" },
		{ FCGI_MPXS_CONNS, "0" },
	};
	const unsigned char	*end = p + n;
	struct buf		 content = { 0 };
	size_t			 name, value, i;

	while (take_lengths(&p, end, &name, &value)) {
		for (i = 0; i < COUNT(values); i++)
			if (strlen(values[i][0]) == name &&
			    memcmp(values[i][0], p, name) == 0) {
				buf_putc(&content, (char)name);
				buf_putc(&content, (char)strlen(values[i][1]));
				buf_puts(&content, values[i][0]);
				buf_puts(&content, values[i][1]);
			}
		p += name + value;
	}
	put_record(out, FCGI_GET_VALUES_RESULT, FCGI_NULL_REQUEST_ID,
	    buf_str(&content), content.len);
	buf_finish(&content);
}

static void
manage(struct incoming *in)
{
	const char unknown[8] = { (char)kind_of(in) };

	if (kind_of(in) == FCGI_GET_VALUES)
		put_values(&in->reply, (const unsigned char *)buf_str(&in->few),
		    in->few.len);
	else
		put_record(&in->reply, FCGI_UNKNOWN_TYPE, FCGI_NULL_REQUEST_ID,
		    unknown, sizeof(unknown));
}

/* A request that is not carried out, whoever it is. */
static void
put_end(struct incoming *in, unsigned char why)
{
	const FCGI_EndRequestBody body = { .protocolStatus = why };

	put_record(&in->reply, FCGI_END_REQUEST, id_of(in), &body,
	    sizeof(body));
}

/* --- Records. */

static enum incoming_state
begin(struct incoming *in)
{
	FCGI_BeginRequestBody body;

	if (in->few.len < sizeof(body) || is_ours(in))
		return INCOMING_FOREIGN;
	memcpy(&body, in->few.p, sizeof(body));
	if (in->part != BEFORE_REQUEST)
		put_end(in, FCGI_CANT_MPX_CONN);
	else if (body.roleB1 != 0 || body.roleB0 != FCGI_RESPONDER)
		put_end(in, FCGI_UNKNOWN_ROLE);
	else {
		in->part = IN_HEADER;
		in->id = id_of(in);
		in->keep = (body.flags & FCGI_KEEP_CONN) != 0;
		buf_reserve(&in->params, PARAMS_USUAL);
	}
	return INCOMING_MORE;
}

/* A record is whole, what is in it has been taken. */
static enum incoming_state
take_record(struct incoming *in)
{
	in->nhead = 0;
	if (id_of(in) == FCGI_NULL_REQUEST_ID) {
		manage(in);
		return INCOMING_MORE;
	}
	if (kind_of(in) == FCGI_BEGIN_REQUEST)
		return begin(in);
	/* The end of the last request's body, or of one that was aborted. */
	if (!is_ours(in))
		return INCOMING_MORE;
	if (in->part == IN_BODY) {
		if (kind_of(in) == FCGI_ABORT_REQUEST)
			return INCOMING_ABORT;
		return kind_of(in) == FCGI_STDIN && length_of(in) == 0 ?
		    INCOMING_END : INCOMING_MORE;
	}
	if (kind_of(in) != FCGI_PARAMS)
		return INCOMING_FOREIGN;
	if (length_of(in) > 0)
		return INCOMING_MORE;
	in->part = IN_BODY;
	return INCOMING_HEADER;
}

/* The next bytes in the record that is under way. */
static enum incoming_state
take_content(struct incoming *in, const unsigned char *p, size_t n)
{
	if (id_of(in) == FCGI_NULL_REQUEST_ID ||
	    kind_of(in) == FCGI_BEGIN_REQUEST)
		buf_append(&in->few, p, n);
	else if (is_ours(in) && in->part == IN_HEADER &&
	    kind_of(in) == FCGI_PARAMS) {
		if (in->params.len + n > INCOMING_HEADER_MAX)
			return INCOMING_LARGE;
		buf_append(&in->params, p, n);
	} else if (is_ours(in) && in->part == IN_BODY &&
	    kind_of(in) == FCGI_STDIN) {
		in->piece = p;
		in->npiece = n;
		return INCOMING_BODY;
	}
	return INCOMING_MORE;
}

/* The header of a record. False: it goes on, or it is none. */
static bool
take_head(struct incoming *in, const unsigned char **p,
    const unsigned char *end)
{
	size_t step = INCOMING_RECORD - in->nhead;

	if (step > (size_t)(end - *p))
		step = (size_t)(end - *p);
	memcpy(in->head + in->nhead, *p, step);
	*p += step;
	in->nhead += (unsigned)step;
	if (in->nhead < INCOMING_RECORD || in->head[0] != FCGI_VERSION_1)
		return false;
	in->content = length_of(in);
	in->padding = in->head[6];
	buf_truncate(&in->few, 0);
	return true;
}

static size_t
step_of(size_t left, const unsigned char *p, const unsigned char *end)
{
	return left < (size_t)(end - p) ? left : (size_t)(end - p);
}

enum incoming_state
incoming_feed(struct incoming *in, const unsigned char **p,
    const unsigned char *end)
{
	enum incoming_state	state = INCOMING_MORE, ended;
	size_t			step;

	while (*p < end && state == INCOMING_MORE) {
		if (in->nhead < INCOMING_RECORD && !take_head(in, p, end)) {
			if (in->head[0] != FCGI_VERSION_1)
				state = INCOMING_FOREIGN;
			continue;
		}
		if ((step = step_of(in->content, *p, end)) > 0) {
			state = take_content(in, *p, step);
			*p += step;
			in->content -= step;
		}
		step = step_of(in->padding, *p, end);
		if (in->content == 0) {
			*p += step;
			in->padding -= step;
		}
		if (in->content == 0 && in->padding == 0) {
			ended = take_record(in);
			state = state == INCOMING_MORE ? ended : state;
		}
	}
	return state;
}

/* --- The request. */

bool
incoming_begun(const struct incoming *in)
{
	return in->part != BEFORE_REQUEST || !incoming_between(in);
}

/* How many pairs are there? False: one is not whole. */
static bool
count_pairs(const struct buf *params, size_t *n)
{
	const unsigned char	*p = (const unsigned char *)params->p;
	const unsigned char	*end = p + params->len;
	size_t			 name, value;

	for (*n = 0; p < end; p += name + value, ++*n)
		if (!take_lengths(&p, end, &name, &value))
			return false;
	return true;
}

/*
 * Texts need no more room than the pairs had, whose lengths are two bytes at
 * least: they are moved to where these were.
 */
char **
incoming_env(struct incoming *in)
{
	const unsigned char	*p, *end;
	size_t			 name, value, n;
	char			**env, *to;

	if (!count_pairs(&in->params, &n))
		return NULL;
	env = xmalloc((n + 1) * sizeof(*env));
	n = 0;
	to = in->params.p;
	p = (const unsigned char *)to;
	end = p + in->params.len;
	for (; take_lengths(&p, end, &name, &value); p += name + value) {
		env[n++] = to;
		memmove(to, p, name);
		to[name] = '=';
		memmove(to + name + 1, p + name, value);
		to += name + value + 2;
		to[-1] = '\0';
	}
	env[n] = NULL;
	return env;
}

void
incoming_env_free(struct incoming *in, char **env)
{
	buf_finish(&in->params);
	free(env);
}

size_t
incoming_direct(const struct incoming *in)
{
	return in->nhead == INCOMING_RECORD && in->part == IN_BODY &&
	    is_ours(in) && kind_of(in) == FCGI_STDIN ? in->content : 0;
}

void
incoming_passed(struct incoming *in, size_t n)
{
	in->content -= n;
	if (n > 0 && in->content == 0 && in->padding == 0)
		take_record(in);
}

bool
incoming_between(const struct incoming *in)
{
	return in->nhead == 0;
}

void
incoming_forget(struct incoming *in)
{
	in->part = BEFORE_REQUEST;
	buf_finish(&in->params);
	buf_finish(&in->few);
}

void
incoming_finish(struct incoming *in)
{
	incoming_forget(in);
	buf_finish(&in->reply);
}
