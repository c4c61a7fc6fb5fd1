/* Upstream's failures in OpenAI's terms. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/err.h"
#include "base/hint.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/failure.h"

/*
 * A client's SDK waits at most this long before it repeats; openai-node even
 * repeats at once when Retry-After is longer. Then a repeat is only noise.
 */
#define RETRY_WAIT_MAX 60

#define TEXT_MAX 65536	/* of a bare text body; what is shown is shorter yet */

/* Upstream's words, whatever the form. Empty strings: none. */
struct said {
	int	status;
	char	msg[800];
	char	code[64];
	char	param[128];
	char	type[64];
};

/* How one failure is given to the client. */
struct verdict {
	int		 status;
	const char	*type;
	const char	*code;		/* NULL: upstream's */
	const char	*param;		/* NULL: upstream's */
	bool		 no_retry;
	bool		 replace;	/* our sentence instead of upstream's */
	const char	*sentence;	/* when upstream said nothing */
};

/* --- Failures by name. */

static const struct verdict rate_limited = {
	429, ERR_RATE, "rate_limit_exceeded", NULL, false, false,
	"GitHub Copilot's rate limit is reached. Please try again later."
};
static const struct verdict quota = {
	429, ERR_QUOTA, "insufficient_quota", NULL, true, false,
	"The GitHub Copilot quota of this account is used up."
};
static const struct verdict overflow = {
	400, ERR_REQUEST, "context_length_exceeded", NULL, true, false,
	"Your input exceeds the context window of this model."
};
static const struct verdict no_model = {
	404, ERR_REQUEST, "model_not_found", "model", true, false,
	"The requested model does not exist or you do not have access to it."
};
static const struct verdict wrong_endpoint = {
	400, ERR_REQUEST, "unsupported_api_for_model", "model", true, false,
	"This model does not support this endpoint."
};
static const struct verdict filtered = {
	400, ERR_REQUEST, "content_filter", NULL, true, false,
	"The request was refused by GitHub Copilot's content filter."
};
static const struct verdict bad_request = {
	400, ERR_REQUEST, NULL, NULL, true, false,
	"GitHub Copilot refused the request without saying why."
};
static const struct verdict unauthorized = {
	401, ERR_AUTH, NULL, NULL, true, false,
	"GitHub Copilot did not accept this server's token. Run "
	"\"{auth}\" on the server to sign in again."
};
static const struct verdict classic_token = {
	401, ERR_AUTH, "github_token_invalid", NULL, true, true,
	"Copilot does not accept classic personal access tokens (ghp_...). Run "
	"\"{auth}\" on the server, or give it a fine-grained one "
	"(github_pat_...) with the permission \"Copilot Requests\"."
};
static const struct verdict forbidden = {
	403, ERR_PERMISSION, NULL, NULL, true, false,
	"This GitHub account may not use this feature of GitHub Copilot."
};
static const struct verdict not_found = {
	404, ERR_REQUEST, "not_found", NULL, true, false,
	"GitHub Copilot does not know what this request refers to."
};
static const struct verdict timed_out = {
	408, ERR_REQUEST, NULL, NULL, false, false,
	"GitHub Copilot timed out reading the request. Try again, or send a "
	"smaller request."
};
static const struct verdict conflict = {
	409, ERR_REQUEST, NULL, NULL, false, false,
	"GitHub Copilot reported a conflict. Please try again."
};
/* "failed to parse request" is all that upstream says. */
static const struct verdict too_large = {
	413, ERR_REQUEST, "request_too_large", NULL, true, true,
	"The request is too large for GitHub Copilot. Send fewer or smaller "
	"images, or a shorter conversation."
};
static const struct verdict wrong_host = {
	502, ERR_SERVER, "upstream_misdirected", NULL, true, true,
	"GitHub Copilot says that this account is served by another host: "
	"check copilotBaseUrl and accountType in the server's config.json."
};
static const struct verdict old_version = {
	502, ERR_SERVER, "upstream_version", NULL, true, true,
	"GitHub Copilot no longer accepts the client version that this server "
	"presents: set githubApiVersion, editorVersion and editorPluginVersion "
	"in the server's config.json to newer values."
};
static const struct verdict cancelled = {
	503, ERR_SERVER, NULL, NULL, false, false,
	"GitHub Copilot cancelled the request. Please try again."
};
static const struct verdict server_error = {
	500, ERR_SERVER, NULL, NULL, false, false,
	"GitHub Copilot had an internal error. Please try again."
};
static const struct verdict bad_gateway = {
	502, ERR_SERVER, NULL, NULL, false, false,
	"GitHub Copilot is not reachable behind its gateway. Please try again."
};
static const struct verdict overloaded = {
	503, ERR_SERVER, NULL, NULL, false, false,
	"GitHub Copilot is overloaded at the moment. Please try again later."
};
static const struct verdict gateway_timeout = {
	504, ERR_SERVER, NULL, NULL, false, false,
	"GitHub Copilot did not answer in time. Please try again."
};
/* OpenAI's code, on which clients key to go on without what is sealed. */
static const struct verdict sealed = {
	400, ERR_REQUEST, "invalid_encrypted_content", NULL, true, false,
	"The encrypted content could not be verified."
};
static const struct verdict lost_response = {
	400, ERR_REQUEST, "previous_response_not_found",
	"previous_response_id", true, false,
	"The previous response was not found."
};

