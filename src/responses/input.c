/* The input items of a Responses request, made acceptable to upstream. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "responses/input.h"
#include "responses/tools.h"
#include "turn/calls.h"
#include "turn/complain.h"
#include "turn/images.h"
#include "turn/seal.h"

/*
 * The members that upstream knows, besides "type": it answers an unknown one
 * with 400. "id" is in none of the lists: the ids that clients hold are made
 * by us, upstream checks its own against the connection and the encrypted
 * content, and does without. call_id is what ties items together.
 */
struct known {
	const char	*type;
	const char	*members;	/* between spaces */
};

static const struct known items[] = {
	{ "message",		" role content status phase " },
	{ "function_call",	" call_id name namespace arguments status "
				"phase caller encrypted_function_args " },
	{ "agent_message",	" author recipient content " },
	{ "function_call_output", " call_id output status name namespace "
				"caller " },
	{ "custom_tool_call",	" call_id name namespace input status phase "
				"caller " },
	{ "custom_tool_call_output", " call_id output caller " },
	/* No status: upstream gives reasoning none, some SDKs invent one. */
	{ "reasoning",		" summary content encrypted_content " },
	{ "compaction",		" encrypted_content " },
	{ "web_search_call",	" status action " },
	{ "tool_search_call",	" call_id execution arguments status " },
	{ "tool_search_output",	" call_id execution tools status " },
	{ "additional_tools",	" role tools " },
	{ "local_shell_call",	" call_id action status " },
	{ "local_shell_call_output", " call_id output status " },
	{ "shell_call",		" call_id action environment status caller " },
	{ "shell_call_output",	" call_id output max_output_length status "
				"caller " },
	{ "apply_patch_call",	" call_id operation status caller " },
	{ "apply_patch_call_output", " call_id output status caller " }
};

static const struct known parts[] = {
	{ "input_text",		" text " },
	{ "output_text",	" text annotations logprobs " },
	{ "summary_text",	" text " },
	{ "reasoning_text",	" text " },
	{ "refusal",		" refusal " },
	{ "input_image",	" image_url file_id detail " },
	{ "input_file",		" file_id filename file_data file_url " }
};

static const struct known *
find_known(const struct known *table, size_t n, const char *type)
{
	size_t i;

	for (i = 0; type != NULL && i < n; i++)
		if (strcmp(table[i].type, type) == 0)
			return &table[i];
	return NULL;
}

static bool
has_word(const char *words, const char *key)
{
	const char	*p = words;
	size_t		 n = strlen(key);

	if (n == 0 || strchr(key, ' ') != NULL)
		return false;
	for (; (p = strstr(p, key)) != NULL; p++)
		if (p[-1] == ' ' && p[n] == ' ')
			return true;
	return false;
}

/* Remove what is unknown, and nulls, which say no more than their absence. */
static void
keep_known(json_object *obj, const struct known *k, struct responses_input *in)
{
	json_object_object_foreach(obj, key, v) {
		if (v != NULL && (strcmp(key, "type") == 0 ||
		    has_word(k->members, key)))
			continue;
		js_del(obj, key);
		in->changed = true;
	}
}

/* Upstream takes three of OpenAI's four values, and no null. */
static void
fix_detail(json_object *part, struct responses_input *in)
{
	if (!js_has(part, "detail") || js_is(part, "detail", "auto") ||
	    js_is(part, "detail", "low") || js_is(part, "detail", "high"))
		return;
	js_add_str(part, "detail",
	    js_is(part, "detail", "original") ? "high" : "auto");
	in->changed = true;
}

/*
 * The parts of a message or a tool's output. Outputs may hold parts again,
 * no deeper than the JSON parser went.
 */
static void
fix_parts(json_object *list, struct responses_input *in)
{
	const struct known	*k;
	json_object		*part;
	size_t			 n = js_len(list), i;

	for (i = 0; i < n; i++) {
		part = json_object_array_get_idx(list, i);
		if (js_is(part, "type", "input_image")) {
			in->vision = true;
			fix_detail(part, in);
		}
		k = find_known(parts, COUNT(parts), js_str(part, "type"));
		if (k != NULL)
			keep_known(part, k, in);
		fix_parts(js_array(part, "content"), in);
		fix_parts(js_array(part, "output"), in);
	}
}

