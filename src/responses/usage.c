/* Usage as Responses have it. */
#include "config.h"

#include <stdint.h>

#include "base/js.h"
#include "responses/usage.h"
#include "turn/usage.h"

#define BILL "copilot_usage"	/* beside "response", or a member of it */

void
responses_usage_read(struct usage *u, json_object *event, json_object *response)
{
	json_object *bill = js_obj(event, BILL);

	usage_read(u, js_obj(response, "usage"), bill != NULL ? bill :
	    js_obj(response, BILL));
}

/* The details may be null, or missing: clients rely on them. */
static json_object *
details(json_object *obj, const char *key)
{
	if (js_obj(obj, key) == NULL)
		js_add_take(obj, key, json_object_new_object());
	return js_obj(obj, key);
}

void
responses_usage_write(json_object *obj, const struct usage *u)
{
	int64_t		 in = u->input > 0 ? u->input : 0;
	int64_t		 out = u->output > 0 ? u->output : 0;
	json_object	*cost = usage_cost(u), *of;

	js_add_int(obj, "input_tokens", in);
	of = details(obj, "input_tokens_details");
	js_add_int(of, "cached_tokens", u->cached);
	js_add_int(of, "cache_write_tokens", u->cache_write);
	js_add_int(obj, "output_tokens", out);
	of = details(obj, "output_tokens_details");
	js_add_int(of, "reasoning_tokens", u->reasoning);
	js_add_int(obj, "total_tokens", in + out);
	if (cost != NULL)
		js_add_take(obj, "cost", cost);
}

json_object *
responses_usage_new(const struct usage *u)
{
	static const struct usage	 none = USAGE_NONE;
	json_object			*obj = json_object_new_object();

	responses_usage_write(obj, u != NULL ? u : &none);
	return obj;
}
