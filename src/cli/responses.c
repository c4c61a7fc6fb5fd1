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
#include "state/completions.h"
#include "state/conversations.h"
#include "state/prune.h"
#include "state/stored.h"

#define EXIT_USAGE 2
#define STORED "stored responses, conversations and chat completions"

/*
 * *s is NULL where nothing was ever stored: looking must not make the file.
 * False, and said so, when it can't be told where that is.
 */
static bool
open_stored(const struct cli *cli, struct conf *conf, struct stored **s)
{
	struct state_place	 at = state_place(cli->home, conf);
	char			*path = xasprintf("%s/" STORED_FILE, cli->home);
	bool			 there = at.url[0] != '\0' ||
				    access(path, F_OK) == 0 || errno != ENOENT;

	free(path);
	*s = there ? stored_create(&at) : NULL;
	if (there && *s == NULL)
		fprintf(stderr, "copilot-api: this program was built without "
		    "%s\n", state_place_kind(conf));
	return !there || *s != NULL;
}

/* Call "does" with what is stored, which may be NULL; or tell what is wrong. */
static int
with_stored(const struct cli *cli, bool (*does)(struct stored *,
    const struct conf *, void *), void *arg)
{
	struct conf	*conf;
	struct stored	*s = NULL;
	struct err	 err;
	bool		 ok;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	ok = open_stored(cli, conf, &s) && does(s, conf, arg);
	stored_destroy(s);
	conf_unref(conf);
	return !ok;
}

static bool
summarize(struct stored *s, const struct conf *conf, void *text)
{
	int64_t bytes = 0, n = s != NULL ? stored_count(s, &bytes) : 0;

	(void)conf;
	if (n >= 0)
		*(char **)text = xasprintf("%lld (%.1f MB)", (long long)n,
		    (double)bytes / 1e6);
	return n >= 0;
}

char *
cli_responses_summary(const struct cli *cli)
{
	char *text = NULL;

	with_stored(cli, summarize, &text);
	return text;
}

int
cli_responses(struct cli *cli)
{
	char	*text = cli_responses_summary(cli);
	int	 rc = text == NULL;

	if (rc == 0)
		printf(STORED ": %s\n", text);
	free(text);
	return rc;
}

static bool
prune(struct stored *s, const struct conf *conf, void *n)
{
	struct progress *p;

	p = progress_begin("Deleting what is too old or too much");
	*(int64_t *)n = s != NULL ? prune_all(s, conf) : 0;
	progress_end(p);
	return *(int64_t *)n >= 0;
}

static bool
delete_all(struct stored *s, const struct conf *conf, void *n)
{
	struct progress *p = progress_begin("Deleting");

	(void)conf;
	*(int64_t *)n = s != NULL ? stored_delete_all(s) : 0;
	progress_end(p);
	return *(int64_t *)n >= 0;
}

int
cli_responses_prune(struct cli *cli)
{
	int64_t	n = 0;
	int	rc = with_stored(cli, prune, &n);

	if (rc == 0)
		printf(STORED " deleted: %lld\n", (long long)n);
	return rc;
}

int
cli_responses_delete(struct cli *cli)
{
	int64_t	n = 0;
	int	rc;

	if (!cli->all) {
		fprintf(stderr, "copilot-api: delete what? --all deletes every "
		    "stored response, conversation and chat "
		    "completion\n");
		return EXIT_USAGE;
	}
	rc = with_stored(cli, delete_all, &n);
	if (rc == 0)
		printf(STORED " deleted: %lld\n", (long long)n);
	return rc;
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

static bool
export(struct stored *s, const struct conf *conf, void *arg)
{
	struct export	*e = arg;
	int64_t		 bytes;

	(void)conf;
	if (s != NULL && e->progress != NULL)
		e->all = stored_count(s, &bytes);
	return s == NULL || (stored_each(s, print, e) &&
	    conversation_each(s, print, e) && completion_each(s, print, e));
}

int
cli_responses_export(struct cli *cli)
{
	struct export	e = { 0 };
	int		rc;

	if (!isatty(STDOUT_FILENO))
		e.progress = progress_begin("Exporting");
	rc = with_stored(cli, export, &e);
	if (e.progress != NULL)
		progress_end(e.progress);
	buf_finish(&e.line);
	return rc;
}
