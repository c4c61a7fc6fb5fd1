/*
 * POST /v1/images/generations and /v1/images/edits: passed on to a model of the
 * list that has such an endpoint, as a few accounts' lists do (gpt-image-*).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/form.h"
#include "api/target.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "copilot/models.h"
#include "turn/complain.h"

/* --- The answer. */

/* It is upstream's, byte for byte: megabytes of base64. */
static enum answer_said
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	json_object	*obj = js_parse_quiet(p, n);
	bool		 ok = js_array(obj, "data") != NULL;

	if (ok) {
		usage_read(self, js_obj(obj, "usage"),
		    js_obj(obj, "copilot_usage"));
		buf_append(out, p, n);
	} else if (js_get(obj, "error") != NULL)
		failure_read_event(obj, err);
	else
		err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
		    "GitHub Copilot's answer to the image request could not "
		    "be read.");
	json_object_put(obj);
	return ok ? ANSWER_COMPLETE : ANSWER_FAILED;
}

/* The usage is the exchange's. */
static void
keep(void *self)
{
	(void)self;
}

static const struct answer_ops ops = { .whole = whole, .destroy = keep };

/* --- The model. */

/*
 * The newest that the client's key may use: the list is in the order of names,
 * and those have numbers.
 */
static const struct model *
newest_of(const struct exchange *x, unsigned endpoint)
{
	const struct model	*m;
	size_t			 i;

	for (i = x->models != NULL ? x->models->n : 0; i > 0; i--) {
		m = &x->models->list[i - 1];
		if ((m->endpoints & endpoint) != 0 &&
		    conf_key_allows(x->client, m->id))
			return m;
	}
	return NULL;
}

static bool
refuse_none(const struct exchange *x, struct err *err)
{
	err_set(err, 404, ERR_REQUEST, "model_not_found", "model", "None of "
	    "the models that you have access to makes images: GET /v1/models "
	    "lists none for /v1%.100s.", x->req.path);
	err->no_retry = true;
	return false;
}

/* The one that is asked for; the newest there is if none is. */
static bool
choose(struct exchange *x, json_object *obj, unsigned endpoint,
    struct target *t, struct err *err)
{
	const struct model *newest = newest_of(x, endpoint);

	if (x->models != NULL && newest == NULL)
		return refuse_none(x, err);
	if (js_get(obj, "model") == NULL && newest != NULL)
		js_add_str(obj, "model", newest->id);
	return target_find(x, obj, endpoint, t, err);
}

/* --- The request. */

static void
set_call(struct exchange *x, const char *path, const struct target *t)
{
	x->call.method = "POST";
	x->call.path = path;
	x->call.completion = true;
	x->call.headers = t->model != NULL ? t->model->request_headers : NULL;
	x->model = xstrdup(t->upstream);
	x->answer = &ops;
	x->self = &x->usage;
}

static bool
check_stream(json_object *obj, struct err *err)
{
	if (js_bool(obj, "stream", false))
		return err_param(err, "stream", "unsupported_parameter",
		    "Unsupported parameter: 'stream'. GitHub Copilot sends "
		    "images whole.");
	return js_get(obj, "model") == NULL || js_str(obj, "model") != NULL ||
	    complain_wrong_type(err, "model", "a string",
	    js_get(obj, "model"));
}

static bool
ask_json(struct exchange *x, json_object *obj, const char *path,
    unsigned endpoint, struct err *err)
{
	struct js_edit	edit = { .key = "model" };
	struct target	t;

	if (!choose(x, obj, endpoint, &t, err))
		return false;
	edit.value = json_object_new_string(t.upstream);
	js_splice(x->req.body.p, x->req.body.len, &edit, 1, &x->call.body.own);
	json_object_put(edit.value);
	set_call(x, path, &t);
	return true;
}