/* All families say so: ericc-ch/copilot-api issue 155, caozhiyuan's 258. */
static const struct verdict image_address = {
	400, ERR_REQUEST, "invalid_image_url", NULL, true, true,
	"GitHub Copilot does not fetch images: send the image itself, as a "
	"data URL (data:image/png;base64,...)."
};

/* Copilot's codes. Any other one stays, and goes by its status. */
static const struct {
	const char		*code;
	const struct verdict	*verdict;
} by_code[] = {
	{ "rate_limited",			&rate_limited },
	{ "user_model_rate_limited",		&rate_limited },
	{ "user_global_rate_limited",		&rate_limited },
	{ "user_weekly_rate_limited",		&rate_limited },
	{ "integration_rate_limited",		&rate_limited },
	{ "agent_mode_limit_exceeded",		&rate_limited },
	{ "model_overloaded",			&rate_limited },
	{ "upstream_provider_rate_limit",	&rate_limited },
	{ "rate_limit_exceeded",		&rate_limited },
	{ "extension_blocked",			&rate_limited },
	{ "quota_exceeded",			&quota },
	{ "free_quota_exceeded",		&quota },
	{ "overage_limit_reached",		&quota },
	{ "additional_spend_limit_reached",	&quota },
	{ "session_quota_exceeded",		&quota },
	{ "billing_not_configured",		&quota },
	{ "insufficient_quota",			&quota },
	{ "model_max_prompt_tokens_exceeded",	&overflow },
	{ "context_length_exceeded",		&overflow },
	{ "model_not_supported",		&no_model },
	{ "model_not_found",			&no_model },
	{ "unsupported_api_for_model",		&wrong_endpoint },
	{ "content_filter",			&filtered },
	{ "cyber_policy",			&bad_request },
	{ "invalid_prompt",			&bad_request },
	{ "invalid_request_body",		&bad_request },
	{ "unsupported_value",			&bad_request },
	{ "bad_request",			&bad_request },
	{ "previous_response_not_found",	&lost_response },
	{ "invalid_encrypted_content",		&sealed },
	{ "not_found",				&not_found },
	{ "user_request_timeout",		&timed_out },
	{ "request_too_large",			&too_large },
	{ "internal_error",			&server_error },
	{ "server_error",			&server_error },
	{ "service_unavailable",		&overloaded },
	{ "server_is_overloaded",		&overloaded }
};

/* Things that Copilot says with an empty or too general a code. */
static const struct {
	const char		*text;		/* anywhere, in any case */
	const struct verdict	*verdict;
} by_text[] = {
	{ "prompt token count of",			&overflow },
	{ "prompt is too long",				&overflow },
	{ "exceed context limit",			&overflow },
	{ "exceeds the context window",			&overflow },
	{ "exceeds the model's context window",		&overflow },
	{ "too large for model context window",		&overflow },
	{ "maximum context length",			&overflow },
	{ "external image urls are not supported",	&image_address },
	{ "editor-version header",			&old_version },
	{ "api version is no longer supported",		&old_version },
	{ "the encrypted content ",			&sealed },
	{ "encrypted function output content",		&sealed },
	/* Claude's and Gemini's, of another account or another prompt. */
	{ "invalid `signature` in `thinking` block",	&sealed },
	{ "invalid signature in thinking block",	&sealed },
	{ "thought signature is not valid",		&sealed },
	/*
	 * An id of another connection: comes with 400 or 401. We send none, so
	 * that it can only be one inside of what is sealed.
	 */
	{ "does not belong to this connection",		&sealed },
	{ "the requested model is not supported",	&no_model },
	{ "is not accessible via the",			&wrong_endpoint },
	/* GitHub's REST API says it with 403. */
	{ "api rate limit exceeded",			&rate_limited },
	{ "secondary rate limit",			&rate_limited },
	{ "personal access tokens are not supported",	&classic_token },
	{ "misdirected request",			&wrong_host }
};

