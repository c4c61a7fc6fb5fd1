/* debug: what is installed, configured and reachable, and what to do. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/http.h"
#include "base/js.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/lighttpd.h"
#include "copilot/accounts.h"
#include "copilot/call.h"
#include "copilot/models.h"
#include "copilot/signin.h"
#include "state/ledger.h"
#include "state/stored.h"

/* The findings; "wrong" collects one line for each problem. */
struct debug {
	struct cli		*cli;
	struct conf		*conf;		/* NULL: it is broken */
	struct http		*http;
	json_object		*out;
	json_object		*wrong;
	char			*token;
	struct copilot_token	 copilot;
};

static void
note(struct debug *d, const char *key, const char *value)
{
	js_add_str(d->out, key, value);
}

static void
problem(struct debug *d, const char *key, const char *said)
{
	note(d, key, "no");
	json_object_array_add(d->wrong, json_object_new_string(said));
}

static void
check_versions(struct debug *d)
{
	note(d, "version", PACKAGE_VERSION);
	note(d, "libcurl", curl_version());
	note(d, "json-c", json_c_version());
	note(d, "SQLite", state_place_sqlite() != NULL ? state_place_sqlite() :
	    "no (nothing is kept in files)");
	note(d, "libpq", state_place_libpq() != NULL ? state_place_libpq() :
	    "no (nothing is kept in PostgreSQL)");
}

static void
add_wrong(void *wrong, const char *said)
{
	json_object_array_add(wrong, json_object_new_string(said));
}

/* Names the owner of a directory that we can't write to. */
static void
add_unwritable(struct debug *d, const struct err *err)
{
	char *owner = hint_owner(d->cli->home), *said;

	if (owner != NULL)
		said = xasprintf("%s. Try: %s debug%s, or choose another "
		    "directory with --api-home", err->msg, owner,
		    hint_options());
	else
		said = xasprintf("%s. Give the directory to the user that "
		    "copilot-api runs as, or choose another one with "
		    "--api-home", err->msg);
	add_wrong(d->wrong, said);
	free(said);
	free(owner);
}

static void
check_paths(struct debug *d)
{
	struct lighttpd	 l = { 0 };
	struct err	 err;
	char		*path = xasprintf("%s/config.json", d->cli->home);

	note(d, "data directory", d->cli->home);
	note(d, "configuration", access(path, F_OK) == 0 ? path :
	    "defaults (there is no config.json)");
	free(path);
	if (!files_writable(d->cli->home, &err)) {
		add_unwritable(d, &err);
	} else
		files_exposed(d->cli->home, add_wrong, d->wrong);
	if (lighttpd_find(&l, &err))
		note(d, "lighttpd", l.program);
	else
		note(d, "lighttpd", "no (only \"copilot-api start\" needs it: "
		    "apt-get install lighttpd, as root)");
	lighttpd_finish(&l);
}

static void
check_responses(struct debug *d)
{
	char *text;

	/* A broken one does not say where they are. */
	if (d->conf == NULL)
		return;
	text = cli_responses_summary(d->cli);
	if (text != NULL)
		note(d, "stored responses", text);
	else
		problem(d, "stored responses", "The stored responses can't be "
		    "read: see the line above. Without them clients can't go "
		    "on from previous_response_id.");
	free(text);
}

static void
check_configuration(struct debug *d)
{
	struct err	 err;
	json_object	*all;
	size_t		 i;

	d->conf = conf_load(d->cli->home, &d->cli->override, &err);
	if (d->conf == NULL) {
		problem(d, "configuration", err.msg);
		return;
	}
	for (i = 0; i < d->conf->nwarnings; i++)
		json_object_array_add(d->wrong,
		    json_object_new_string(d->conf->warnings[i]));
	all = json_object_new_object();
	for (i = 0; conf_key_name(i) != NULL; i++)
		js_add_take(all, conf_key_name(i), conf_key_value(d->conf, i));
	js_add_take(d->out, "config", all);
	if (d->conf->from_environment)
		note(d, "API keys", "COPILOT_API_KEY");
}

/* Keys with one are refused when nobody knows what they have spent. */
static void
check_budgets(struct debug *d)
{
	struct state_place	 at = state_place(d->cli->home, d->conf);
	struct ledger		*l;
	struct ledger_spent	 sum;

	if (!conf_has_budgets(d->conf))
		return;
	l = ledger_create(&at);
	if (ledger_spent(l, "", &sum))
		note(d, "budgets", "yes");
	else
		problem(d, "budgets", l != NULL ? "The ledger of what client "
		    "keys have spent can't be read: see the line above. Keys "
		    "with a budget are refused." : "Client keys have budgets, "
		    "and this program was built without SQLite: it can't tell "
		    "what they have spent, and refuses them.");
	ledger_destroy(l);
}

static void
check_token(struct debug *d)
{
	struct signin	 s;
	struct err	 err;
	char		*source;

	cli_signin(d->cli, &s);
	if (!signin_look(&s, d->conf, &err) ||
	    !signin_wait(&s, d->http, d->conf, &err))
		problem(d, "GitHub token", err.msg);
	else {
		source = signin_source(&s);
		note(d, "GitHub token", source);
		free(source);
		d->token = xstrdup(s.token);
	}
	signin_finish(&s);
}

