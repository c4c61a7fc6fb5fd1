/* The tables of the command line. */
#include "config.h"

#include <string.h>

#include "base/util.h"
#include "cli/cli.h"
#include "cli/table.h"

#define AT(member) offsetof(struct cli, member)

const struct option cli_globals[] = {
	{ "api-home", 0, OPTION_TEXT, AT(api_home), "DIR",
	    "data directory (default ~/.local/share/copilot-api)" },
	{ "enterprise-url", 0, OPTION_TEXT, AT(override.enterprise_url), "HOST",
	    "GitHub Enterprise tenant such as octo.ghe.com" },
	{ "account-type", 'a', OPTION_TEXT, AT(override.account_type), "TYPE",
	    "individual, business or enterprise" },
	{ "github-token", 'g', OPTION_SECRET, AT(token_option), "TOKEN",
	    "use this GitHub token instead of the stored one" },
	{ "verbose", 'v', OPTION_FLAG, AT(verbose), NULL,
	    "log every step" },
	{ "help", 'h', OPTION_FLAG, AT(help), NULL, "show this help" },
	{ "version", 0, OPTION_FLAG, AT(version), NULL, "show the version" },
};

const size_t cli_nglobals = COUNT(cli_globals);

static const struct option start_options[] = {
	{ "port", 'p', OPTION_TEXT, AT(port), "N", "port (default 4141)" },
	{ "host", 'H', OPTION_TEXT, AT(host), "ADDR",
	    "address (default localhost); beyond loopback with API keys only" },
};

static const struct option auth_options[] = {
	{ "account", 0, OPTION_TEXT, AT(account), "NAME",
	    "sign in another account, under this name" },
	{ "force", 0, OPTION_FLAG, AT(force), NULL,
	    "sign in again, even if signed in" },
};

static const struct option app_options[] = {
	{ "account", 0, OPTION_TEXT, AT(account), "NAME",
	    "another account, under this name" },
	{ "app-id", 0, OPTION_TEXT, AT(app_id), "N",
	    "the App's number or client id" },
	{ "key", 0, OPTION_TEXT, AT(key), "FILE",
	    "its private key (PEM, mode 0600); it stays where it is" },
	{ "installation", 0, OPTION_TEXT, AT(installation), "ID",
	    "which one, where the App has several" },
};

static const struct option keys_options[] = {
	{ "add", 0, OPTION_MAYBE, AT(add), "[NAME]",
	    "make an API key of that name and print it" },
	{ "key", 0, OPTION_SECRET, AT(client_key), "KEY",
	    "add this key in place of a new one" },
	{ "monthly-credits", 0, OPTION_TEXT, AT(monthly), "N",
	    "what it may spend in a month" },
	{ "daily-credits", 0, OPTION_TEXT, AT(daily), "N",
	    "what it may spend in a day" },
	{ "account", 0, OPTION_TEXT, AT(account), "NAME",
	    "the account that serves its requests" },
	{ "sign-in", 0, OPTION_FLAG, AT(sign_in), NULL,
	    "its owner signs that account in, on the page" },
	{ "list", 0, OPTION_FLAG, AT(list), NULL,
	    "print names, parts of the keys, and budgets" },
	{ "show", 0, OPTION_FLAG, AT(show), NULL, "print whole keys" },
	{ "remove", 0, OPTION_TEXT, AT(remove), "NAME",
	    "take the key of that name away" },
};

static const struct option delete_options[] = {
	{ "all", 0, OPTION_FLAG, AT(all), NULL, "all of them" },
};

static const struct option usage_options[] = {
	{ "account", 0, OPTION_TEXT, AT(account), "NAME",
	    "this account; else all of them" },
	{ "json", 0, OPTION_FLAG, AT(json), NULL, "print JSON" },
};

static const struct option models_options[] = {
	{ "account", 0, OPTION_TEXT, AT(account), "NAME",
	    "those of this account" },
	{ "json", 0, OPTION_FLAG, AT(json), NULL, "print JSON" },
};

static const struct option debug_options[] = {
	{ "json", 0, OPTION_FLAG, AT(json), NULL, "print JSON" },
	{ "config", 0, OPTION_FLAG, AT(config), NULL,
	    "test the configuration only; needs no network" },
	{ "quiet", 0, OPTION_FLAG, AT(quiet), NULL,
	    "say what is wrong, and nothing else" },
};

