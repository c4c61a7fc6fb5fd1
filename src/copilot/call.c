/* How a call to Copilot is addressed. */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/conf.h"
#include "base/http.h"
#include "base/util.h"
#include "copilot/call.h"
#include "copilot/github.h"

const char *
copilot_call_base(const struct conf *conf, const char *api)
{
	if (conf->copilot_base_url[0] != '\0')
		return conf->copilot_base_url;
	if (api[0] != '\0')
		return api;
	if (strcmp(conf->account_type, "business") == 0)
		return "https://api.business.githubcopilot.com";
	if (strcmp(conf->account_type, "enterprise") == 0)
		return "https://api.enterprise.githubcopilot.com";
	return "https://api.githubcopilot.com";
}

/* The headers of one call; NULL: it goes without that one. */
struct values {
	const char	*authorization;
	const char	*json;
	const char	*type;
	const char	*integration;
	const char	*editor;
	const char	*plugin;
	const char	*agent;
	const char	*version;
	const char	*library;
	const char	*intent;
	const char	*request;
	const char	*interaction;
	const char	*session;
	const char	*initiator;
	const char	*vision;
	const char	*auto_session;
};

#define VALUE(member) offsetof(struct values, member)

/* The header set of VS Code's chat (copilot-chat, networking.ts). */
static const struct {
	const char	*name;
	size_t		 value;
} headers[] = {
	{ "Authorization", VALUE(authorization) },
	{ "Content-Type", VALUE(type) },
	{ "Accept", VALUE(json) },
	{ "Copilot-Integration-Id", VALUE(integration) },
	{ "Editor-Version", VALUE(editor) },
	{ "Editor-Plugin-Version", VALUE(plugin) },
	{ "User-Agent", VALUE(agent) },
	{ "X-GitHub-Api-Version", VALUE(version) },
	{ "X-VSCode-User-Agent-Library-Version", VALUE(library) },
	{ "OpenAI-Intent", VALUE(intent) },
	{ "X-Interaction-Type", VALUE(intent) },
	{ "X-Request-Id", VALUE(request) },
	{ "X-Agent-Task-Id", VALUE(request) },
	{ "X-Interaction-Id", VALUE(interaction) },
	{ "VScode-SessionId", VALUE(session) },
	{ "X-Initiator", VALUE(initiator) },
	{ "Copilot-Vision-Request", VALUE(vision) },
	{ "Copilot-Session-Token", VALUE(auto_session) },
};

/* Headers of the connection, and whole families of ours. */
static const char *const reserved[] = {
	"Host", "Connection", "Keep-Alive", "Transfer-Encoding", "TE",
	"Trailer", "Upgrade", "Expect", "Cookie"
};
static const char *const reserved_prefixes[] = {
	"Content-", "Editor-", "Copilot-Integration-", "Copilot-Vision-",
	"X-Interaction-", "Accept", "Proxy-"
};

bool
copilot_call_sets(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(headers); i++)
		if (strcasecmp(name, headers[i].name) == 0)
			return true;
	for (i = 0; i < COUNT(reserved); i++)
		if (strcasecmp(name, reserved[i]) == 0)
			return true;
	for (i = 0; i < COUNT(reserved_prefixes); i++)
		if (util_starts_nocase(name, reserved_prefixes[i]))
			return true;
	return false;
}

static void
add_headers(struct http_request *r, const struct values *v)
{
	const char	*value;
	size_t		 i;

	for (i = 0; i < COUNT(headers); i++) {
		memcpy(&value, (const char *)v + headers[i].value,
		    sizeof(value));
		if (value != NULL)
			http_request_header(r, headers[i].name, value);
	}
}

/* Headers that the model list wants for this model: "Name: value". */
static void
add_model_headers(struct http_request *r, char *const *list)
{
	const char	*value;
	char		*name;

	for (; list != NULL && *list != NULL; list++) {
		name = xstrndup(*list, strcspn(*list, ":"));
		value = *list + strlen(name) + 1;
		http_request_header(r, name, value + strspn(value, " "));
		free(name);
	}
}

/*
 * A GitHub token that Copilot takes as it is comes from its command line, not
 * from an editor; its hosts for organisations name the scheme "token", but for
 * fine-grained personal access tokens.
 */
#define DIRECT_INTEGRATION	"copilot-developer-cli"
#define EDITOR_INTEGRATION	"vscode-chat"

static const char *
integration(const struct conf *conf, const struct copilot_identity *id)
{
	return id->direct && strcmp(conf->copilot_integration_id,
	    EDITOR_INTEGRATION) == 0 ? DIRECT_INTEGRATION :
	    conf->copilot_integration_id;
}

static const char *
scheme(const char *base, const struct copilot_identity *id)
{
	return id->direct && !util_starts(id->token, "github_pat_") &&
	    (util_starts_nocase(base, "https://api.business.") ||
	    util_starts_nocase(base, "https://api.enterprise.")) ?
	    "token" : "Bearer";
}

void
copilot_call_address(const struct conf *conf, const struct copilot_identity *id,
    struct upstream_call *call, struct http_request *r)
{
	const char	*intent = call->intent != NULL ? call->intent :
			    "conversation-agent";
	const char	*base = copilot_call_base(conf, id->api);
	struct buf	 bearer = { 0 }, url = { 0 };
	char		*agent = github_user_agent(conf);
	char		 uuid[UTIL_UUID_SIZE];
	struct values	 values = {
		.json = "application/json",
		.type = call->type != NULL ? call->type : "application/json",
		.integration = integration(conf, id),
		.editor = conf->editor_version,
		.plugin = conf->editor_plugin_version,
		.agent = agent,
		.version = call->version != NULL ? call->version :
		    conf->github_api_version,
		.auto_session = call->session,
		.library = "electron-fetch",
		.intent = intent,
		.request = uuid,
		.interaction = call->interaction[0] != '\0' ?
		    call->interaction : id->session,
		.session = id->session,
		.vision = call->vision ? "true" : NULL
	};

	/* A user's turn costs a premium request, its follow-ups none. */
	if (call->completion)
		values.initiator = call->agent ? "agent" : "user";
	util_uuid(uuid);
	buf_puts(&bearer, scheme(base, id));
	buf_putc(&bearer, ' ');
	buf_puts(&bearer, id->token);
	values.authorization = bearer.p;
	buf_puts(&url, base);
	buf_puts(&url, call->path);
	memset(r, 0, sizeof(*r));
	r->method = call->method;
	r->url = buf_steal(&url);
	r->body = call->body;
	call->body = (struct body){ 0 };
	add_headers(r, &values);
	/* Not in the table: a model of the list may want more of them. */
	if (call->betas != NULL)
		http_request_header(r, "anthropic-beta", call->betas);
	add_model_headers(r, call->headers);
	buf_finish(&bearer);
	free(agent);
}
