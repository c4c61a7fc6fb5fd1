/* usage: what was used, from the ledger. */
#include "config.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hint.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "state/ledger.h"

#define EXIT_USAGE	2
#define DAYS		30	/* shown, when none are asked for */
#define NAME_WIDTH	40	/* at most */
#define TABLE_WIDTH	66	/* behind the name: numbers */
#define BAR_MAX		40

enum by { BY_DAY, BY_KEY, BY_MODEL, BY_INITIATOR, BY__MAX };

static const char *const words[BY__MAX] = {
	"day", "key", "model", "initiator"
};

struct report {
	enum by			 by;
	int64_t			 since;
	struct ledger_groups	 groups;
	struct ledger_counts	 total;
};

/* --- What is asked for. */

static int
wrong_option(const char *name, const char *value, const char *want)
{
	fprintf(stderr, "copilot-api: %s: expected %s, not \"%s\"\n"
	    "Try: %s usage --help\n", name, want, value, hint_program());
	return EXIT_USAGE;
}

/* "2026-11-26" or "2026-11". */
static bool
read_date(const char *text, int64_t *since)
{
	struct tm	 tm = { .tm_mday = 1 };
	const char	*end = strptime(text, "%Y-%m-%d", &tm);

	if (end == NULL) {
		tm = (struct tm){ .tm_mday = 1 };
		end = strptime(text, "%Y-%m", &tm);
	}
	*since = (int64_t)timegm(&tm);
	return end != NULL && *end == '\0';
}

static int
read_options(const struct cli *cli, struct report *r)
{
	const char *by = cli->by != NULL ? cli->by : words[BY_DAY];

	while (r->by < BY__MAX && strcmp(words[r->by], by) != 0)
		r->by++;
	if (r->by == BY__MAX)
		return wrong_option("--by", by, "day, key, model or initiator");
	r->since = ledger_day((int64_t)time(NULL), 1 - DAYS);
	if (cli->since != NULL && !read_date(cli->since, &r->since))
		return wrong_option("--since", cli->since,
		    "a date such as 2026-11-01");
	return 0;
}

/* --- The sums. */

/* A day, or the month of which only the sum is left. */
static void
name_day(const struct ledger_row *row, char out[static UTIL_TIME_SIZE])
{
	util_time_utc(row->start, out);
	out[row->span == LEDGER_MONTH ? 7 : 10] = '\0';
}

static void
add_row(const struct ledger_row *row, void *arg)
{
	struct report	*r = arg;
	char		 day[UTIL_TIME_SIZE];
	const char	*name = row->key[0] != '\0' ? row->key : "(no key)";

	if (r->by == BY_DAY) {
		name_day(row, day);
		name = day;
	} else if (r->by == BY_MODEL)
		name = row->model;
	else if (r->by == BY_INITIATOR)
		name = row->initiator[0] != '\0' ? row->initiator :
		    "(not known)";
	ledger_add(&ledger_group(&r->groups, 0, name, NULL)->counts,
	    &row->counts);
	ledger_add(&r->total, &row->counts);
}

/* Looking must not make the file. */
static bool
is_there(const struct state_place *at)
{
	char	*path = xasprintf("%s/" LEDGER_FILE, at->home);
	bool	 there = at->url[0] != '\0' || access(path, F_OK) == 0 ||
		    ledger_has_notes(at->home);

	free(path);
	return there;
}

static bool
collect(const struct cli *cli, struct report *r)
{
	struct state_place	 at;
	struct ledger		*l;
	struct progress		*p;
	struct conf		*conf;
	struct err		 err;
	bool			 ok = true;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err) == 0;
	at = state_place(cli->home, conf);
	if (is_there(&at)) {
		l = ledger_create(&at);
		p = progress_begin("Reading what was used");
		ok = ledger_rows(l, r->since, INT64_MAX, NULL, add_row, r);
		progress_end(p);
		ledger_destroy(l);
	}
	if (r->by != BY_DAY)
		ledger_groups_by_cost(&r->groups);
	conf_unref(conf);
	return ok;
}

/* --- As a table. */

/* Columns of the terminal; 0: nobody looks at one. */
static size_t
columns(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ?
	    w.ws_col : 80;
}

