/* Upstream refused a call: why, and can it be asked otherwise? */
#include "config.h"

#include <string.h>

#include "api/exchange.h"
#include "base/js.h"
#include "base/log.h"
#include "copilot/failure.h"
#include "copilot/models.h"
#include "server/call.h"
#include "server/refusal.h"

#define LESSONS_MAX	4		/* calls that a request may cost more */

/* A 2xx that is not what was asked for may still say what is wrong. */
static void
read_useless(const struct buf *body, struct err *err)
{
	json_object *obj = js_parse_quiet(buf_str(body), body->len);

	if (js_get(obj, "error") == NULL && js_get(obj, "message") == NULL)
		err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
		    "Copilot's answer could not be read.");
	else
		failure_read_event(obj, err);
	json_object_put(obj);
}

void
refusal_read(const struct call *c, struct err *err)
{
	if (c->status >= 200 && c->status <= 299)
		read_useless(&c->body, err);
	else
		failure_read(c->status, buf_str(&c->body), c->body.len,
		    c->retry_after, err);
}

/*
 * Does it say what this model doesn't take? Each call teaches something new, so
 * that they come to an end, but a request shall not pay for many.
 */
static bool
learn(struct exchange *x, const struct buf *asked, const struct err *err)
{
	struct lesson	lesson;
	bool		lasts;

	if (x->retry.lessons == LESSONS_MAX ||
	    !lesson_read(err, asked, &lesson, &lasts) ||
	    !lesson_add(&x->retry.lesson, &lesson))
		return false;
	x->retry.lessons++;
	if (lasts && x->model != NULL)
		lessons_note(x->lessons, x->key, x->model, &lesson);
	log_info("%s: %s refuses %s: asking again without", x->req.id,
	    x->model != NULL ? x->model : "upstream", lesson_name(&lesson));
	return true;
}

static bool
once(bool *flag)
{
	bool before = *flag;

	*flag = true;
	return !before;
}

/* A 200 has cost us the client's body: nothing to ask again with. */
bool
refusal_teaches(struct exchange *x, struct call *c, const struct err *err)
{
	if (c->status < 400 || !x->call.completion)
		return false;
	if (strcmp(err->code, "unsupported_api_for_model") == 0)
		return once(&x->retry.other_endpoint);
	if (strcmp(err->code, "invalid_encrypted_content") == 0)
		return once(&x->retry.unsealed);
	body_settle(&c->request.body);
	return learn(x, &c->request.body.own, err);
}

bool
refusal_doubts_list(struct exchange *x, const struct call *c,
    const struct err *err)
{
	return c->status >= 400 && x->call.completion && x->session == NULL &&
	    x->model != NULL && strcmp(err->code, "model_not_found") == 0 &&
	    models_find(x->models, x->model) != NULL &&
	    once(&x->retry.relisted);
}
