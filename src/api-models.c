/* GET /v1/models and GET /v1/models/{id}. */
#include "config.h"

#include <string.h>

#include "api.h"
#include "err.h"
#include "models.h"
#include "text.h"
#include "util.h"

/* What stands behind "/models/"; ids may contain slashes. */
static const char *
id_of(const struct request *req)
{
	static const char	 before[] = "/models/";
	const char		*p = strstr(req->path, before);

	return p != NULL ? p + sizeof(before) - 1 : "";
}

enum handled
api_models(struct exchange *x)
{
	if (x->models == NULL && !x->models_tried)
		return HANDLED_MODELS;
	if (x->models == NULL)
		return exchange_refuse(x, &x->models_err);
	reply_json(&x->reply, 200);
	buf_puts(&x->reply.body, x->models->json);
	return HANDLED_REPLY;
}

enum handled
api_model(struct exchange *x)
{
	const struct model	*m;
	const char		*id = id_of(&x->req);
	char			 shown[256];
	struct err		 err;

	if (x->models == NULL && !x->models_tried)
		return HANDLED_MODELS;
	if (x->models == NULL)
		return exchange_refuse(x, &x->models_err);
	if ((m = models_resolve(x->models, id)) == NULL) {
		text_clean(id, strlen(id), shown, sizeof(shown));
		err_set(&err, 404, ERR_REQUEST, "model_not_found", "model",
		    "The model '%s' does not exist or you do not have "
		    "access to it.", shown);
		return exchange_refuse(x, &err);
	}
	reply_json(&x->reply, 200);
	buf_puts(&x->reply.body, m->json);
	return HANDLED_REPLY;
}
