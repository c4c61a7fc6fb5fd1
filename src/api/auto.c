/* Auto is told of a request, and changes it. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/auto.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/models.h"

#define PROMPT_MAX 4000		/* bytes; enough to choose a model by */

/* The first text of a message, or of an item: its content, or a part's. */
static const char *
text_of(json_object *message)
{
	json_object	*content = js_get(message, "content");
	const char	*s = js_str(message, "content");
	size_t		 i;

	for (i = 0; s == NULL && i < js_len(content); i++)
		s = js_str(json_object_array_get_idx(content, i), "text");
	return s;
}

/* A user's text, from the beginning or from the end; "" when there is none. */
static const char *
user_text(json_object *list, bool last)
{
	const char	*found = "", *s;
	size_t		 i, n = js_len(list);

	for (i = 0; i < n; i++) {
		json_object *m = json_object_array_get_idx(list, i);

		if (!js_is(m, "role", "user") || (s = text_of(m)) == NULL)
			continue;
		if (!last)
			return s;
		found = s;
	}
	return found;
}

/* Its name upstream, for this client; without one, how it began. */
static char *
conversation_of(const struct exchange *x, const char *first)
{
	uint64_t	 h = util_hash(x->key != NULL ? x->key : "");
	const char	*name = x->call.interaction[0] != '\0' ?
			    x->call.interaction : first;

	h = util_hash_more(h, "", 1);
	h = util_hash_more(h, name, strlen(name));
	return xasprintf("%016llx", (unsigned long long)h);
}

static void
wish(struct exchange *x)
{
	json_object	*obj = js_parse_quiet(buf_str(&x->req.body),
			    x->req.body.len), *list;
	const char	*first, *last = js_str(obj, "input");
	char		 prompt[PROMPT_MAX];

	list = js_array(obj, "messages");
	if (list == NULL)
		list = js_array(obj, "input");
	first = last != NULL ? last : user_text(list, false);
	if (last == NULL)
		last = user_text(list, true);
	text_clean(last, strlen(last), prompt, sizeof(prompt));
	auto_wish_finish(&x->wish);
	x->wish = (struct auto_wish){ conversation_of(x, first),
	    xstrdup(prompt), x->call.vision };
	json_object_put(obj);
}

static enum handled
refuse(struct exchange *x)
{
	struct err err;

	err_set(&err, 404, ERR_REQUEST, "model_not_found", "model",
	    "This server's account has no models to choose from: Copilot Free "
	    "and Student have Auto only. Ask for the model 'auto', or set "
	    "autoModel to \"fallback\" in config.json, which answers every "
	    "name so.");
	err.no_retry = true;
	exchange_reset(x);
	return exchange_refuse(x, &err);
}

enum handled
auto_check(struct exchange *x, enum handled handled)
{
	bool named;

	if (handled != HANDLED_CALL || !x->call.completion ||
	    x->model == NULL)
		return handled;
	x->call.session = x->session;
	named = strcmp(x->model, MODEL_AUTO) != 0;
	if (x->session != NULL ||
	    (named && (x->models == NULL || !x->models->auto_only)))
		return handled;
	if (named && strcmp(x->conf->auto_model, "fallback") != 0)
		return refuse(x);
	wish(x);
	return HANDLED_AUTO;
}

void
auto_apply(struct exchange *x, const struct auto_session *s)
{
	const struct models *base = x->models;

	x->session = xstrdup(s->token);
	x->models = models_chosen(base, s->model);
	models_unref(base);
}
