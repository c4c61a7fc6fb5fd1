/* state: what outlives a request, from one place to another. */
#include "config.h"

#include <stdio.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "state/copy.h"

#define EXIT_USAGE 2
#define WHY_SIZE 200

static const char *const names[COPY__MAX] = {
	[COPY_RESPONSES] = "stored responses",
	[COPY_CONVERSATIONS] = "conversations",
	[COPY_COMPLETIONS] = "chat completions",
	[COPY_THOUGHTS] = "thoughts",
	[COPY_BACKGROUND] = "responses in the background",
	[COPY_USAGE] = "rows of usage"
};

static void
print(const struct copy_counts *n)
{
	int i;

	for (i = 0; i < COPY__MAX; i++)
		printf("%s: %lld copied, %lld there before\n", names[i],
		    (long long)n->copied[i], (long long)n->there[i]);
}

static int
refuse(const char *what, const char *why)
{
	fprintf(stderr, "copilot-api: %s: %s\n", what, why);
	return EXIT_USAGE;
}

static int
copy(const struct state_place *to)
{
	struct copy_counts	 n = { 0 };
	struct progress		*p = progress_begin("Copying what is stored");
	char			 why[WHY_SIZE] = "";
	bool			 ok = state_copy(to, &n, why);

	progress_end(p);
	if (!ok)
		fprintf(stderr, "copilot-api: %s\n", why);
	print(&n);
	if (n.usage_differs)
		fprintf(stderr, "copilot-api: usage was copied before, and "
		    "this ledger has gone on since: what came later is not "
		    "copied\n");
	return !ok || n.usage_differs;
}

int
cli_state_copy(struct cli *cli)
{
	struct conf		*conf;
	struct err		 err;
	struct state_place	 to;
	const char		*wrong = NULL;
	int			 rc;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	to = state_place(cli->home, conf);
	if (cli->to != NULL) {
		to.url = cli->to;
		wrong = conf_database_wrong(to.url);
	}
	if (wrong != NULL)
		rc = refuse("--to", wrong);
	else if (to.url[0] == '\0')
		rc = refuse("copy where?", "--to names a database, else "
		    "stateUrl in config.json");
	else
		rc = copy(&to);
	conf_unref(conf);
	return rc;
}