static const struct option health_options[] = {
	{ "port", 'p', OPTION_TEXT, AT(port), "N", "the server's port" },
	{ "host", 'H', OPTION_TEXT, AT(host), "ADDR", "the server's address" },
	{ "ready", 0, OPTION_FLAG, AT(ready), NULL,
	    "should a load balancer send requests, too?" },
};

static const struct option setup_options[] = {
	{ "write", 0, OPTION_FLAG, AT(write), NULL,
	    "write it into the client's file, after showing the difference" },
	{ "key", 0, OPTION_SECRET, AT(client_key), "KEY",
	    "the API key that the client sends" },
	{ "port", 'p', OPTION_TEXT, AT(port), "N", "the server's port" },
	{ "host", 'H', OPTION_TEXT, AT(host), "ADDR", "the server's address" },
};

static const struct option ledger_options[] = {
	{ "by", 0, OPTION_TEXT, AT(by), "WHAT",
	    "day (default), key, model or initiator" },
	{ "since", 0, OPTION_TEXT, AT(since), "DATE",
	    "from this day on, as 2026-11-01 (default: the last 30 days)" },
	{ "json", 0, OPTION_FLAG, AT(json), NULL, "print JSON" },
	{ "csv", 0, OPTION_FLAG, AT(csv), NULL,
	    "print comma-separated values" },
};

static const struct option copy_options[] = {
	{ "to", 0, OPTION_SECRET, AT(to), "URL",
	    "this database (default: stateUrl of config.json)" },
};

#define OPTIONS(a) a, COUNT(a)

#define SETUP(name, title) \
	{ "setup " name, cli_setup, OPTIONS(setup_options), \
	    "for " title, "setup " name "\0" }