/* Codex sends tools as an item; false when none of them is left. */
static bool
fix_tools(json_object *item, struct responses_input *in)
{
	json_object	*kept;
	bool		 changed = false, any;

	if (js_array(item, "tools") == NULL)
		return true;
	kept = responses_tools(js_array(item, "tools"), in->web_search,
	    &changed);
	any = !changed || js_len(kept) > 0;
	if (changed) {
		js_add_take(item, "tools", kept);
		in->changed = true;
	} else
		json_object_put(kept);
	return any;
}

/*
 * Reasoning without its encrypted text is a reference to something that
 * upstream has not kept. Nothing else depends on it, since the items behind
 * it go without the ids that would have asked for it. Upstream can't read here
 * the thoughts of another model on the other endpoint, and in->unsealed says
 * that it can't read any. (A compaction stays: it is all that is left of the
 * conversation.)
 */
static bool
is_hollow(json_object *item, const struct responses_input *in)
{
	const char *blob = js_str(item, "encrypted_content");

	return js_is(item, "type", "reasoning") && (in->unsealed ||
	    blob == NULL || *blob == '\0' || seal_is(blob));
}

static void
set_fitted_take(json_object *item, const char *key, json_object *value,
    struct responses_input *in)
{
	if (value == js_get(item, key)) {
		json_object_put(value);
		return;
	}
	js_add_take(item, key, value);
	in->changed = true;
}

/* The id that ties a call and its output together, and its arguments. */
static void
fix_call(json_object *item, struct responses_input *in, struct call_ids *ids)
{
	const char *type = js_str(item, "type");

	if (type == NULL || js_str(item, "call_id") == NULL)
		return;
	if (util_ends(type, "_call"))
		set_fitted_take(item, "call_id",
		    call_ids_call(ids, js_get(item, "call_id")), in);
	else if (util_ends(type, "_output"))
		set_fitted_take(item, "call_id",
		    call_ids_result(ids, js_get(item, "call_id")), in);
	if (strcmp(type, "function_call") == 0)
		set_fitted_take(item, "arguments",
		    calls_arguments(js_get(item, "arguments")), in);
}

/* Make one item acceptable; false when it has to be left out. */
static bool
fix_item(json_object *item, struct responses_input *in)
{
	const char		*type = js_str(item, "type");
	const struct known	*k;

	if (is_hollow(item, in))
		return false;
	k = find_known(items, COUNT(items), type != NULL ? type : "message");
	if (k != NULL)
		keep_known(item, k, in);
	else if (js_has(item, "internal_chat_message_metadata_passthrough")) {
		js_del(item, "internal_chat_message_metadata_passthrough");
		in->changed = true;
	}
	if (js_is(item, "type", "reasoning") && !js_has(item, "summary")) {
		js_add_take(item, "summary", json_object_new_array());
		in->changed = true;
	}
	if (in->unsealed && (seal_replace_parts(js_array(item, "output")) ||
	    seal_replace_parts(js_array(item, "content"))))
		in->changed = true;
	if (js_is(item, "type", "agent_message") &&
	    seal_plain_parts(js_array(item, "content")))
		in->changed = true;
	/* The call of a model that OpenAI does not run says so. */
	if (js_has(item, "encrypted_function_args") &&
	    js_len(js_array(item, "encrypted_function_args")) == 0) {
		js_del(item, "encrypted_function_args");
		in->changed = true;
	}
	fix_parts(js_array(item, "content"), in);
	fix_parts(js_array(item, "output"), in);
	return fix_tools(item, in);
}

/* {"type":"item_reference","id":..}, also without its type. */
static bool
refuse_reference(const char *id, struct err *err)
{
	char shown[128];

	text_clean(id, strlen(id), shown, sizeof(shown));
	return err_set(err, 404, ERR_REQUEST, NULL, "input",
	    "Item with id '%s' not found. Items are not kept by this server: "
	    "send the item itself.", shown);
}

