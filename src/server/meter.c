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
static const struct {
	const char	*route;
	const char	*operation;
} operations[] = {
	{ "/chat/completions", "chat" },
	{ "/completions", "text_completion" },
	{ "/responses", "chat" },
	{ "/messages", "chat" },
	{ "/embeddings", "embeddings" },
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

static void
put_class(char *labels, int status)
{
	char class[16];

	if (status == CLIENT_GONE)
		snprintf(class, sizeof(class), "%d", status);
	else
		snprintf(class, sizeof(class), "%dxx", status / 100);
	metrics_label(labels, "status", class);
}

/* The operation and its model: the labels of all that follows. */
static void
put_operation(const struct exchange *x, const char *operation, char *labels)
{
	metrics_label(labels, "gen_ai_operation_name", operation);
	metrics_label(labels, "gen_ai_provider_name", "github_copilot");
	metrics_label(labels, "gen_ai_request_model", tally_model(x));
}

static void
add_times(const struct exchange *x, const char *operation, int status)
{
	char	labels[METRIC_LABELS] = "", error[METRIC_LABELS];
	char	code[16];
	double	end = (double)util_now_ms(), begin = (double)x->req.started_ms;
	double	first = (double)x->times.first;

	put_operation(x, operation, labels);
	memcpy(error, labels, sizeof(error));
	if (status > 399) {
		snprintf(code, sizeof(code), "%d", status);
		metrics_label(error, "error_type", code);
	}
	metrics_add(x->metrics, METRIC_DURATION, error, (end - begin) / 1000);
	if (x->times.first == 0)
		return;
	metrics_add(x->metrics, METRIC_FIRST_TOKEN, labels,
	    (first - begin) / 1000);
	if (x->usage.output > 1 && status < 400)
		metrics_add(x->metrics, METRIC_PER_TOKEN, labels,
		    (end - first) / 1000 / (double)(x->usage.output - 1));
}

/* One of OpenTelemetry's two kinds, and no key. */
static void
add_usage(const struct exchange *x, const char *operation, const char *type,
    int64_t n)
{
	char labels[METRIC_LABELS] = "";

	if (n < 0)
		return;
	put_operation(x, operation, labels);
	metrics_label(labels, "gen_ai_token_type", type);
	metrics_add(x->metrics, METRIC_TOKEN_USAGE, labels, (double)n);
}

static void
put_key(const struct exchange *x, char *labels)
{
	metrics_label(labels, "model", tally_model(x));
	if (x->conf->metrics_key_names && x->client != NULL)
		metrics_label(labels, "key", x->client->name);
}

static void
add_tokens(const struct exchange *x, const char *kind, int64_t n)
{
	char labels[METRIC_LABELS] = "";

	if (n <= 0)
		return;
	put_key(x, labels);
	metrics_label(labels, "kind", kind);
	metrics_add(x->metrics, METRIC_TOKENS, labels, (double)n);
}

static void
add_all_usage(const struct exchange *x, const char *operation)
{
	const struct usage	*u = &x->usage;
	char			 labels[METRIC_LABELS] = "";

	add_usage(x, operation, "input", u->input);
	add_usage(x, operation, "output", u->output);
	if (u->input >= 0)
		add_tokens(x, "input", u->input - u->cached - u->cache_write);
	add_tokens(x, "cached", u->cached);
	add_tokens(x, "cache_write", u->cache_write);
	add_tokens(x, "output", u->output);
	put_key(x, labels);
	if (u->nano > 0)
		metrics_add(x->metrics, METRIC_CREDITS, labels,
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
	add_times(x, operation, status);
	add_all_usage(x, operation);
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
