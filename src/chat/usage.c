/* Usage as chat completions have it. */
#include "config.h"

#include <stdint.h>

#include "base/js.h"
#include "chat/repair.h"
#include "chat/usage.h"
#include "turn/usage.h"

/* A breakdown of tokens holds numbers only. */
static void
repair_details(json_object *obj, const char *key)
{
	json_object *details = js_obj(obj, key);

	if (details == NULL)
		js_del(obj, key);
	else
		chat_drop_nulls(details, NULL, NULL);
}

/* Zero needs no saying, but doesn't contradict what is said. */
static void
put_detail(json_object *obj, const char *key, const char *name, int64_t n)
{
	json_object *details = js_obj(obj, key);

	if (n == 0 && !js_has(details, name))
		return;
	if (details == NULL) {
		details = json_object_new_object();
		js_add_take(obj, key, details);
	}
	js_add_int(details, name, n);
}

void
chat_usage_write(json_object *obj, const struct usage *u)
{
	int64_t		 in = u->input > 0 ? u->input : 0;
	int64_t		 out = u->output > 0 ? u->output : 0;
	json_object	*cost = usage_cost(u);

	chat_drop_private(obj);
	js_del(obj, "reasoning_tokens");
	js_add_int(obj, "prompt_tokens", in);
	js_add_int(obj, "completion_tokens", out);
	js_add_int(obj, "total_tokens", in + out);
	repair_details(obj, "prompt_tokens_details");
	repair_details(obj, "completion_tokens_details");
	put_detail(obj, "prompt_tokens_details", "cached_tokens", u->cached);
	put_detail(obj, "prompt_tokens_details", "cache_write_tokens",
	    u->cache_write);
	put_detail(obj, "completion_tokens_details", "reasoning_tokens",
	    u->reasoning);
	if (cost != NULL)
		js_add_take(obj, "cost", cost);
}

json_object *
chat_usage_new(const struct usage *u)
{
	static const char details[] =
	    "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":0},"
	    "\"completion_tokens_details\":{\"reasoning_tokens\":0}}";
	json_object *obj = js_parse_quiet(details, sizeof(details) - 1);

	chat_usage_write(obj, u);
	return obj;
}
