/* One client request and the upstream call it becomes. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"

struct exchange *
exchange_create(void)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->usage = (struct usage){ -1, -1 };
	return x;
}

void
exchange_reset(struct exchange *x)
{
	if (x->self != NULL)
		x->answer->destroy(x->self);
	x->answer = NULL;
	x->self = NULL;
	json_object_put(x->parsed);
	x->parsed = NULL;
	reply_finish(&x->reply);
	buf_finish(&x->call.body);
	memset(&x->call, 0, sizeof(x->call));
	free(x->model);
	x->model = NULL;
	x->stream = x->alive = false;
}

void
exchange_destroy(struct exchange *x)
{
	if (x == NULL)
		return;
	exchange_reset(x);
	request_finish(&x->req);
	models_unref(x->models);
	conf_unref(x->conf);
	free(x);
}

enum handled
exchange_refuse(struct exchange *x, const struct err *err)
{
	reply_error(&x->reply, err);
	return HANDLED_REPLY;
}