static enum handled
handle_json(struct exchange *x, const char *path, unsigned endpoint)
{
	json_object	*obj = NULL;
	struct err	 err;
	enum handled	 h = HANDLED_CALL;

	if (!exchange_parse(x, &obj, &err))
		return exchange_refuse(x, &err);
	if (!json_object_is_type(obj, json_type_object)) {
		complain_wrong_type(&err, NULL, "an object", obj);
		h = exchange_refuse(x, &err);
	} else if (!check_stream(obj, &err))
		h = exchange_refuse(x, &err);
	else if (x->models == NULL && !x->models_tried)
		h = HANDLED_MODELS;
	else if (!ask_json(x, obj, path, endpoint, &err))
		h = exchange_refuse(x, &err);
	json_object_put(obj);
	return h;
}

/* --- The same of a form with files. */

/* Only what all read alike is passed on: the model may be a key's limit. */
static bool
refuse_unclear(struct err *err, const char *name)
{
	return err_param(err, name, "invalid_form", "Invalid form: it has '%s' "
	    "more than once, or a part that does not end or has no plain name. "
	    "Content-Type names the boundary, and each part takes one "
	    "Content-Disposition with a name in quotes.", name);
}

/* These members count: model, where it is, and stream. */
static bool
read_members(const struct exchange *x, json_object *obj,
    enum form_found *model, size_t *at, size_t *len, struct err *err)
{
	const struct buf	*b = &x->req.body;
	const char		*p = buf_str(b);
	size_t			 from, n;
	enum form_found		 stream;

	*model = form_field(x->req.form, p, b->len, "model", at, len);
	if (*model == FORM_UNCLEAR)
		return refuse_unclear(err, "model");
	if (*model == FORM_ONE)
		js_add_take(obj, "model", json_object_new_string_len(p + *at,
		    (int)*len));
	stream = form_field(x->req.form, p, b->len, "stream", &from, &n);
	if (stream == FORM_UNCLEAR)
		return refuse_unclear(err, "stream");
	if (stream == FORM_ONE)
		js_add_bool(obj, "stream", n == 4 &&
		    strncasecmp(p + from, "true", 4) == 0);
	return check_stream(obj, err);
}

static bool
ask_form(struct exchange *x, json_object *obj, enum form_found model,
    size_t at, size_t len, struct err *err)
{
	struct buf	*b = &x->req.body;
	struct target	 t;
	char		*type;

	if (!choose(x, obj, MODEL_IMAGE_EDITS, &t, err))
		return false;
	body_lend(&x->call.body, b->p, at);
	if (model == FORM_ONE)
		buf_puts(&x->call.body.own, t.upstream);
	else
		form_part(x->req.form, "model", t.upstream, &x->call.body.own);
	body_lend(&x->call.body, b->p + at + len, b->len - at - len);
	type = form_type(x->req.form);	/* it has one: the form was read */
	free(x->req.form);
	x->call.type = x->req.form = type;
	set_call(x, "/v1/images/edits", &t);
	return true;
}

static enum handled
handle_form(struct exchange *x)
{
	size_t		 at, len;
	json_object	*obj = json_object_new_object();
	struct err	 err;
	enum form_found	 model;
	enum handled	 h = HANDLED_CALL;

	if (!read_members(x, obj, &model, &at, &len, &err))
		h = exchange_refuse(x, &err);
	else if (x->models == NULL && !x->models_tried)
		h = HANDLED_MODELS;
	else if (!ask_form(x, obj, model, at, len, &err))
		h = exchange_refuse(x, &err);
	json_object_put(obj);
	return h;
}

enum handled
api_images(struct exchange *x)
{
	return handle_json(x, "/v1/images/generations", MODEL_IMAGES);
}

enum handled
api_image_edits(struct exchange *x)
{
	return x->req.form != NULL ? handle_form(x) :
	    handle_json(x, "/v1/images/edits", MODEL_IMAGE_EDITS);
}

/* By name: whoever has code for it shall know. */
enum handled
api_image_variations(struct exchange *x)
{
	struct err err;

	err_set(&err, 404, ERR_REQUEST, NULL, NULL, "Variations of images are "
	    "not available: GitHub Copilot has none. POST /v1/images/edits "
	    "changes an image where a model of the account does that.");
	err.no_retry = true;
	return exchange_refuse(x, &err);
}
