/* An error as Anthropic prints it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "messages/error.h"

/* Anthropic's types by our status; 529 is its own, in place of 503. */
static const struct kind {
	int		 status, sent;
	const char	*type;
} kinds[] = {
	{ 401, 401, "authentication_error" },
	{ 402, 402, "billing_error" },
	{ 403, 403, "permission_error" },
	{ 404, 404, "not_found_error" },
	{ 413, 413, "request_too_large" },
	{ 429, 429, "rate_limit_error" },
	{ 503, 529, "overloaded_error" },
	{ 504, 504, "timeout_error" }
};
static const struct kind request = { 400, 400, "invalid_request_error" };
static const struct kind server = { 500, 500, "api_error" };

/*
 * A 401 says that the client's key is wrong, and Claude Code tries the same one
 * for three minutes: it is not used for what is wrong with this server's own
 * account. A quota that is used up is the bill's business.
 */
static int
status_of(const struct err *e)
{
	if (e->status == 401 && e->type != NULL &&
	    strcmp(e->type, ERR_AUTH) == 0)
		return 403;
	if (e->type != NULL && strcmp(e->type, ERR_QUOTA) == 0)
		return 402;
	return e->status != 0 ? e->status : 500;
}

static const struct kind *
find(int status)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (kinds[i].status == status)
			return &kinds[i];
	return status < 500 ? &request : &server;
}

int
messages_error_status(const struct err *e)
{
	int			 status = status_of(e);
	const struct kind	*k = find(status);

	return k == &request || k == &server ? status : k->sent;
}

/*
 * Clients look for Anthropic's words about a full window: "prompt is too long:
 * 210000 tokens > 200000 maximum". Copilot has its own for the same.
 */
static void
reword(const struct err *e, struct buf *out)
{
	static const char	 words[] = "prompt token count of ";
	const char		*p = strstr(e->msg, words);
	long long		 n, max;

	if (p != NULL && sscanf(p, "prompt token count of %lld exceeds the "
	    "limit of %lld", &n, &max) == 2)
		buf_printf(out, "prompt is too long: %lld tokens > %lld "
		    "maximum", n, max);
	else if (strstr(e->msg, "prompt is too long") == NULL)
		buf_printf(out, "prompt is too long: %s", e->msg);
	else
		buf_puts(out, e->msg);
}

/* Anthropic's errors have no place for a place but their sentence. */
static void
add_message(const struct err *e, struct buf *out)
{
	if (util_starts(e->param, "messages.") &&
	    !util_starts(e->msg, e->param))
		buf_printf(out, "%s: ", e->param);
	buf_puts(out, e->msg);
}

static void
add_details(json_object *to)
{
	json_object	*details = json_object_new_object();
	json_object	*unsupported = json_object_new_array();

	json_object_array_add(unsupported, json_object_new_string("thread"));
	js_add_str(details, "error_code", MESSAGES_NO_THREAD);
	js_add_take(details, "unsupported", unsupported);
	js_add_take(to, "details", details);
}

void
messages_error(const struct err *e, const char *id, struct buf *out)
{
	json_object	*obj = json_object_new_object();
	json_object	*in = json_object_new_object();
	struct buf	 text = { 0 };

	if (strcmp(e->code, "context_length_exceeded") == 0)
		reword(e, &text);
	else
		add_message(e, &text);
	js_add_str(obj, "type", "error");
	js_add_str(in, "type", find(status_of(e))->type);
	js_add_str(in, "message", buf_str(&text));
	if (strcmp(e->code, MESSAGES_NO_THREAD) == 0)
		add_details(in);
	js_add_take(obj, "error", in);
	js_add_str(obj, "request_id", id);
	js_print(obj, out);
	json_object_put(obj);
	buf_finish(&text);
}

void
messages_error_event(const struct err *err, const char *request_id,
    struct buf *out)
{
	struct buf text = { 0 };

	messages_error(err, request_id, &text);
	sse_put(out, "error", text.p, text.len);
	buf_finish(&text);
}