static void
print_line(const char *name, int width, const struct ledger_counts *c)
{
	printf("%-*.*s %9lld %13lld %6.0f%% %11lld %14.4f", width, width, name,
	    (long long)c->requests, (long long)c->input, c->input > 0 ?
	    100 * (double)c->cached / (double)c->input : 0,
	    (long long)c->output, (double)c->nano / CREDIT_NANO);
}

/* Behind a line; the longest bar is the greatest sum's. */
static void
print_bar(int64_t nano, int64_t most, size_t room)
{
	size_t n;

	if (room > BAR_MAX)
		room = BAR_MAX;
	n = most > 0 ? (size_t)((double)room * (double)nano / (double)most +
	    0.5) : 0;
	if (n > 0)
		printf("  %.*s", (int)n,
		    "########################################");
	putchar('\n');
}

static void
print_table(const struct report *r)
{
	size_t	i, width = 10, wide = columns(), n, room;
	int64_t	most = 0;

	for (i = 0; i < r->groups.n; i++) {
		n = strlen(r->groups.list[i].key);
		width = n > width ? n : width;
		if (r->groups.list[i].counts.nano > most)
			most = r->groups.list[i].counts.nano;
	}
	width = width > NAME_WIDTH ? NAME_WIDTH : width;
	room = wide > width + TABLE_WIDTH ? wide - width - TABLE_WIDTH : 0;
	printf("%-*s %9s %13s %7s %11s %14s\n", (int)width, words[r->by],
	    "requests", "input", "cached", "output", "credits");
	for (i = 0; i < r->groups.n; i++) {
		print_line(r->groups.list[i].key, (int)width,
		    &r->groups.list[i].counts);
		print_bar(r->groups.list[i].counts.nano, most, room);
	}
	print_line("total", (int)width, &r->total);
	putchar('\n');
	if (r->total.estimated > 0)
		printf("%.4f credits of it are estimated: answers that were "
		    "not read to their end\n",
		    (double)r->total.estimated / CREDIT_NANO);
}

/* --- For programs. */

static void
print_json(const struct report *r)
{
	json_object	*obj = json_object_new_object(), *one, *sum;
	json_object	*list = json_object_new_array();
	char		 day[UTIL_TIME_SIZE];
	size_t		 i;

	util_time_utc(r->since, day);
	js_add_str(obj, "since", day);
	for (i = 0; i < r->groups.n; i++) {
		one = json_object_new_object();
		js_add_str(one, words[r->by], r->groups.list[i].key);
		ledger_counts_json(&r->groups.list[i].counts, one);
		json_object_array_add(list, one);
	}
	js_add_take(obj, "data", list);
	sum = json_object_new_object();
	ledger_counts_json(&r->total, sum);
	js_add_take(obj, "total", sum);
	printf("%s\n", cli_pretty(obj));
	json_object_put(obj);
}

/* RFC 4180; a name that a spreadsheet would take for a formula is none. */
static void
print_quoted(const char *s)
{
	bool quoted = strpbrk(s, ",\"") != NULL;

	if (strchr("=+-@", *s) != NULL && *s != '\0')
		putchar('\'');
	if (quoted)
		putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"')
			putchar('"');
		putchar(*s);
	}
	if (quoted)
		putchar('"');
}

static void
print_csv(const struct report *r)
{
	const struct ledger_counts	*c;
	char				 credits[LEDGER_CREDITS_SIZE];
	char				 estimated[LEDGER_CREDITS_SIZE];
	size_t				 i;

	printf("%s,requests,input_tokens,cached_tokens,cache_write_tokens,"
	    "output_tokens,credits,estimated_credits\n", words[r->by]);
	for (i = 0; i < r->groups.n; i++) {
		c = &r->groups.list[i].counts;
		ledger_credits(c->nano, credits);
		ledger_credits(c->estimated, estimated);
		print_quoted(r->groups.list[i].key);
		printf(",%lld,%lld,%lld,%lld,%lld,%s,%s\n",
		    (long long)c->requests, (long long)c->input,
		    (long long)c->cached, (long long)c->cache_write,
		    (long long)c->output, credits, estimated);
	}
}

int
cli_ledger(struct cli *cli)
{
	struct report	r = { .by = BY_DAY };
	int		rc = read_options(cli, &r);

	if (rc != 0)
		return rc;
	if (!collect(cli, &r))
		rc = 1;
	else if (cli->json)
		print_json(&r);
	else if (cli->csv)
		print_csv(&r);
	else
		print_table(&r);
	ledger_groups_finish(&r.groups);
	return rc;
}
