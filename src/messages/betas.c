/* The header anthropic-beta. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "messages/betas.h"

/* Copilot lets these pass. */
static const struct {
	const char	*name;
	unsigned	 bit;
} known[] = {
	{ "interleaved-thinking-2025-05-14",	BETA_INTERLEAVED },
	{ "context-management-2025-06-27",	BETA_CONTEXT },
	{ "extended-cache-ttl-2025-04-11",	BETA_TTL },
	{ "advanced-tool-use-2025-11-20",	BETA_TOOLS }
};

/* Is it one of the header's, which are between commas? */
static bool
is_asked(const char *header, const char *name)
{
	size_t n, len = strlen(name);

	for (; header != NULL && *header != '\0'; header += n) {
		header += strspn(header, ", \t");
		n = strcspn(header, ", \t");
		if (n == len && strncmp(header, name, n) == 0)
			return true;
	}
	return false;
}

char *
messages_betas(const char *header, unsigned needed)
{
	struct buf	out = { 0 };
	size_t		i;

	for (i = 0; i < COUNT(known); i++)
		if ((needed & known[i].bit) != 0 ||
		    is_asked(header, known[i].name))
			buf_printf(&out, "%s%s", out.len > 0 ? "," : "",
			    known[i].name);
	return out.len > 0 ? buf_steal(&out) : NULL;
}
