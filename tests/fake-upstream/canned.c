/* Whole answers as GitHub and Copilot give them when something is wrong. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "canned.h"

/* Copilot types its JSON errors so, and ends them with a newline. */
#define TEXT	"text/plain; charset=utf-8"
#define JSON	"application/json; charset=utf-8"
#define HTML	"text/html; charset=utf-8"

/* The first of a status is also what "status" alone answers. */
static const struct canned canned[] = {
	/* GitHub */
	{ "bad_credentials", 401, JSON, "{\"message\":\"Bad credentials\","
	    "\"documentation_url\":\"https://docs.github.com/rest\","
	    "\"status\":\"401\"}", "" },
	{ "no_copilot_access", 403, JSON, "{\"can_signup_for_limited\":true,"
	    "\"error_details\":{\"message\":\"No access to GitHub Copilot "
	    "found. You are currently logged in as octo.\","
	    "\"notification_id\":\"no_copilot_access\",\"title\":\"No access "
	    "to GitHub Copilot\",\"url\":\"https://github.com/settings/"
	    "copilot\"},\"message\":\"Resource not accessible by "
	    "integration\",\"reason\":\"\"}", "" },
	{ "api_rate_limit", 403, JSON, "{\"message\":\"API rate limit "
	    "exceeded for user ID 1.\",\"documentation_url\":\"https://"
	    "docs.github.com/rest/overview/rate-limits-for-the-rest-api\","
	    "\"status\":\"403\"}", "retry-after: 60\r\n" },
	{ "github_not_found", 404, JSON, "{\"message\":\"Not Found\","
	    "\"documentation_url\":\"https://docs.github.com/rest\","
	    "\"status\":\"404\"}", "" },
	{ "too_many_logins", 429, TEXT, "too many requests", "" },
	{ "token_401_details", 401, JSON, "{\"can_signup_for_limited\":false,"
	    "\"error_details\":{\"message\":\"Your subscription has ended.\","
	    "\"notification_id\":\"subscription_ended\",\"title\":\"Ended\","
	    "\"url\":\"https://github.com/settings/copilot\"},\"message\":"
	    "\"Unauthorized\"}", "" },

	/* Copilot */
	{ "token_expired", 401, TEXT, "unauthorized: token expired\n", "" },
	{ "ide_token_expired", 401, TEXT,
	    "IDE token expired: unauthorized: token expired\n", "" },
	{ "bad_request_text", 400, TEXT, "Bad Request\n", "" },
	{ "off_topic", 400, TEXT, "off_topic\n", "" },
	{ "prompt_too_long", 400, TEXT, "{\"error\":{\"message\":\"prompt "
	    "token count of 13613 exceeds the limit of 12288\",\"code\":"
	    "\"model_max_prompt_tokens_exceeded\"}}\n", "" },
	{ "input_too_long", 400, TEXT, "{\"error\":{\"message\":\"Your input "
	    "exceeds the context window of this model. Please adjust your "
	    "input and try again.\",\"code\":\"invalid_request_body\"}}\n",
	    "" },
	{ "empty_message", 400, TEXT,
	    "{\"error\":{\"message\":\"\",\"code\":\"\"}}\n", "" },
	{ "real_json", 400, JSON, "{\"error\":{\"message\":\"Something is "
	    "wrong.\",\"code\":\"invalid_request_body\",\"param\":\"input\","
	    "\"type\":\"invalid_request_error\"}}", "" },
	{ "no_error_member", 400, JSON,
	    "{\"message\":\"Something is wrong.\",\"code\":\"odd\"}", "" },
	{ "quota_exceeded", 402, TEXT, "{\"error\":{\"message\":\"You have no "
	    "quota\",\"code\":\"quota_exceeded\"}}\n", "" },
	{ "quota_exceeded_seconds", 402, TEXT, "{\"error\":{\"message\":\"You "
	    "have no quota\",\"code\":\"quota_exceeded\"}}\n",
	    "retry-after: 3600\r\n" },
	{ "quota_exceeded_date", 402, TEXT, "{\"error\":{\"message\":\"You "
	    "have no quota\",\"code\":\"quota_exceeded\"}}\n",
	    "retry-after: Wed, 01 Jul 2037 00:00:00 GMT\r\n" },
	{ "feature_not_authorized", 403, TEXT, "Unauthorized: not authorized "
	    "to use this Copilot feature\n", "" },
	{ "forbidden", 403, TEXT, "Access to this endpoint is forbidden. "
	    "Please review our Terms of Service.\n", "" },
	{ "not_found", 404, TEXT, "{\"error\":{\"message\":\"\",\"code\":"
	    "\"not_found\"}}\n", "" },
	{ "body_timeout", 408, TEXT, "{\"error\":{\"message\":\"Timed out "
	    "reading request body. Try again, or use a smaller request size.\""
	    ",\"code\":\"user_request_timeout\"}}\n", "" },
	{ "too_large", 413, TEXT, "{\"error\":{\"message\":\"failed to parse "
	    "request\",\"code\":\"\"}}\n", "" },
	{ "too_large_text", 413, TEXT, "Request Entity Too Large\n", "" },
	{ "misdirected", 421, TEXT, "Misdirected Request\n", "" },
	{ "content_filtered", 422, TEXT, "{\"error\":{\"message\":\"The "
	    "response was filtered.\",\"code\":\"content_filter\"}}\n", "" },
	{ "extension_failed", 424, TEXT, "{\"error\":{\"message\":\"Failed "
	    "dependency\",\"code\":\"\"}}\n", "" },
	{ "rate_limited", 429, TEXT, "{\"error\":{\"message\":\"Sorry, you "
	    "have exceeded your rate limit.\",\"code\":\"rate_limited\"}}\n",
	    "retry-after: 7\r\nx-ratelimit-exceeded: user_model_rate\r\n" },
	{ "extension_blocked", 429, TEXT, "{\"error\":{\"message\":\"Blocked."
	    "\",\"code\":\"extension_blocked\",\"type\":\"rate_limit_error\""
	    "}}\n", "" },
	{ "retired_api_version", 466, TEXT, "bad request: the specified API "
	    "version is no longer supported. You may need to update your "
	    "client to a newer version.\n", "" },
	{ "cancelled", 499, TEXT, "", "" },
	{ "server_error", 500, TEXT, "Internal Server Error\n", "" },
	{ "unicorn", 502, HTML, "<!DOCTYPE html>\n<html><head><title>Unicorn! "
	    "&middot; GitHub</title></head><body><p><strong>We had issues "
	    "producing the response to your request.</strong></p></body>"
	    "</html>\n", "" },
	{ "empty_502", 502, "", "", "" },
	{ "unavailable", 503, TEXT, "upstream connect error or disconnect/"
	    "reset before headers\n", "" },
	{ "gateway_timeout", 504, HTML, "<html><body><h1>504 Gateway "
	    "Time-out</h1></body></html>\n", "" },
};

const struct canned *
canned_find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(canned); i++)
		if (strcmp(canned[i].name, name) == 0)
			return &canned[i];
	return NULL;
}

const struct canned *
canned_by_status(int status)
{
	size_t i;

	for (i = 0; i < COUNT(canned); i++)
		if (canned[i].status == status)
			return &canned[i];
	return NULL;
}

void
canned_list(struct buf *out)
{
	size_t i;

	for (i = 0; i < COUNT(canned); i++)
		buf_printf(out, " %s", canned[i].name);
}
