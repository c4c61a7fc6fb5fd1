/* Tools that run at OpenAI or at Anthropic. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "turn/hosted.h"

/* Each has several versions: web_search_preview, web_search_20250305, ... */
static const struct {
	const char	*name;
	unsigned	 bit;
} kinds[] = {
	{ "web_search",		HOSTED_SEARCH },
	{ "web_fetch",		HOSTED_FETCH },
	{ "tool_search",	HOSTED_TOOL_SEARCH },
	{ "image_generation",	HOSTED_IMAGES },
	{ "code_execution",	HOSTED_CODE },
};

/* Codex has image generation in a namespace, and searches for tools itself. */
unsigned
hosted_of(json_object *tool)
{
	const char	*type = js_str(tool, "type");
	size_t		 i;

	if (type == NULL || (strcmp(type, "tool_search") == 0 &&
	    js_is(tool, "execution", "client")))
		return 0;
	if (strcmp(type, "namespace") == 0)
		return js_is(tool, "name", "image_gen") ? HOSTED_IMAGES : 0;
	for (i = 0; i < COUNT(kinds); i++)
		if (util_starts(type, kinds[i].name))
			return kinds[i].bit;
	return 0;
}

unsigned
hosted_in(json_object *tools)
{
	unsigned	set = 0;
	size_t		i, n = js_len(tools);

	for (i = 0; i < n; i++)
		set |= hosted_of(json_object_array_get_idx(tools, i));
	return set;
}

void
hosted_names(unsigned set, char names[static HOSTED_NAMES_SIZE])
{
	size_t i, n = 0;

	names[0] = '\0';
	for (i = 0; i < COUNT(kinds); i++)
		if ((set & kinds[i].bit) != 0)
			n += (size_t)snprintf(names + n, HOSTED_NAMES_SIZE - n,
			    "%s%s", n > 0 ? ", " : "", kinds[i].name);
}
