/* The usage, from the ledger: sums, a chart by day, keys, models. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/allowance.h"
#include "api/exchange.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/util.h"
#include "page/html.h"
#include "page/spent.h"
#include "state/ledger.h"

#define DAYS		30	/* shown */
#define DAY_WIDTH	10	/* of the chart's units */
#define CHART_HEIGHT	100

struct spent {
	int64_t			 begin;		/* of the first day */
	int64_t			 month;
	struct ledger_counts	 days[DAYS];
	struct ledger_counts	 all;		/* of this month */
	struct ledger_groups	 keys, models;	/* likewise */
};

static void
add_row(const struct ledger_row *row, void *arg)
{
	struct spent	*s = arg;
	int64_t		 day = (row->start - s->begin) / 86400;
	const char	*key = row->key[0] != '\0' ? row->key : "(no key)";

	if (row->span != LEDGER_MONTH && day >= 0 && day < DAYS)
		ledger_add(&s->days[day], &row->counts);
	if (row->start < s->month)
		return;
	ledger_add(&s->all, &row->counts);
	ledger_add(&ledger_group(&s->keys, 0, key, NULL)->counts,
	    &row->counts);
	ledger_add(&ledger_group(&s->models, 0, row->model, NULL)->counts,
	    &row->counts);
}

/* --- Printing. */

static void
print_figure(struct buf *out, const char *value, const char *what)
{
	buf_puts(out, "<li>");
	html_element(out, "b", value);
	html_element(out, "span", what);
	buf_puts(out, "</li>");
}

static void
print_figures(const struct spent *s, struct buf *out)
{
	char	text[48];
	double	usd;

	buf_puts(out, "<ul class=\"figures\">");
	snprintf(text, sizeof(text), "%.2f", (double)s->days[DAYS - 1].nano /
	    CREDIT_NANO);
	print_figure(out, text, "credits today");
	snprintf(text, sizeof(text), "%.2f", (double)s->all.nano / CREDIT_NANO);
	print_figure(out, text, "credits this month");
	usd = (double)s->all.nano / CREDIT_NANO / 100;
	snprintf(text, sizeof(text), "$%.*f", usd < 1 ? 4 : 2, usd);
	print_figure(out, text, "that is, in USD");
	html_count(s->all.requests, text);
	print_figure(out, text, "requests this month");
	snprintf(text, sizeof(text), "%.0f%%", s->all.input > 0 ?
	    100 * (double)s->all.cached / (double)s->all.input : 0);
	print_figure(out, text, "of the input from the cache");
	buf_puts(out, "</ul>");
}

static int64_t
dearest_day(const struct spent *s)
{
	int64_t most = 1;
	size_t	i;

	for (i = 0; i < DAYS; i++)
		if (s->days[i].nano > most)
			most = s->days[i].nano;
	return most;
}

static void
print_day(const struct spent *s, size_t i, int64_t most, struct buf *out)
{
	char	day[UTIL_TIME_SIZE];
	double	height = (double)s->days[i].nano / (double)most * CHART_HEIGHT;

	util_time_utc(s->begin + (int64_t)i * 86400, day);
	buf_printf(out, "<g><rect class=\"bg\" x=\"%zu\" width=\"%d\" "
	    "height=\"%d\"/><rect x=\"%zu\" y=\"%.2f\" width=\"%d\" "
	    "height=\"%.2f\"/><title>%.10s: %.2f credits</title></g>",
	    i * DAY_WIDTH, DAY_WIDTH, CHART_HEIGHT, i * DAY_WIDTH + 1,
	    CHART_HEIGHT - height, DAY_WIDTH - 2, height, day,
	    (double)s->days[i].nano / CREDIT_NANO);
}

/* For those who can't see the chart, and for exact figures. */
static void
print_days(const struct spent *s, struct buf *out)
{
	char	day[UTIL_TIME_SIZE], count[32];
	size_t	i;

	buf_puts(out, "<details><summary>The same as a table</summary>"
	    "<table><tr><th scope=\"col\">Day (UTC)</th><th scope=\"col\" "
	    "class=\"n\">Requests</th><th scope=\"col\" class=\"n\">Credits"
	    "</th></tr>");
	for (i = DAYS; i-- > 0;) {
		util_time_utc(s->begin + (int64_t)i * 86400, day);
		day[10] = '\0';
		buf_puts(out, "<tr>");
		html_cell(out, day);
		html_count(s->days[i].requests, count);
		html_number(out, count);
		html_credits_cell(out, s->days[i].nano);
		buf_puts(out, "</tr>");
	}
	buf_puts(out, "</table></details>");
}

static void
print_chart(const struct spent *s, struct buf *out)
{
	int64_t	most = dearest_day(s);
	size_t	i;

	buf_printf(out, "<h3>Credits by day</h3><svg class=\"chart\" "
	    "role=\"img\" aria-label=\"Credits of the last %d days\" "
	    "viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\">", DAYS,
	    DAYS * DAY_WIDTH, CHART_HEIGHT);
	for (i = 0; i < DAYS; i++)
		print_day(s, i, most, out);
	buf_puts(out, "</svg>");
	buf_printf(out, "<p class=\"scale\">The highest bar is %.2f credits."
	    "</p>", (double)most / CREDIT_NANO);
	print_days(s, out);
}

static void
print_row(const struct ledger_group *g, int64_t most, struct buf *out)
{
	char text[48];

	buf_puts(out, "<tr>");
	html_cell(out, g->key);
	html_count(g->counts.requests, text);
	html_number(out, text);
	html_count(g->counts.input + g->counts.output, text);
	html_number(out, text);
	snprintf(text, sizeof(text), "%.0f%%", g->counts.input > 0 ?
	    100 * (double)g->counts.cached / (double)g->counts.input : 0);
	html_number(out, text);
	html_credits_cell(out, g->counts.nano);
	html_bar(out, g->counts.nano, most);
	buf_puts(out, "</tr>");
}

static void
print_groups(struct ledger_groups *groups, const char *what, struct buf *out)
{
	size_t i;

	if (groups->n == 0)
		return;
	ledger_groups_by_cost(groups);
	buf_printf(out, "<h3>This month by %s</h3><table><tr><th "
	    "scope=\"col\">", what);
	buf_putc(out, (char)(what[0] - 'a' + 'A'));
	buf_printf(out, "%s</th><th scope=\"col\" class=\"n\">Requests</th>"
	    "<th scope=\"col\" class=\"n\">Tokens</th><th scope=\"col\" "
	    "class=\"n\">Cached</th><th scope=\"col\" class=\"n\">Credits</th>"
	    "<td></td></tr>", what + 1);
	for (i = 0; i < groups->n; i++)
		print_row(&groups->list[i], groups->list[0].counts.nano, out);
	buf_puts(out, "</table>");
}

void
spent_print(const struct exchange *x, struct buf *out)
{
	int64_t		now = (int64_t)time(NULL);
	struct spent	s = { .begin = ledger_day(now, 1 - DAYS),
			    .month = ledger_month(now, 0) };

	if (x->ledger == NULL)
		return;
	buf_puts(out, "<section><h2>What was used</h2>");
	if (ledger_rows(x->ledger, s.begin < s.month ? s.begin : s.month,
	    INT64_MAX, allowance_owner(x), add_row, &s)) {
		print_figures(&s, out);
		print_chart(&s, out);
		print_groups(&s.keys, "key", out);
		print_groups(&s.models, "model", out);
	} else
		html_element(out, "p", "The account of it can't be read; the "
		    "log says why.");
	buf_puts(out, "</section>");
	ledger_groups_finish(&s.keys);
	ledger_groups_finish(&s.models);
}