const struct command cli_commands[] = {
	{ "start", cli_start, OPTIONS(start_options),
	    "sign in if needed and serve on http://localhost:4141",
	    "start\0" "start --port 8080\0" },
	{ "auth", cli_auth, OPTIONS(auth_options),
	    "sign in to GitHub and store the token",
	    "auth\0" "auth --force\0" "auth --account work\0" },
	{ "auth list", cli_auth_list, NULL, 0,
	    "show the accounts: who, which plan, which models",
	    "auth list\0" },
	{ "auth remove", cli_auth_remove, NULL, 0,
	    "forget the account of that name", "auth remove work\0" },
	{ "auth app", cli_auth_app, OPTIONS(app_options),
	    "use a GitHub App that an organisation has installed",
	    "auth app --app-id 12345 --key /etc/copilot-api/app.pem\0" },
	{ "auth keys", cli_auth_keys, OPTIONS(keys_options),
	    "list, add and remove the API keys of clients",
	    "auth keys --add alice --monthly-credits 500\0"
	    "auth keys --add bob --account bob --sign-in\0"
	    "auth keys --list\0" },
	{ "usage", cli_ledger, OPTIONS(ledger_options),
	    "show tokens and credits that clients used",
	    "usage\0" "usage --by model --since 2026-11-01\0" },
	{ "check-usage", cli_usage, OPTIONS(usage_options),
	    "show plan and quota", "check-usage\0" },
	{ "models", cli_models, OPTIONS(models_options),
	    "show the models, their endpoints, context and prices",
	    "models\0" "models --json\0" },
	{ "debug", cli_debug, OPTIONS(debug_options),
	    "show versions, paths and configuration, and what is wrong",
	    "debug\0" "debug --config\0" "debug --config --quiet\0" },
	{ "health", cli_health, OPTIONS(health_options),
	    "ask the running server if it is well (exit status 1: no)",
	    "health\0" "health --ready\0" },
	{ "setup", NULL, NULL, 0,
	    "print a client's configuration for this server",
	    "setup codex\0" "setup opencode --write\0" },
	SETUP("aider", "Aider"),
	SETUP("claude-code", "Claude Code"),
	SETUP("cline", "Cline"),
	SETUP("codex", "Codex"),
	SETUP("continue", "Continue"),
	SETUP("crush", "Crush"),
	SETUP("cursor", "Cursor"),
	SETUP("llm", "llm"),
	SETUP("open-webui", "Open WebUI"),
	SETUP("openai", "OpenAI's packages"),
	SETUP("opencode", "OpenCode"),
	SETUP("qwen-code", "Qwen Code"),
	SETUP("zed", "Zed"),
	{ "service", NULL, NULL, 0,
	    "run \"start\" by systemd, for you alone",
	    "service install\0" "service status\0" },
	{ "service install", cli_service_install, OPTIONS(start_options),
	    "make and start a unit of your systemd",
	    "service install\0" "service install --port 8080\0" },
	{ "service remove", cli_service_remove, NULL, 0,
	    "stop it and take it away", "service remove\0" },
	{ "service status", cli_service_status, NULL, 0,
	    "does it run? (exit status 1: no)", "service status\0" },
	{ "responses", cli_responses, NULL, 0,
	    "show how many responses are stored", "responses\0" },
	{ "responses prune", cli_responses_prune, NULL, 0,
	    "delete those that are too old or too much",
	    "responses prune\0" },
	{ "responses export", cli_responses_export, NULL, 0,
	    "print them, one JSON object a line",
	    "responses export >responses.jsonl\0" },
	{ "responses delete", cli_responses_delete, OPTIONS(delete_options),
	    "delete them", "responses delete --all\0" },
	{ "state", NULL, NULL, 0,
	    "what is stored, from one place to another", "state copy\0" },
	{ "state copy", cli_state_copy, OPTIONS(copy_options),
	    "copy what is stored here into a database of several hosts",
	    "state copy --to postgresql://copilot@db.example.com/copilot\0" },
	{ "logout", cli_logout, NULL, 0,
	    "forget the GitHub token, of the account of that name",
	    "logout\0" "logout work\0" },
	{ "completion", NULL, NULL, 0,
	    "print what completes commands and options in a shell",
	    "completion bash\0" },
	{ "completion bash", cli_completion_bash, NULL, 0,
	    "print it for bash",
	    "completion bash >~/.local/share/bash-completion/completions/"
	    "copilot-api\0" },
	{ "completion zsh", cli_completion_zsh, NULL, 0, "print it for zsh",
	    "completion zsh >~/.zfunc/_copilot-api\0" },
	{ "completion fish", cli_completion_fish, NULL, 0, "print it for fish",
	    "completion fish >~/.config/fish/completions/copilot-api.fish\0" },
	{ "help", NULL, NULL, 0, "show this help, or that of a command",
	    "help start\0" },
	{ "version", NULL, NULL, 0, "show the version", "version\0" },
};

const size_t cli_ncommands = COUNT(cli_commands);

const struct table cli_table = {
	cli_commands, COUNT(cli_commands), cli_globals, COUNT(cli_globals)
};

const struct variable cli_variables[] = {
	{ "COPILOT_API_HOME", "as --api-home" },
	{ "COPILOT_API_ENTERPRISE_URL", "as --enterprise-url" },
	{ "COPILOT_API_ACCOUNT_TYPE", "as --account-type" },
	{ "COPILOT_API_GITHUB_TOKEN", "as --github-token" },
	{ "COPILOT_GITHUB_TOKEN, GH_TOKEN, GITHUB_TOKEN",
	    "likewise; the first that is set" },
	{ "COPILOT_API_KEY", "API key when auth.apiKeys is empty" },
	{ "COPILOT_API_STATE_URL", "as stateUrl in config.json" },
	{ "COPILOT_API_HOST", "as --host of start and health" },
	{ "COPILOT_API_PORT", "as --port of start and health" },
	{ "COPILOT_API_NEED_KEYS", "when not empty: never serve without keys" },
	{ "COPILOT_API_VERBOSE", "as --verbose, when not empty" },
	{ "HTTPS_PROXY, NO_PROXY", "how to reach GitHub and Copilot" },
};

const size_t cli_nvariables = COUNT(cli_variables);

const struct command *
cli_command(const char *name)
{
	size_t i;

	for (i = 0; i < cli_ncommands; i++)
		if (strcmp(cli_commands[i].name, name) == 0)
			return &cli_commands[i];
	return NULL;
}