bool
responses_input_check(json_object *item, size_t i, struct err *err)
{
	json_object	*type = js_get(item, "type");
	char		 param[32];

	if ((type == NULL && js_get(item, "role") == NULL &&
	    js_str(item, "id") != NULL) ||
	    js_is(item, "type", "item_reference"))
		return refuse_reference(js_str(item, "id") != NULL ?
		    js_str(item, "id") : "", err);
	if (json_object_is_type(item, json_type_object) && item != NULL &&
	    (type != NULL ? json_object_is_type(type, json_type_string) :
	    js_str(item, "role") != NULL))
		return true;
	snprintf(param, sizeof(param), "input[%zu]", i);
	return complain_wrong_type(err, param, "an input item", item);
}

/* A place in "input": an element of a list there. Printed for a refusal. */
struct place {
	const struct place	*up;		/* NULL: of "input" itself */
	const char		*list;
	size_t			 at;
};

static void
print_place(const struct place *p, struct buf *out)
{
	if (p->up != NULL) {
		print_place(p->up, out);
		buf_putc(out, '.');
	}
	buf_printf(out, "%s[%zu]", p->list, p->at);
}

static bool
check_image(json_object *url, const struct place *place,
    const struct responses_input *in, struct err *err)
{
	struct buf	where = { 0 };
	bool		ok;

	print_place(place, &where);
	buf_puts(&where, ".image_url");
	ok = images_check(url, in->model, where.p, err);
	buf_finish(&where);
	return ok;
}

/* OpenAI's files are OpenAI's: neither Copilot nor this server has them. */
static bool
refuse_file(const struct place *place, struct err *err)
{
	struct buf	where = { 0 };

	print_place(place, &where);
	buf_puts(&where, ".file_id");
	err_param(err, where.p, "invalid_value", "Invalid '%s': this server "
	    "keeps no files: send the file or the image itself, or its "
	    "address.", where.p);
	buf_finish(&where);
	return false;
}

/* Has the part nothing but the id of a file? */
static bool
is_file_alone(json_object *part)
{
	return js_get(part, "file_id") != NULL &&
	    js_get(part, "image_url") == NULL &&
	    js_get(part, "file_data") == NULL &&
	    js_get(part, "file_url") == NULL;
}

static bool	check_images(json_object *, const char *, const struct place *,
		    const struct responses_input *, struct err *);

/* The image that a part or an item is, and those that are in it. */
static bool
check_part(json_object *part, const struct place *place,
    const struct responses_input *in, struct err *err)
{
	if ((js_is(part, "type", "input_image") ||
	    js_is(part, "type", "input_file")) && is_file_alone(part))
		return refuse_file(place, err);
	return (!js_is(part, "type", "input_image") ||
	    check_image(js_get(part, "image_url"), place, in, err)) &&
	    check_images(part, "content", place, in, err) &&
	    check_images(part, "output", place, in, err);
}

/*
 * Does the model take the images in a list, as deep as they are? "up" is the
 * place that the list is in.
 */
static bool
check_images(json_object *obj, const char *key, const struct place *up,
    const struct responses_input *in, struct err *err)
{
	json_object	*list = js_array(obj, key);
	struct place	 place = { up, key, 0 };
	size_t		 n = js_len(list);

	for (; place.at < n; place.at++)
		if (!check_part(json_object_array_get_idx(list, place.at),
		    &place, in, err))
			return false;
	return true;
}

static bool
check_item_images(json_object *item, size_t i,
    const struct responses_input *in, struct err *err)
{
	const struct place place = { NULL, "input", i };

	if (js_array(item, "content") == NULL &&
	    js_array(item, "output") == NULL)
		return true;
	return check_part(item, &place, in, err);
}

json_object *
responses_input(json_object *list, struct responses_input *in, struct err *err)
{
	json_object	*kept = json_object_new_array(), *item = NULL;
	struct call_ids	*ids = call_ids_create();
	size_t		 n = js_len(list), i;

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(list, i);
		if (!responses_input_check(item, i, err) ||
		    !check_item_images(item, i, in, err)) {
			json_object_put(kept);
			kept = NULL;
			break;
		}
		/* Decided by the last item, as the client sent it. */
		in->agent = js_str(item, "role") == NULL ||
		    js_is(item, "role", "assistant");
		if (fix_item(item, in)) {
			fix_call(item, in, ids);
			json_object_array_add(kept, json_object_get(item));
		} else
			in->changed = true;
	}
	call_ids_destroy(ids);
	return kept;
}
