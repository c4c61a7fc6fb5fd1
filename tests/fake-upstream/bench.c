/*
 * Paced streams for load generators: the model bench-N-MS-BYTES sends N chunks,
 * one each MS milliseconds, with BYTES of content that begins with the time it
 * was sent at. Plain OpenAI form; nothing here is meant to be odd.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "fake.h"
#include "jt.h"

#define CHUNKS_MAX	1000000
#define BYTES_MIN	24		/* room for the time */
#define BYTES_MAX	(1 << 20)

struct bench {
	int64_t	chunks, ms, bytes;
	int64_t	sent;
	int64_t	created;
	char	model[64];
};

bool
bench_is_model(const char *name, size_t n)
{
	return n >= 5 && n < sizeof(((struct bench *)0)->model) &&
	    memcmp(name, "bench", 5) == 0 && (n == 5 || name[5] == '-');
}

static int64_t
number(const char **p, int64_t dflt, int64_t min, int64_t max)
{
	char		*end;
	long long	 v;

	if (**p != '-')
		return dflt;
	v = strtoll(*p + 1, &end, 10);
	if (end == *p + 1)
		return dflt;
	*p = end;
	return v < min ? min : v > max ? max : v;
}

static void
parse(struct bench *b, const char *model)
{
	const char *p = model + 5;

	b->chunks = number(&p, 200, 1, CHUNKS_MAX);
	b->ms = number(&p, 50, 0, 600000);
	b->bytes = number(&p, 200, BYTES_MIN, BYTES_MAX);
	b->created = wall_ms() / 1000;
	memcpy(b->model, model, strlen(model) + 1);
}

/* Everything of a chunk up to its choices. */
static void
put_front(const struct bench *b, const char *object, struct buf *out)
{
	buf_printf(out, "{\"id\":\"chatcmpl-bench\",\"object\":\"%s\","
	    "\"created\":%lld,\"model\":\"%s\",\"system_fingerprint\":"
	    "\"fp_bench\",\"choices\":", object, (long long)b->created,
	    b->model);
}

static void
put_usage(const struct bench *b, struct buf *out)
{
	buf_printf(out, "\"usage\":{\"prompt_tokens\":10,"
	    "\"completion_tokens\":%lld,\"total_tokens\":%lld}}",
	    (long long)b->chunks, (long long)b->chunks + 10);
}

/* The end of the stream: three events in one write. */
static void
put_end(const struct bench *b, struct buf *out)
{
	static const char object[] = "chat.completion.chunk";

	buf_puts(out, "data: ");
	put_front(b, object, out);
	buf_puts(out, "[{\"index\":0,\"delta\":{},\"logprobs\":null,"
	    "\"finish_reason\":\"stop\"}],\"usage\":null}\n\ndata: ");
	put_front(b, object, out);
	buf_puts(out, "[],");
	put_usage(b, out);
	buf_puts(out, "\n\ndata: [DONE]\n\n");
}

/* The time is taken as late as it can be. */
static bool
next(void *arg, struct buf *out)
{
	struct bench	*b = arg;
	size_t		 from, pad;

	if (b->sent > b->chunks)
		return false;
	if (b->sent++ == b->chunks) {
		put_end(b, out);
		return true;
	}
	buf_reserve(out, (size_t)b->bytes + 512);
	buf_puts(out, "data: ");
	put_front(b, "chat.completion.chunk", out);
	buf_printf(out, "[{\"index\":0,\"delta\":{%s\"content\":\"",
	    b->sent == 1 ? "\"role\":\"assistant\"," : "");
	from = out->len;
	buf_printf(out, "t=%lld ", (long long)mono_ns());
	if (out->len - from < (size_t)b->bytes) {
		pad = (size_t)b->bytes - (out->len - from);
		memset(out->p + out->len, 'x', pad);
		out->len += pad;
		out->p[out->len] = '\0';
	}
	buf_puts(out, "\"},\"logprobs\":null,\"finish_reason\":null}],"
	    "\"usage\":null}\n\n");
	return true;
}

static void
whole(const struct bench *b, struct answer *a)
{
	answer_begin(a, 200, "application/json");
	put_front(b, "chat.completion", &a->text);
	buf_printf(&a->text, "[{\"index\":0,\"message\":{\"role\":"
	    "\"assistant\",\"content\":\"t=%lld\",\"refusal\":null},"
	    "\"logprobs\":null,\"finish_reason\":\"stop\"}],",
	    (long long)mono_ns());
	put_usage(b, &a->text);
}

void
bench_handle(struct call *c, const char *model, bool stream)
{
	struct bench	*b = xcalloc(1, sizeof(*b));
	size_t		 n = strlen(model);

	/* What goes into the JSON is not quoted. */
	if (strspn(model, "bench" "-0123456789") != n) {
		free(b);
		refuse(c, 400, "model_not_supported",
		    "The requested model is not supported.");
		return;
	}
	parse(b, model);
	if (!stream) {
		whole(b, c->ans);
		free(b);
		return;
	}
	answer_stream(c->ans);
	c->ans->next = next;
	c->ans->arg = b;
	c->ans->every_ns = ms_to_ns(b->ms);
}

/* --- With --fast: the two members that matter, found without parsing. */

/* From the opening quote to just behind the closing one. */
static const char *
skip_string(const char *p, const char *end)
{
	const char	*q;
	size_t		 back;

	for (p++; p < end; p = q + 1) {
		if ((q = memchr(p, '"', (size_t)(end - p))) == NULL)
			return end;
		for (back = 0; q[-1 - (ptrdiff_t)back] == '\\'; back++)
			;
		if (back % 2 == 0)
			return q + 1;
	}
	return end;
}

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n:", *p) != NULL && *p != '\0')
		p++;
	return p;
}

/* The value of a member of the outermost object; NULL when there is none. */
static const char *
member(const char *p, size_t n, const char *quoted)
{
	const char	*end = p + n, *s;
	size_t		 len = strlen(quoted);
	int		 depth = 0;

	while (p < end) {
		switch (*p) {
		case '"':
			s = p;
			p = skip_string(p, end);
			if (depth == 1 && (size_t)(p - s) == len &&
			    memcmp(s, quoted, len) == 0) {
				s = skip_space(p, end);
				if (s > p && s < end)
					return s;
			}
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			depth--;
			break;
		}
		p++;
	}
	return NULL;
}

bool
bench_quick(struct call *c)
{
	const struct buf	*body = &c->req->body;
	const char		*m, *s, *end = buf_str(body) + body->len;
	char			 model[64];
	size_t			 n;

	if (strcmp(c->req->path, "/chat/completions") != 0 || body->len == 0)
		return false;
	m = member(body->p, body->len, "\"model\"");
	if (m == NULL || *m != '"')
		return false;
	n = (size_t)(skip_string(m, end) - m);
	if (n < 2 || !bench_is_model(m + 1, n - 2))
		return false;
	memcpy(model, m + 1, n - 2);
	model[n - 2] = '\0';
	s = member(body->p, body->len, "\"stream\"");
	bench_handle(c, model, s != NULL && *s == 't');
	return true;
}