static const struct {
	int			 status;
	const struct verdict	*verdict;
} by_status[] = {
	{ 400, &bad_request },
	{ 401, &unauthorized },
	{ 402, &quota },
	{ 403, &forbidden },
	{ 404, &not_found },
	{ 408, &timed_out },
	{ 409, &conflict },
	{ 413, &too_large },
	{ 421, &wrong_host },
	{ 422, &filtered },
	{ 424, &bad_gateway },		/* a dependency of upstream's failed */
	{ 426, &old_version },
	{ 429, &rate_limited },
	{ 466, &old_version },		/* Copilot's own */
	{ 499, &cancelled },		/* "cancelled by server" */
	{ 500, &server_error },
	{ 502, &bad_gateway },
	{ 503, &overloaded },
	{ 504, &gateway_timeout },
	{ 529, &overloaded }		/* Anthropic's own */
};

/* Errors inside a stream have no status, but often OpenAI's type. */
static const struct {
	const char	*type;
	int		 status;
} by_type[] = {
	{ "invalid_request_error",	400 },
	{ "authentication_error",	401 },
	{ "permission_error",		403 },
	{ "not_found_error",		404 },
	{ "rate_limit_error",		429 },
	{ "insufficient_quota",		402 },
	{ "overloaded_error",		503 }
};

/* OpenAI's codes of complaints that Copilot passes on without. */
static const struct {
	const char	*begins, *contains, *code;
} complaints[] = {
	{ "Unknown parameter: '",	NULL,	"unknown_parameter" },
	{ "Unsupported parameter: '",	NULL,	"unsupported_parameter" },
	{ "Unsupported value: '",	NULL,	"unsupported_value" },
	{ "Missing required parameter: '", NULL, "missing_required_parameter" },
	{ "Invalid '", "below minimum value",	"integer_below_min_value" },
	{ "Invalid '", "above maximum value",	"integer_above_max_value" },
	{ "Invalid '", "string too long",	"string_above_max_length" },
	{ "Invalid '", "array too long",	"array_above_max_length" },
	{ "Invalid '", "empty string",		"empty_string" },
	{ "Invalid '", NULL,			NULL }
};

/* --- What upstream said. */

static void
clean_member(json_object *obj, const char *key, char *out, size_t size)
{
	json_object *v = js_get(obj, key);

	if (v != NULL && json_object_is_type(v, json_type_string))
		text_clean(json_object_get_string(v),
		    (size_t)json_object_get_string_len(v), out, size);
}

static bool
contains(const char *text, const char *what)
{
	return strcasestr(text, what) != NULL;
}

/*
 * The object with "message" and "code": Copilot nests it under "error", sends
 * it bare, or has it in "response".
 */
static json_object *
error_object(json_object *obj)
{
	json_object *in = js_obj(obj, "response");

	if (js_obj(in, "error") != NULL)
		return js_obj(in, "error");
	return js_obj(obj, "error") != NULL ? js_obj(obj, "error") : obj;
}

static void
read_object(json_object *obj, struct said *said)
{
	json_object	*in = error_object(obj);
	int64_t		 number;

	clean_member(in, "message", said->msg, sizeof(said->msg));
	if (said->msg[0] == '\0')
		clean_member(obj, "message", said->msg, sizeof(said->msg));
	/* OAuth's form: {"error":"name","error_description":".."} */
	if (said->msg[0] == '\0')
		clean_member(obj, "error_description", said->msg,
		    sizeof(said->msg));
	if (said->msg[0] == '\0')
		clean_member(obj, "error", said->msg, sizeof(said->msg));
	clean_member(in, "code", said->code, sizeof(said->code));
	clean_member(in, "param", said->param, sizeof(said->param));
	clean_member(in, "type", said->type, sizeof(said->type));
	number = js_int(in, "code", 0);
	if (said->code[0] == '\0' && said->status == 0 && number >= 400 &&
	    number <= 599)
		said->status = (int)number;
}

