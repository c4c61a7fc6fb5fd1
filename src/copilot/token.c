/* The short-lived Copilot token. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/github.h"
#include "copilot/token.h"

/* refresh_in leaves about five minutes of life; VS Code uses one of them. */
#define GRACE_MS	60000
#define DIRECT_MS	1500000	/* as long as GitHub's own tokens last */

void
copilot_token_finish(struct copilot_token *t)
{
	free(t->value);
	free(t->api);
	memset(t, 0, sizeof(*t));
}

void
copilot_token_set(struct copilot_token *tok, const struct github_exchange *ex,
    int64_t now)
{
	copilot_token_finish(tok);
	tok->value = xstrdup(ex->token);
	tok->api = xstrdup(ex->api != NULL ? ex->api : "");
	tok->refresh_ms = now + ex->refresh_in * 1000;
	tok->expires_ms = tok->refresh_ms + GRACE_MS;
}

void
copilot_token_direct(struct copilot_token *tok, const char *github,
    int64_t now)
{
	copilot_token_finish(tok);
	tok->value = xstrdup(github);
	tok->api = xstrdup("");
	tok->direct = true;
	tok->refresh_ms = now + DIRECT_MS;
	tok->expires_ms = tok->refresh_ms + GRACE_MS;
}

void
copilot_token_print(const struct copilot_token *tok, const char *key,
    struct buf *out)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "key", key);
	js_add_str(obj, "boot", util_boot_id());
	js_add_int(obj, "refresh_ms", tok->refresh_ms);
	js_add_int(obj, "expires_ms", tok->expires_ms);
	js_add_str(obj, "api", tok->api);
	js_add_str(obj, "token", tok->value);
	if (tok->direct)
		js_add_bool(obj, "direct", true);
	js_print(obj, out);
	json_object_put(obj);
}

bool
copilot_token_read(const char *text, size_t n, const char *key,
    struct copilot_token *tok)
{
	json_object	*obj = js_parse_quiet(text, n);
	const char	*value = js_str(obj, "token");
	const char	*api = js_str(obj, "api");
	bool		 ok;

	ok = value != NULL && value[0] != '\0' &&
	    strpbrk(value, "\r\n") == NULL && js_is(obj, "key", key) &&
	    js_is(obj, "boot", util_boot_id());
	if (ok) {
		copilot_token_finish(tok);
		tok->value = xstrdup(value);
		tok->api = xstrdup(api != NULL && conf_url_allowed(api) ?
		    api : "");
		tok->direct = js_bool(obj, "direct", false);
		tok->refresh_ms = js_int(obj, "refresh_ms", 0);
		tok->expires_ms = js_int(obj, "expires_ms", 0);
	}
	json_object_put(obj);
	return ok;
}
