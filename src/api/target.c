/* Which model a request is for, and what upstream calls it. */
#include "config.h"

#include <string.h>

#include "api/allowance.h"
#include "api/exchange.h"
#include "api/target.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/edits.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "copilot/models.h"
#include "turn/complain.h"
#include "turn/effort.h"

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

/*
 * A mapping comes before the effort behind a name, for that may be what is
 * mapped; and once more without it.
 */
const char *
target_bare(const struct conf *conf, const char *name,
    char bare[static TARGET_NAME_SIZE], const char **effort)
{
	const char	*to = conf_map_model(conf, name), *more;
	size_t		 n;

	*effort = effort_in_name(to, &n);
	if (*effort == NULL || n >= TARGET_NAME_SIZE) {
		*effort = NULL;
		return to;
	}
	memcpy(bare, to, n);
	bare[n] = '\0';
	if (to != name || (to = conf_map_model(conf, bare)) == bare)
		return bare;
	/* An alias of a model with an effort: this one was asked for. */
	more = effort_in_name(to, &n);
	if (more == NULL || n >= TARGET_NAME_SIZE)
		return to;
	memcpy(bare, to, n);
	bare[n] = '\0';
	return bare;
}

void
target_resolve(const struct conf *conf, const struct models *models,
    const char *asked, struct target *t)
{
	t->asked = asked;
	t->upstream = target_bare(conf, asked, t->bare, &t->effort);
	t->model = models_resolve(models, t->upstream);
	if (t->model != NULL)
		t->upstream = t->model->id;
}

/* --- Efforts in names. */

static void
set_member(json_object *obj, const char *member, const char *effort,
    struct edits *ed)
{
	json_object *old = js_obj(obj, member);

	if (js_is(old, "effort", effort))
		return;
	if (old == NULL)
		js_add_take(obj, member, json_object_new_object());
	old = js_obj(obj, member);
	js_add_str(old, "effort", effort);
	edits_set_take(ed, member, json_object_get(old));
}

/*
 * Another member says that no thinking is wanted; a budget gives way to the
 * effort.
 */
static void
set_messages(json_object *obj, const char *effort, struct edits *ed)
{
	json_object	*old = js_obj(obj, "thinking"), *thinking;
	bool		 none = strcmp(effort, "none") == 0;
	const char	*type = none ? "disabled" : "adaptive";

	if (!none)
		set_member(obj, "output_config", effort, ed);
	if (js_is(old, "type", type))
		return;
	thinking = json_object_new_object();
	js_add_str(thinking, "type", type);
	if (!none)
		js_add_given(thinking, "display", js_get(old, "display"));
	js_add_ref(obj, "thinking", thinking);
	edits_set_take(ed, "thinking", thinking);
}

void
target_set_effort(struct exchange *x, json_object *obj, const char *effort,
    enum target_form form)
{
	struct edits	ed = { .n = 0 };
	struct buf	body = { 0 };

	if (effort == NULL)
		return;
	if (form == TARGET_MESSAGES)
		set_messages(obj, effort, &ed);
	else if (form == TARGET_RESPONSES)
		set_member(obj, "reasoning", effort, &ed);
	else if (!js_is(obj, "reasoning_effort", effort)) {
		js_add_str(obj, "reasoning_effort", effort);
		edits_set_take(&ed, "reasoning_effort",
		    json_object_new_string(effort));
	}
	if (x != NULL && ed.n > 0) {
		js_splice(x->req.body.p, x->req.body.len, ed.list, ed.n,
		    &body);
		exchange_body_take(x, obj, &body);
	}
	edits_finish(&ed);
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
