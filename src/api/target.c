/* Which model a request is for, and what upstream calls it. */
#include "config.h"

#include <string.h>

#include "api/exchange.h"
#include "api/target.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "copilot/models.h"

static bool
refuse_endpoint(const char *asked, struct err *err)
{
	char shown[256];

	text_clean(asked, strlen(asked), shown, sizeof(shown));
	return err_param(err, "model", "unsupported_api_for_model",
	    "The model '%s' does not support this endpoint. GET /v1/models "
	    "lists the endpoints of each model.", shown);
}

static bool
read_name(json_object *obj, const char **name, struct err *err)
{
	if (!json_object_is_type(obj, json_type_object) || obj == NULL)
		return err_set(err, 400, ERR_REQUEST, NULL, NULL,
		    "The body of the request has to be a JSON object.");
	if (js_get(obj, "model") == NULL || js_is(obj, "model", ""))
		return err_param(err, "model", "missing_required_parameter",
		    "Missing required parameter: 'model'.");
	if ((*name = js_str(obj, "model")) == NULL)
		return err_param(err, "model", "invalid_type",
		    "Invalid type for 'model': expected a string.");
	return true;
}

/* A model that the list lacks is asked for as it is: upstream knows best. */
bool
target_find(const struct exchange *x, json_object *obj, unsigned endpoint,
    struct target *t, struct err *err)
{
	if (!read_name(obj, &t->asked, err))
		return false;
	t->upstream = conf_map_model(x->conf, t->asked);
	t->model = models_resolve(x->models, t->upstream);
	if (t->model == NULL)
		return true;
	t->upstream = t->model->id;
	return (t->model->endpoints & endpoint) != 0 ||
	    refuse_endpoint(t->asked, err);
}
