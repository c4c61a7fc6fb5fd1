/* The line in the log that ends every exchange. */
#include "config.h"

#include <stdio.h>

#include "api/exchange.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/util.h"
#include "server/access-log.h"
#include "server/client.h"
#include "server/mask.h"

#define PATH_SIZE 200

/* The part of the input from the prompt cache, and the cost of it all. */
static void
print_cost(const struct usage *u, char *out, size_t size)
{
	char credits[48] = "";

	if (u->nano >= 0)
		snprintf(credits, sizeof(credits), ", %s%.9g credits",
		    u->estimated ? "about " : "",
		    (double)u->nano / CREDIT_NANO);
	snprintf(out, size, "; %.0f%% cached%s", u->input > 0 ?
	    100 * (double)u->cached / (double)u->input : 0, credits);
}

void
access_log(const struct exchange *x, size_t bytes, const char *upstream_id,
    const char *remark)
{
	char		tokens[64] = "", cost[96] = "", path[PATH_SIZE];
	const char     *model = x->model != NULL ?
			    mask_model(x->model, x->conf) : "-";

	if (x->usage.input >= 0)
		print_cost(&x->usage, cost, sizeof(cost));
	if (x->usage.input >= 0)
		snprintf(tokens, sizeof(tokens), " %lld+%lld tokens",
		    (long long)x->usage.input,
		    (long long)(x->usage.output >= 0 ? x->usage.output : 0));
	mask_path(x->req.uri, x->conf, path, sizeof(path));
	log_info("%.10s %s %.80s %d %lld ms %zu B%s %s%s%s%s%.80s%s%.300s%s",
	    x->req.method, path, model,
	    x->reply.status != 0 ? x->reply.status : CLIENT_GONE,
	    (long long)(util_now_ms() - x->req.started_ms), bytes, tokens,
	    x->req.id, x->req.trace[0] != '\0' ? " trace " : "", x->req.trace,
	    upstream_id != NULL ? " upstream " : "",
	    upstream_id != NULL ? upstream_id : "",
	    remark != NULL ? ": " : "", remark != NULL ? remark : "", cost);
}