/* Gateways answer with pages, which no one wants to read in a terminal. */
static bool
is_html(const char *p, size_t n)
{
	size_t i = 0;

	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (i < n && isspace((unsigned char)p[i]))
		i++;
	return i < n && p[i] == '<';
}

/*
 * An error inside of another one's message, as Copilot passes on those of its
 * own upstreams: the inner one counts.
 */
static void
read_inner(json_object *obj, struct said *said)
{
	const char	*text = js_str(error_object(obj), "message");
	json_object	*inner;

	if (text == NULL || text[0] != '{' ||
	    (inner = js_parse_quiet(text, strlen(text))) == NULL)
		return;
	if (js_str(error_object(inner), "message") != NULL)
		read_object(inner, said);
	json_object_put(inner);
}

/*
 * The same for any parsed value. Google's errors come in an array; what is no
 * object may still be a sentence.
 */
static void
read_value(json_object *obj, struct said *said)
{
	if (js_len(obj) > 0)
		obj = json_object_array_get_idx(obj, 0);
	if (json_object_is_type(obj, json_type_object) && obj != NULL) {
		read_object(obj, said);
		read_inner(obj, said);
	}
	else if (json_object_is_type(obj, json_type_string) && obj != NULL)
		text_clean(json_object_get_string(obj),
		    (size_t)json_object_get_string_len(obj), said->msg,
		    sizeof(said->msg));
}

/* Most errors are JSON served as text/plain: the content type says nothing. */
static void
read_body(const char *p, size_t n, struct said *said)
{
	json_object	*obj;
	struct err	 ignored;

	if (n == 0 || is_html(p, n))
		return;
	if (js_parse(p, n, &obj, &ignored))
		read_value(obj, said);
	else
		text_clean(p, n < TEXT_MAX ? n : TEXT_MAX, said->msg,
		    sizeof(said->msg));
	json_object_put(obj);
}

/* The code and param that OpenAI would have sent with this complaint. */
static void
read_complaint(struct said *said)
{
	const char	*quote, *end;
	size_t		 i;

	if (said->code[0] != '\0' &&
	    strcmp(said->code, "invalid_request_body") != 0)
		return;
	for (i = 0; i < COUNT(complaints); i++)
		if (util_starts(said->msg, complaints[i].begins) &&
		    (complaints[i].contains == NULL ||
		    contains(said->msg, complaints[i].contains)))
			break;
	if (i == COUNT(complaints))
		return;
	if (said->status == 0)		/* inside of a stream */
		said->status = 400;
	if (complaints[i].code != NULL)
		snprintf(said->code, sizeof(said->code), "%s",
		    complaints[i].code);
	quote = strchr(said->msg, '\'') + 1;
	end = strchr(quote, '\'');
	if (said->param[0] == '\0' && end != NULL &&
	    (size_t)(end - quote) < sizeof(said->param))
		snprintf(said->param, sizeof(said->param), "%.*s",
		    (int)(end - quote), quote);
}

/* --- The verdict. */

static const struct verdict *
find_code(const char *code)
{
	size_t i, n = strcspn(code, ":");	/* "user_global_..:plan" */

	for (i = 0; i < COUNT(by_code); i++)
		if (strlen(by_code[i].code) == n &&
		    strncmp(by_code[i].code, code, n) == 0)
			return by_code[i].verdict;
	return NULL;
}

static const struct verdict *
find_text(const char *text)
{
	size_t i;

	for (i = 0; i < COUNT(by_text); i++)
		if (contains(text, by_text[i].text))
			return by_text[i].verdict;
	return NULL;
}

static int
status_of_type(const char *type)
{
	size_t i;

	for (i = 0; i < COUNT(by_type); i++)
		if (strcmp(type, by_type[i].type) == 0)
			return by_type[i].status;
	return 0;
}

