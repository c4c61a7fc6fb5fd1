/* Does a person ask, or a program that goes on by itself? */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "messages/initiator.h"

#define LAST 4		/* messages that are looked at first */

/* How texts begin that Claude Code itself puts into a user's message. */
static const char *const asides[] = {
	"<system-reminder>", "Tool loaded.", "[Request interrupted",
	"<task-notification>"
};
/* The same of messages that are wholly its own. */
static const char *const errands[] = {
	"Your task is to create a detailed summary of the conversation",
	"CRITICAL: Respond with TEXT ONLY.", "Warmup",
	"Perform a web search for the query", "[structured-output-enforce]",
	"<task-notification>"
};

static bool
begins(const char *text, const char *const *words, size_t n)
{
	size_t i;

	text += strspn(text, " \t\r\n");
	for (i = 0; i < n; i++)
		if (util_starts(text, words[i]))
			return true;
	return false;
}

/* The last one that is not the system's, a new reference. */
static json_object *
last_of(json_object *messages)
{
	json_object	*msg;
	size_t		 n = js_len(messages);

	while (n > 0) {
		msg = json_object_array_get_idx(messages, --n);
		if (!js_is(msg, "role", "system"))
			return json_object_get(msg);
	}
	return NULL;
}

/* Nearly always it is among the last few. */
static json_object *
last_message(json_object *req)
{
	json_object	*messages = js_array(req, "messages"), *last, *msg;
	size_t		 n = js_len(messages);

	last = js_slice(messages, n < LAST ? 0 : n - LAST, LAST);
	msg = last_of(last);
	if (msg == NULL && n > LAST)
		msg = last_of(messages);
	json_object_put(last);
	return msg;
}

/*
 * Has the message results, or what a program put there (as the notice that a
 * sub-agent is done), and nothing that a person said?
 */
static bool
goes_on(json_object *msg, bool claude_code)
{
	json_object	*blocks = js_array(msg, "content"), *block;
	const char	*text;
	bool		 results = false;
	size_t		 i;

	for (i = 0; i < js_len(blocks); i++) {
		block = json_object_array_get_idx(blocks, i);
		if (js_is(block, "type", "tool_result")) {
			results = true;
			continue;
		}
		text = js_str(block, "text");
		if (text == NULL)
			continue;
		if (begins(text, asides, COUNT(asides)))
			results |= claude_code;
		else if (text[strspn(text, " \t\r\n")] != '\0')
			return false;
	}
	return results;
}

static bool
is_errand(json_object *msg)
{
	json_object	*content = js_get(msg, "content"), *blocks;
	const char	*text;
	size_t		 i;

	if (json_object_is_type(content, json_type_string))
		return begins(json_object_get_string(content), errands,
		    COUNT(errands));
	blocks = js_array(msg, "content");
	for (i = 0; i < js_len(blocks); i++) {
		text = js_str(json_object_array_get_idx(blocks, i), "text");
		if (text != NULL && begins(text, errands, COUNT(errands)))
			return true;
	}
	return false;
}

static enum initiator
who_asks(json_object *req, json_object *msg,
    const struct messages_client *client)
{
	if (client->subagent)
		return INITIATOR_SUBAGENT;
	/* A person's program offers tools; its errands have none. */
	if (client->claude_code && (is_errand(msg) ||
	    js_len(js_array(req, "tools")) == 0))
		return INITIATOR_BACKGROUND;
	return !js_is(msg, "role", "user") || goes_on(msg,
	    client->claude_code) ? INITIATOR_AGENT : INITIATOR_USER;
}

enum initiator
messages_initiator(json_object *req, const struct messages_client *client)
{
	json_object	*msg = last_message(req);
	enum initiator	 who = who_asks(req, msg, client);

	json_object_put(msg);
	return who;
}
