/* The line in the log that ends every exchange. */
#include "config.h"

#include <string.h>

#include "api/exchange.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/util.h"
#include "server/access-log.h"
#include "server/client.h"
#include "server/mask.h"

#define PATH_SIZE	200
#define LINE_USUAL	400	/* bytes */

/* A line of each answer is put together here: a format is read for longer. */
static void
put_part(struct buf *out, const char *before, const char *s, size_t most)
{
	buf_puts(out, before);
	buf_append(out, s, strnlen(s, most));
}

static void
put_tokens(const struct usage *u, struct buf *out)
{
	buf_putc(out, ' ');
	buf_int(out, u->input);
	buf_putc(out, '+');
	buf_int(out, u->output >= 0 ? u->output : 0);
	buf_puts(out, " tokens");
}

/* The part of the input from the prompt cache, and the cost of it all. */
static void
put_cost(const struct usage *u, struct buf *out)
{
	if (u->input > 0 && u->cached != 0)
		buf_printf(out, "; %.0f%% cached",
		    100 * (double)u->cached / (double)u->input);
	else
		buf_puts(out, "; 0% cached");
	if (u->nano >= 0)
		buf_printf(out, ", %s%.9g credits",
		    u->estimated ? "about " : "",
		    (double)u->nano / CREDIT_NANO);
}

void
access_log(const struct exchange *x, size_t bytes, const char *upstream_id,
    const char *remark)
{
	struct buf	line = { 0 };
	char		path[PATH_SIZE];

	buf_reserve(&line, LINE_USUAL);
	mask_path(x->req.uri, x->conf, path, sizeof(path));
	put_part(&line, "", x->req.method, 10);
	put_part(&line, " ", path, sizeof(path));
	put_part(&line, " ", x->model != NULL ? mask_model(x->model, x->conf) :
	    "-", 80);
	buf_putc(&line, ' ');
	buf_int(&line, x->reply.status != 0 ? x->reply.status : CLIENT_GONE);
	buf_putc(&line, ' ');
	buf_int(&line, util_now_ms() - x->req.started_ms);
	buf_puts(&line, " ms ");
	buf_int(&line, (int64_t)bytes);
	buf_puts(&line, " B");
	if (x->usage.input >= 0)
		put_tokens(&x->usage, &line);
	put_part(&line, " ", x->req.id, sizeof(x->req.id));
	if (x->req.trace[0] != '\0')
		put_part(&line, " trace ", x->req.trace, sizeof(x->req.trace));
	if (upstream_id != NULL)
		put_part(&line, " upstream ", upstream_id, 80);
	if (remark != NULL)
		put_part(&line, ": ", remark, 300);
	if (x->usage.input >= 0)
		put_cost(&x->usage, &line);
	log_info_text(line.p);
	buf_finish(&line);
}
