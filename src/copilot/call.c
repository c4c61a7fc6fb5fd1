/* How a call to Copilot is addressed. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
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
	if (api[0] != '\0' && conf_url_allowed(api))
		return api;
	if (strcmp(conf->account_type, "business") == 0)
		return "https://api.business.githubcopilot.com";
	if (strcmp(conf->account_type, "enterprise") == 0)
		return "https://api.enterprise.githubcopilot.com";
	return "https://api.githubcopilot.com";
}

/* Takes the value. */
static void
add_take(struct http_request *r, const char *name, char *value)
{
	http_request_header(r, name, value);
	free(value);
}

/* Headers that the model list wants for this model: "Name: value". */
static void
add_model_headers(struct http_request *r, char *const *headers)
{
	const char	*value;
	char		*name;

	for (; headers != NULL && *headers != NULL; headers++) {
		name = xstrndup(*headers, strcspn(*headers, ":"));
		value = *headers + strlen(name) + 1;
		http_request_header(r, name, value + strspn(value, " "));
		free(name);
	}
}

void
copilot_call_address(const struct conf *conf, const struct copilot_identity *id,
    struct upstream_call *call, struct http_request *r)
{
	const char	*intent = call->intent;
	char		 uuid[UTIL_UUID_SIZE];

	memset(r, 0, sizeof(*r));
	r->method = call->method;
	r->url = xasprintf("%s%s", copilot_call_base(conf, id->api),
	    call->path);
	r->body = call->body;
	call->body = (struct buf){ 0 };
	if (intent == NULL)
		intent = "conversation-agent";
	util_uuid(uuid);

	/* The header set of VS Code's chat (copilot-chat, networking.ts). */
	add_take(r, "Authorization", xasprintf("Bearer %s", id->token));
	http_request_header(r, "Content-Type", "application/json");
	http_request_header(r, "Accept", "application/json");
	http_request_header(r, "Copilot-Integration-Id",
	    conf->copilot_integration_id);
	http_request_header(r, "Editor-Version", conf->editor_version);
	http_request_header(r, "Editor-Plugin-Version",
	    conf->editor_plugin_version);
	add_take(r, "User-Agent", github_user_agent(conf));
	http_request_header(r, "X-GitHub-Api-Version",
	    conf->github_api_version);
	http_request_header(r, "X-VSCode-User-Agent-Library-Version",
	    "electron-fetch");
	http_request_header(r, "OpenAI-Intent", intent);
	http_request_header(r, "X-Interaction-Type", intent);
	http_request_header(r, "X-Request-Id", uuid);
	http_request_header(r, "X-Agent-Task-Id", uuid);
	http_request_header(r, "X-Interaction-Id", id->session);
	http_request_header(r, "VScode-SessionId", id->session);
	/* A user's turn costs a premium request, its follow-ups none. */
	if (call->completion)
		http_request_header(r, "X-Initiator",
		    call->agent ? "agent" : "user");
	if (call->vision)
		http_request_header(r, "Copilot-Vision-Request", "true");
	add_model_headers(r, call->headers);
}
