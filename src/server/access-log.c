/* The line in the log that ends every exchange. */
#include "config.h"

#include <stdio.h>

#include "api/exchange.h"
#include "base/log.h"
#include "base/util.h"
#include "server/access-log.h"

void
access_log(const struct exchange *x, size_t bytes, const char *upstream_id,
    const char *remark)
{
	char		tokens[64] = "";
	const char     *model = x->model != NULL ? x->model : "-";

	if (x->usage.input >= 0)
		snprintf(tokens, sizeof(tokens), " %lld+%lld tokens",
		    (long long)x->usage.input,
		    (long long)(x->usage.output >= 0 ? x->usage.output : 0));
	log_info("%.10s %.200s %.80s %d %lld ms %zu B%s %s%s%.80s%s%.300s",
	    x->req.method, x->req.uri, model,
	    x->reply.status != 0 ? x->reply.status : 499,
	    (long long)(util_now_ms() - x->req.started_ms), bytes, tokens,
	    x->req.id, upstream_id != NULL ? " upstream " : "",
	    upstream_id != NULL ? upstream_id : "",
	    remark != NULL ? ": " : "", remark != NULL ? remark : "");
}