/* The others: one line each. */
static void
check_accounts(struct debug *d)
{
	char		**names = account_names(d->cli->home), **p;
	json_object	 *all = names[1] != NULL ? json_object_new_object() :
			    NULL;
	struct signin	  s;
	struct err	  err;
	char		 *line, *text;

	for (p = names + 1; *p != NULL; p++) {
		d->cli->account = *p;
		cli_signin(d->cli, &s);
		line = signin_look(&s, d->conf, &err) ? ask_account(d->http,
		    d->conf, &s, &err) : NULL;
		js_add_str(all, *p, line != NULL ? line : "no");
		if (line == NULL) {
			text = xasprintf("Account %s: %s", *p, err.msg);
			json_object_array_add(d->wrong,
			    json_object_new_string(text));
			free(text);
		}
		free(line);
		signin_finish(&s);
	}
	d->cli->account = NULL;
	if (all != NULL)
		js_add_take(d->out, "accounts", all);
	account_names_free(names);
}

static void
check_copilot_token(struct debug *d)
{
	struct err	 err;
	char		*plan, *life;

	if (!ask_token(d->http, d->conf, d->token, &d->copilot, &plan, &err)) {
		problem(d, "Copilot token", err.msg);
		return;
	}
	life = d->copilot.direct ? xstrdup("none: GitHub's own token is sent") :
	    xasprintf("yes, good for %lld s",
	    (long long)(d->copilot.refresh_ms - util_now_ms()) / 1000);
	note(d, "Copilot token", life);
	if (plan != NULL)
		note(d, "plan", plan);
	free(life);
	free(plan);
}

static void
check_models(struct debug *d)
{
	const struct models	*models;
	struct err		 err;
	char			*line;

	note(d, "Copilot URL", copilot_call_base(d->conf, d->copilot.api));
	if (!ask_models(d->http, d->conf, &d->copilot, &models, &err)) {
		problem(d, "models", err.msg);
		return;
	}
	line = xasprintf("yes, %zu", models->n);
	note(d, "models", line);
	free(line);
	models_unref(models);
}

/* --- Showing it. */

static void
print_members(json_object *obj, int width)
{
	const char *text;

	json_object_object_foreach(obj, key, v) {
		text = json_object_is_type(v, json_type_string) ?
		    json_object_get_string(v) :
		    json_object_to_json_string_ext(v,
		    JSON_C_TO_STRING_NOSLASHESCAPE);
		printf("%-*s %s\n", width, key, text[0] != '\0' ? text : "-");
	}
}

static void
print_text(const struct debug *d)
{
	json_object	*all = json_object_get(js_get(d->out, "config"));
	size_t		 i;

	js_del(d->out, "config");
	print_members(d->out, 16);
	if (all != NULL) {
		printf("\nConfiguration in force:\n");
		print_members(all, 44);
	}
	json_object_put(all);
	if (js_len(d->wrong) > 0)
		printf("\nWhat to do:\n");
	for (i = 0; i < js_len(d->wrong); i++)
		printf("- %s\n", json_object_get_string(
		    json_object_array_get_idx(d->wrong, i)));
}

/* For units and cron: a line for each problem; the journal has its priority. */
static void
print_problems(const struct debug *d)
{
	const char	*text;
	size_t		 i;

	for (i = 0; i < js_len(d->wrong); i++) {
		text = json_object_get_string(
		    json_object_array_get_idx(d->wrong, i));
		if (!log_in_journal())
			fprintf(stderr, "%s\n", text);
		else if (d->conf == NULL)
			log_err("%s", text);
		else
			log_warn("%s", text);
	}
}

static void
print(struct debug *d)
{
	if (d->cli->quiet) {
		print_problems(d);
		return;
	}
	if (!d->cli->json) {
		print_text(d);
		return;
	}
	js_add_ref(d->out, "problems", d->wrong);
	printf("%s\n", cli_pretty(d->out));
}

/*
 * Can the configuration be used? A unit runs this before it starts the server:
 * an unknown key is said and is no reason not to.
 */
static int
test_configuration(struct debug *d)
{
	int rc;

	check_configuration(d);
	rc = d->conf == NULL;
	print(d);
	return rc;
}

/* A warning about the configuration is no problem. */
static int
check_all(struct debug *d)
{
	check_versions(d);
	check_paths(d);
	check_configuration(d);
	check_responses(d);
	if (d->conf != NULL) {
		check_budgets(d);
		check_token(d);
	}
	if (d->token != NULL)
		check_copilot_token(d);
	if (d->copilot.value != NULL)
		check_models(d);
	if (d->conf != NULL)
		check_accounts(d);
	print(d);
	return js_len(d->wrong) > (d->conf != NULL ? d->conf->nwarnings : 0);
}

int
cli_debug(struct cli *cli)
{
	struct debug	d = { .cli = cli };
	int		rc;

	d.http = http_create(NULL);
	d.out = json_object_new_object();
	d.wrong = json_object_new_array();
	rc = cli->config ? test_configuration(&d) : check_all(&d);
	copilot_token_finish(&d.copilot);
	json_object_put(d.out);
	json_object_put(d.wrong);
	free(d.token);
	http_destroy(d.http);
	conf_unref(d.conf);
	return rc;
}
