/* How many tokens is a request about? */
#include "config.h"

#include <stddef.h>

#include "base/js.h"
#include "base/util.h"
#include "messages/estimate.h"

#define TOKEN_BYTES	4	/* of English, JSON and code, on the average */
#define BLOCK_TOKENS	4	/* what stands around each */
#define IMAGE_TOKENS	1500	/* one of some size */
#define PAGE_BYTES	60000	/* of a PDF in base64, and its tokens */
#define PAGE_TOKENS	2500
#define DEPTH_MAX	64

static int64_t	weigh(json_object *, int depth);

static int64_t
weigh_members(json_object *obj, int depth)
{
	int64_t n = BLOCK_TOKENS * TOKEN_BYTES;

	json_object_object_foreach(obj, key, value) {
		(void)key;
		n += weigh(value, depth);
	}
	return n;
}

/* In bytes. */
static int64_t
weigh(json_object *v, int depth)
{
	json_object	*data;
	int64_t		 n = 0;
	size_t		 i;

	if (v == NULL || depth > DEPTH_MAX)
		return 0;
	if (json_object_is_type(v, json_type_string))
		return json_object_get_string_len(v);
	if (js_is(v, "type", "image"))
		return IMAGE_TOKENS * TOKEN_BYTES;
	data = js_get(js_obj(v, "source"), "data");
	if (js_is(v, "type", "document") && data != NULL)
		return (1 + json_object_get_string_len(data) / PAGE_BYTES) *
		    (int64_t)PAGE_TOKENS * TOKEN_BYTES;
	if (json_object_is_type(v, json_type_object))
		return weigh_members(v, depth + 1);
	for (i = 0; i < js_len(v); i++)
		n += weigh(json_object_array_get_idx(v, i), depth + 1);
	return n;
}

int64_t
messages_estimate(json_object *req)
{
	static const char *const members[] = { "system", "tools", "messages" };
	int64_t	n = BLOCK_TOKENS * TOKEN_BYTES;
	size_t	i;

	for (i = 0; i < COUNT(members); i++)
		n += weigh(js_get(req, members[i]), 0);
	return n / TOKEN_BYTES;
}
