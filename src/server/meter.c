/* An exchange is put into the metrics. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api/exchange.h"
#include "api/recent.h"
#include "base/budget.h"
#include "base/conf.h"
#include "base/util.h"
#include "server/client.h"
#include "server/meter.h"
#include "server/parts.h"
#include "server/tally.h"
#include "state/metrics.h"

/* Names of OpenTelemetry's conventions for generative AI. */
#define OPERATION(name) "gen_ai_operation_name=\"" name "\"," \
	"gen_ai_provider_name=\"github_copilot\""

static const struct {
	const char	*route;
	const char	*operation;
} operations[] = {
	{ "/chat/completions", OPERATION("chat") },
	{ "/completions", OPERATION("text_completion") },
	{ "/responses", OPERATION("chat") },
	{ "/messages", OPERATION("chat") },
	{ "/embeddings", OPERATION("embeddings") },
};

static const char *
operation_of(const struct exchange *x)
{
	size_t i;

	for (i = 0; x->route != NULL && i < COUNT(operations); i++)
		if (strcmp(operations[i].route, x->route) == 0)
			return operations[i].operation;
	return NULL;
}

/* "2xx", or the code of those who left. */
static void
put_class(char *labels, int status)
{
	char label[] = "status=\"0xx\"";

	if (status == CLIENT_GONE)
		snprintf(label, sizeof(label), "status=\"%d\"", status);
	else
		*strchr(label, '0') = (char)('0' + status / 100 % 10);
	metrics_text(labels, label);
}

/* What the observations of one answer share. */
struct labels {
	const struct exchange	*x;
	const char		*model;
	char			 of_operation[METRIC_LABELS];
	char			 of_key[METRIC_LABELS];
};

static void
labels_init(struct labels *l, const struct exchange *x, const char *operation)
{
	*l = (struct labels){ .x = x, .model = tally_model(x) };
	metrics_text(l->of_operation, operation);
	metrics_label(l->of_operation, "gen_ai_request_model", l->model);
	metrics_label(l->of_key, "model", l->model);
	if (x->conf->metrics_key_names && x->client != NULL)
		metrics_label(l->of_key, "key", x->client->name);
}

/* An observation whose labels are those, and one more. */
static void
add(const struct labels *l, enum metric metric, const char *shared,
    const char *label, double n)
{
	char labels[METRIC_LABELS];

	memcpy(labels, shared, strlen(shared) + 1);
	metrics_text(labels, label);
	metrics_add(l->x->metrics, metric, labels, n);
}

static void
add_times(const struct labels *l, int status)
{
	const struct exchange	*x = l->x;
	char			 error[32];
	double			 end = (double)util_now_ms();
	double			 begin = (double)x->req.started_ms;
	double			 first = (double)x->times.first;

	if (status > 399) {
		snprintf(error, sizeof(error), "error_type=\"%d\"", status);
		add(l, METRIC_DURATION, l->of_operation, error,
		    (end - begin) / 1000);
	} else
		metrics_add(x->metrics, METRIC_DURATION, l->of_operation,
		    (end - begin) / 1000);
	if (x->times.first == 0)
		return;
	metrics_add(x->metrics, METRIC_FIRST_TOKEN, l->of_operation,
	    (first - begin) / 1000);
	if (x->usage.output > 1 && status < 400)
		metrics_add(x->metrics, METRIC_PER_TOKEN, l->of_operation,
		    (end - first) / 1000 / (double)(x->usage.output - 1));
}

/* One of OpenTelemetry's two kinds, and no key. */
static void
add_usage(const struct labels *l, const char *type, int64_t n)
{
	if (n >= 0)
		add(l, METRIC_TOKEN_USAGE, l->of_operation, type, (double)n);
}

static void
add_tokens(const struct labels *l, const char *kind, int64_t n)
{
	if (n > 0)
		add(l, METRIC_TOKENS, l->of_key, kind, (double)n);
}

#define TYPE(name) "gen_ai_token_type=\"" name "\""
#define KIND(name) "kind=\"" name "\""

static void
add_all_usage(const struct labels *l)
{
	const struct usage *u = &l->x->usage;

	add_usage(l, TYPE("input"), u->input);
	add_usage(l, TYPE("output"), u->output);
	if (u->input >= 0)
		add_tokens(l, KIND("input"),
		    u->input - u->cached - u->cache_write);
	add_tokens(l, KIND("cached"), u->cached);
	add_tokens(l, KIND("cache_write"), u->cache_write);
	add_tokens(l, KIND("output"), u->output);
	if (u->nano > 0)
		metrics_add(l->x->metrics, METRIC_CREDITS, l->of_key,
		    (double)u->nano / CREDIT_NANO);
}

/* Errors that the client or upstream is to be asked about. */
static void
note_error(const struct exchange *x, int status)
{
	struct recent_error e = { .time = (int64_t)time(NULL),
		.status = status };

	snprintf(e.id, sizeof(e.id), "%s", x->req.id);
	snprintf(e.route, sizeof(e.route), "%s", x->route != NULL ? x->route :
	    "other");
	if (x->model != NULL)
		snprintf(e.model, sizeof(e.model), "%s", tally_model(x));
	if (x->client != NULL)
		snprintf(e.key, sizeof(e.key), "%s", x->client->name);
	recent_add(x->recent, &e);
}

void
meter(const struct exchange *x, int status)
{
	const char	*operation = operation_of(x);
	char		 labels[METRIC_LABELS] = "";
	struct labels	 shared;

	if (status > 399 && status != CLIENT_GONE)
		note_error(x, status);
	if (x->metrics == NULL)
		return;
	metrics_label(labels, "endpoint", x->route != NULL ? x->route :
	    "other");
	put_class(labels, status);
	metrics_add(x->metrics, METRIC_REQUESTS, labels, 1);
	if (operation == NULL || x->model == NULL)
		return;
	labels_init(&shared, x, operation);
	add_times(&shared, status);
	add_all_usage(&shared);
}

void
meter_refusal(const struct exchange *x, int status)
{
	char labels[METRIC_LABELS] = "", code[16];

	snprintf(code, sizeof(code), "%d", status);
	metrics_label(labels, "status", status != 0 ? code : "none");
	metrics_add(x->metrics, METRIC_UPSTREAM_ERRORS, labels, 1);
}

void
meter_second(const struct exchange *x, const char *reason)
{
	char labels[METRIC_LABELS] = "";

	metrics_label(labels, "reason", reason);
	metrics_add(x->metrics, METRIC_SECOND_CALLS, labels, 1);
}

void
meter_load(const struct server *s)
{
	if (s->metrics == NULL)
		return;
	metrics_set(s->metrics, GAUGE_REQUESTS, s->requests);
	metrics_set(s->metrics, GAUGE_MEMORY,
	    (int64_t)budget_used(s->budget));
}
