/* models: what the account may use, and what it costs. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/http.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "copilot/models.h"
#include "copilot/signin.h"

static void
print_endpoints(const struct model *m)
{
	struct buf text = { 0 };

	models_endpoints(m, ",", &text);
	printf(" %-23s", buf_str(&text));
	buf_finish(&text);
}

/* A million tokens in USD. */
static void
print_price(json_object *cost, const char *member)
{
	double usd = js_double(cost, member, -1);

	if (usd < 0)
		printf(" %8s", "-");
	else
		printf(" %8.2f", usd);
}

static void
print_row(const struct model *m)
{
	json_object *entry = js_parse_quiet(m->json, strlen(m->json));
	json_object *cost = js_obj(entry, "cost");

	printf("%-26s", m->id);
	print_endpoints(m);
	if (m->max_context_window_tokens > 0)
		printf(" %8lld", (long long)m->max_context_window_tokens);
	else
		printf(" %8s", "-");
	print_price(cost, "input");
	print_price(cost, "output");
	printf("\n");
	json_object_put(entry);
}

static void
print_table(const struct models *models)
{
	size_t i;

	printf("%-26s %-23s %8s %8s %8s\n", "", "", "context", "input",
	    "output");
	for (i = 0; i < models->n; i++)
		print_row(&models->list[i]);
	printf("\nPrices are USD for a million tokens.\n");
}

/* As GET /v1/models has it. */
static void
print_json(const struct models *models)
{
	json_object *obj = js_parse_quiet(models->json, strlen(models->json));

	printf("%s\n", cli_pretty(obj));
	json_object_put(obj);
}

static bool
show(const struct cli *cli, struct http *http, const struct conf *conf,
    struct err *err)
{
	struct copilot_token	 tok = { 0 };
	const struct models	*models = NULL;
	struct signin		 s;
	char			*plan = NULL;
	bool			 ok;

	cli_signin(cli, &s);
	ok = signin_look(&s, conf, err) && signin_wait(&s, http, conf, err) &&
	    ask_token(http, conf, s.token, &tok, &plan, err) &&
	    ask_models(http, conf, &tok, &models, err);
	if (ok && cli->json)
		print_json(models);
	else if (ok)
		print_table(models);
	copilot_token_finish(&tok);
	models_unref(models);
	free(plan);
	signin_finish(&s);
	return ok;
}

int
cli_models(struct cli *cli)
{
	struct err	 err;
	struct conf	*conf;
	struct http	*http;
	bool		 ok;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	http = http_create(NULL);
	ok = show(cli, http, conf, &err);
	http_destroy(http);
	conf_unref(conf);
	return ok ? 0 : cli_fail(&err);
}