static const struct verdict *
find_status(int status)
{
	size_t i;

	for (i = 0; i < COUNT(by_status); i++)
		if (by_status[i].status == status)
			return by_status[i].verdict;
	if (status >= 400 && status < 500)
		return &bad_request;
	return status == 0 ? &server_error : &bad_gateway;
}

/*
 * The text comes first: it is more precise than "invalid_request_body". Only
 * failures can speak so, thus a model's words never get here.
 */
static const struct verdict *
judge(const struct said *said)
{
	const struct verdict *v;

	if ((v = find_text(said->msg)) == NULL &&
	    (v = find_code(said->code)) == NULL)
		v = find_status(said->status);
	return v;
}

static void
add_retry(struct err *err, const char *retry_after)
{
	if (retry_after == NULL)
		return;
	text_clean(retry_after, strlen(retry_after), err->retry_after,
	    sizeof(err->retry_after));
	if (err_retry_seconds(err) > RETRY_WAIT_MAX)
		err->no_retry = true;
}

/*
 * OpenAI's words, "Please try again in 7.2s." (or 120ms, 1m30s): an event has
 * no header to say it in. Whole seconds, at least one; 0: nothing is said.
 */
static int64_t
seconds_in(const char *words)
{
	static const char	 before[] = "try again in ";
	const char		*p = strstr(words, before);
	char			*end;
	double			 n, all = 0;

	if (p == NULL)
		return 0;
	p += sizeof(before) - 1;
	while (*p >= '0' && *p <= '9') {
		n = strtod(p, &end);
		p = end;
		if (strncmp(p, "ms", 2) == 0)
			return (int64_t)(all + n / 1000) + 1;
		if (*p != 'm' && *p != 's')
			break;
		all += n * (*p++ == 'm' ? 60 : 1);
	}
	return all > 0 && all < 1e6 ? (int64_t)(all + 0.999) : 0;
}

static void
add_retry_said(const struct said *said, struct err *err)
{
	int64_t n = err->status == 429 && err->retry_after[0] == '\0' ?
	    seconds_in(said->msg) : 0;
	char	text[24];

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)n);
	add_retry(err, text);
}

/* For the log: what upstream said may quote a prompt. NULL: all is ours. */
static const char *
own_words(const struct verdict *v, const struct said *said)
{
	if (v->replace || said->msg[0] == '\0')
		return NULL;
	/* The sentence of that one is for when there is nothing to pass on. */
	if (v == &bad_request)
		return "GitHub Copilot refused the request.";
	return v == &unauthorized ? "GitHub Copilot did not accept this "
	    "server's token: sign in again." : v->sentence;
}

static void
set_error(struct said *said, struct err *err)
{
	const struct verdict	*v;
	const char		*code;
	char			 ours[512];

	read_complaint(said);
	v = judge(said);
	code = v->code != NULL ? v->code : said->code;
	hint_text(ours, sizeof(ours), v->sentence);
	err_set(err, v->status, v->type, code,
	    v->param != NULL ? v->param : said->param, "%s",
	    v->replace || said->msg[0] == '\0' ? ours : said->msg);
	if (v == &unauthorized && said->msg[0] != '\0')
		snprintf(err->msg, sizeof(err->msg), "%.500s (%.500s)", ours,
		    said->msg);
	err->own_words = own_words(v, said);
	err->no_retry = v->no_retry;
}

void
failure_read(int status, const char *body, size_t len,
    const char *retry_after, struct err *err)
{
	struct said said = { .status = status };

	read_body(body, len, &said);
	set_error(&said, err);
	add_retry(err, retry_after);
	add_retry_said(&said, err);
}

void
failure_read_event(json_object *obj, struct err *err)
{
	struct said said = { 0 };

	read_value(obj, &said);
	if (said.status == 0)
		said.status = status_of_type(said.type);
	set_error(&said, err);
	add_retry_said(&said, err);
}

bool
failure_broken_off(struct err *err)
{
	return err_set(err, 502, ERR_SERVER, "server_error", NULL,
	    "Server error: GitHub Copilot's connection was terminated before "
	    "the answer was complete.");
}

bool
failure_unreadable_event(struct err *err)
{
	return err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
	    "GitHub Copilot sent an event that could not be read.");
}

bool
failure_unreadable(struct err *err)
{
	return err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
	    "GitHub Copilot's answer could not be read.");
}
