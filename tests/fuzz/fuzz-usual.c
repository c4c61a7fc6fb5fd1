/*
 * Any object as a request without a model: what is looked at as text and what
 * is read as a tree must come out the same, for each family of models.
 */
#include "config.h"

#include <stdint.h>

#include "../usual.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Is it what a model can be put into? */
static bool
is_request(struct buf *body)
{
	json_object	*obj;
	struct err	 err;
	bool		 ok;

	if (!js_parse_body(body, &obj, &err))
		return false;
	ok = json_object_is_type(obj, json_type_object) && obj != NULL &&
	    !js_has(obj, "model");
	json_object_put(obj);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf	body = { 0 };
	size_t		i;

	buf_append(&body, data, size);
	for (i = 0; is_request(&body) && i < COUNT(usual_list); i++)
		if (!usual_same(api_chat, &body, usual_list[i].id, true) ||
		    !usual_same(api_messages, &body, usual_list[i].id, true) ||
		    !usual_same(api_responses, &body, usual_list[i].id, true))
			abort();
	buf_finish(&body);
	return 0;
}
