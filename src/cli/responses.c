/* responses: what is stored of clients, and away with it. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "state/conversations.h"
#include "state/prune.h"
#include "state/stored.h"

#define EXIT_USAGE 2
#define DELETED "stored responses and conversations deleted: %lld\n"

/* NULL where nothing was ever stored: looking must not make the file. */
static struct stored *
open_stored(const struct cli *cli)
{
	struct stored	*s = NULL;
	char		*path = xasprintf("%s/" STORED_FILE, cli->home);

	if (access(path, F_OK) == 0 || errno != ENOENT)
		s = stored_create(cli->home);
	free(path);
	return s;
}

char *
cli_responses_summary(const struct cli *cli)
{
	struct stored	*s = open_stored(cli);
	int64_t		 bytes = 0, n = s != NULL ? stored_count(s, &bytes) : 0;
	char		*text = NULL;

	if (n >= 0)
		text = xasprintf("%lld (%.1f MB)", (long long)n,
		    (double)bytes / 1e6);
	stored_destroy(s);
	return text;
}

int
cli_responses(struct cli *cli)
{
	char	*text = cli_responses_summary(cli);
	int	 rc = text == NULL;

	if (rc == 0)
		printf("stored responses and conversations: %s\n", text);
	free(text);
	return rc;
}

int
cli_responses_prune(struct cli *cli)
{
	struct stored	*s;
	struct conf	*conf;
	struct err	 err;
	struct progress	*p;
	int64_t		 n;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	p = progress_begin("Deleting what is too old or too much");
	s = open_stored(cli);
	n = s != NULL ? prune_all(s, conf) : 0;
	progress_end(p);
	if (n >= 0)
		printf(DELETED, (long long)n);
	stored_destroy(s);
	conf_unref(conf);
	return n < 0;
}

int
cli_responses_delete(struct cli *cli)
{
	struct stored	*s;
	struct progress	*p;
	int64_t		 n;

	if (!cli->all) {
		fprintf(stderr, "copilot-api: delete what? --all deletes every "
		    "stored response and conversation\n");
		return EXIT_USAGE;
	}
	p = progress_begin("Deleting");
	s = open_stored(cli);
	n = s != NULL ? stored_delete_all(s) : 0;
	progress_end(p);
	if (n >= 0)
		printf(DELETED, (long long)n);
	stored_destroy(s);
	return n < 0;
}

struct export {
	struct buf	 line;
	struct progress	*progress;	/* NULL: the lines are seen */
	int64_t		 done, all;
};

static bool
print(json_object *obj, void *arg)
{
	struct export	*e = arg;
	struct buf	*line = &e->line;

	buf_truncate(line, 0);
	js_print(obj, line);
	buf_putc(line, '\n');
	if (e->progress != NULL)
		progress_count(e->progress, ++e->done, e->all);
	return fwrite(line->p, 1, line->len, stdout) == line->len;
}

int
cli_responses_export(struct cli *cli)
{
	struct export	 e = { 0 };
	struct stored	*s;
	int64_t		 bytes;
	bool		 ok;

	if (!isatty(STDOUT_FILENO))
		e.progress = progress_begin("Exporting");
	s = open_stored(cli);
	if (s != NULL && e.progress != NULL)
		e.all = stored_count(s, &bytes);
	ok = s == NULL || (stored_each(s, print, &e) &&
	    conversation_each(s, print, &e));
	stored_destroy(s);
	if (e.progress != NULL)
		progress_end(e.progress);
	buf_finish(&e.line);
	return !ok;
}
