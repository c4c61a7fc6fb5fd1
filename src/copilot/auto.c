/* Auto as data: what is asked, and what the answer means. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/auto.h"

#define LIFE_MIN	60	/* seconds; what is less makes no sense */
#define LIFE_MAX	86400
#define LIFE		3600	/* when nothing is said */

void
auto_wish_finish(struct auto_wish *w)
{
	free(w->conversation);
	free(w->prompt);
	memset(w, 0, sizeof(*w));
}

void
auto_session_finish(struct auto_session *s)
{
	free(s->token);
	free(s->model);
	memset(s, 0, sizeof(*s));
}

void
auto_ask_new(const struct auto_wish *w, struct buf *body)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "prompt", w->prompt);
	if (w->image)
		js_add_bool(obj, "has_image", true);
	js_print(obj, body);
	json_object_put(obj);
}

void
auto_ask_old(struct buf *body)
{
	buf_puts(body, "{\"auto_mode\":{\"model_hints\":[\"auto\"]}}");
}

/* The model, in the older form only its name. */
static char *
model_of(json_object *obj)
{
	json_object	*m = js_get(obj, "selected_model"), *entry;
	struct buf	 out = { 0 };

	if (js_str(m, "id") != NULL)
		js_print(m, &out);
	else if (js_str(obj, "selected_model") != NULL) {
		entry = json_object_new_object();
		js_add_ref(entry, "id", m);
		js_print(entry, &out);
		json_object_put(entry);
	}
	return out.len > 0 ? buf_steal(&out) : NULL;
}

static bool
is_token(const char *s)
{
	size_t n;

	for (n = 0; s != NULL && s[n] != '\0'; n++)
		if (s[n] <= ' ' || s[n] >= 0x7f || n > 16384)
			return false;
	return n > 0;
}

static int64_t
life_of(json_object *obj, int64_t now)
{
	int64_t ends = js_int(obj, "expires_at", 0);

	if (ends <= now)
		return LIFE;
	return ends - now < LIFE_MIN ? LIFE_MIN :
	    ends - now > LIFE_MAX ? LIFE_MAX : ends - now;
}

bool
auto_read(const char *body, size_t n, int64_t now, struct auto_session *s,
    struct err *err)
{
	json_object	*obj = js_parse_quiet(body, n);
	const char	*token = js_str(obj, "session_token");
	char		*model = model_of(obj);
	bool		 ok = model != NULL && is_token(token);

	if (ok)
		*s = (struct auto_session){ xstrdup(token), model,
		    life_of(obj, now) };
	else {
		free(model);
		err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
		    "Copilot's answer holds no session for Auto.");
	}
	json_object_put(obj);
	return ok;
}
