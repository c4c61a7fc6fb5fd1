/*
 * Any CGI environment to the request reader: the input is its variables, one a
 * line, so that names, values, order and repetitions are all up to the fuzzer.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "base/util.h"
#include "server/route.h"

#define VARS_MAX 64

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A path is absolute, and a second reading of it changes nothing bad. */
static void
check_path(const struct request *req)
{
	size_t n = strlen(req->path);

	if (req->path[0] != '/')
		abort();
	if (n > 1 && req->path[n - 1] == '/')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request	 req = { 0 };
	char		*text = xstrndup((const char *)data, size);
	char		*env[VARS_MAX + 1], *rest = text, *line;
	size_t		 n = 0;

	while (n < VARS_MAX && (line = strsep(&rest, "\n")) != NULL)
		env[n++] = line;
	env[n] = NULL;
	request_init(&req, env, route_is_head);
	if (req.method == NULL || req.query == NULL ||
	    req.content_type == NULL)
		abort();
	check_path(&req);
	free(request_query(&req, "limit"));
	request_finish(&req);
	free(text);
	return 0;
}
