/* Which model a request is for, and what upstream calls it. */
#include "config.h"

#include <string.h>

#include "api/allowance.h"
#include "api/exchange.h"
#include "api/target.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "copilot/models.h"
#include "turn/complain.h"

static bool
refuse_endpoint(const char *asked, struct err *err)
{
	char shown[256];

	text_clean(asked, strlen(asked), shown, sizeof(shown));
	return err_param(err, "model", "unsupported_api_for_model",
	    "The model '%s' does not support this endpoint. GET /v1/models "
	    "lists the endpoints of each model.", shown);
}

bool
target_name(json_object *obj, const char **name, struct err *err)
{
	if (!json_object_is_type(obj, json_type_object) || obj == NULL)
		return complain_wrong_type(err, NULL, "an object", obj);
	if (js_get(obj, "model") == NULL || js_is(obj, "model", ""))
		return complain_missing(err, "model");
	*name = js_str(obj, "model");
	return *name != NULL ||
	    complain_no_string(err, "model", js_get(obj, "model"));
}

void
target_resolve(const struct conf *conf, const struct models *models,
    const char *asked, struct target *t)
{
	t->asked = asked;
	t->upstream = conf_map_model(conf, asked);
	t->model = models_resolve(models, t->upstream);
	if (t->model != NULL)
		t->upstream = t->model->id;
}

bool
target_find(const struct exchange *x, json_object *obj, unsigned endpoints,
    struct target *t, struct err *err)
{
	const char *asked = "";

	if (!target_name(obj, &asked, err))
		return false;
	target_resolve(x->conf, x->models, asked, t);
	if (!allowance_check(x, asked, t->upstream, err))
		return false;
	return t->model == NULL || (t->model->endpoints & endpoints) != 0 ||
	    refuse_endpoint(asked, err);
}
