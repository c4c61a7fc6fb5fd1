/*
 * Any text as a whole chat completion of upstream's: what is looked at as text
 * and what is read as a tree must come out the same, whatever the client wants.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "../whole.h"

#define TEXT_MAX 65536

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct chat_wanted wanted[] = {
	{ .model = "asked", .n = 1, .max = TEXT_MAX },
	{ .model = "asked", .n = 1, .max = TEXT_MAX, .mapped = true },
	{ .model = "asked", .n = 1, .max = TEXT_MAX, .functions = true },
	{ .model = "asked", .n = 1, .max = TEXT_MAX,
	  .thoughts.keep = whole_keep },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t	i;
	bool	usual;

	for (i = 0; i < COUNT(wanted); i++)
		if (!whole_same(&wanted[i], (const char *)data, size, i != 1,
		    &usual))
			abort();
	return 0;
}
