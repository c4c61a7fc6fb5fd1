/* Ids for a response and its items. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/peek.h"
#include "base/util.h"
#include "responses/ids.h"

/* No answer has so many items; what lies beyond is not remembered. */
#define SEEN_MAX 4096
/* Up to here a shuffled output is matched by trying all, at quadratic cost. */
#define SHUFFLED_MAX 256

/* An output_index was used for this. */
struct responses_seen {
	const struct kind	*kind;		/* NULL: not yet */
	uint64_t		 call;		/* hash of call_id, 0: none */
	char			*name;
	bool			 taken;		/* by an item of the output */
};

struct kind {
	const char	*type;		/* of the item */
	const char	*prefix;	/* of its id, as OpenAI's */
	const char	*event;		/* how its events begin, or NULL */
};

static const struct kind kinds[] = {
	{ "message",		"msg",	"response.output_text." },
	{ "message",		"msg",	"response.content_part." },
	{ "message",		"msg",	"response.refusal." },
	{ "reasoning",		"rs",	"response.reasoning" },
	{ "function_call",	"fc",	"response.function_call_arguments." },
	{ "custom_tool_call",	"ctc",	"response.custom_tool_call_input." },
	{ "web_search_call",	"ws",	"response.web_search_call." },
	{ "file_search_call",	"fs",	"response.file_search_call." },
	{ "image_generation_call", "ig", "response.image_generation_call." },
	{ "code_interpreter_call", "ci", "response.code_interpreter_call" },
	{ "mcp_call",		"mcp",	"response.mcp_call" },
	{ "mcp_list_tools",	"mcpl",	"response.mcp_list_tools." },
	{ "mcp_approval_request", "mcpr", NULL },
	{ "computer_call",	"cu",	NULL },
	{ "local_shell_call",	"lsh",	NULL },
	{ "shell_call",		"sh",	NULL },
	{ "apply_patch_call",	"apc",	NULL },
	{ "tool_search_call",	"tsc",	NULL },
	{ "tool_search_output",	"tso",	NULL },
	{ "compaction",		"cmp",	NULL }
};
static const struct kind other = { "", "item", NULL };

static const struct kind *
kind_of_item(json_object *item)
{
	const char	*type = js_str(item, "type");
	size_t		 i;

	for (i = 0; type != NULL && i < COUNT(kinds); i++)
		if (strcmp(type, kinds[i].type) == 0)
			return &kinds[i];
	return &other;
}

/*
 * The output of a call has ids as the call has them; a message may come without
 * its type.
 */
static const struct kind *
kind_of_input(json_object *item)
{
	const char	*type = js_str(item, "type");
	size_t		 n, i;

	if (type == NULL)
		type = "message";
	n = strlen(type) - (util_ends(type, "_call_output") ? 7 : 0);
	for (i = 0; i < COUNT(kinds); i++)
		if (strlen(kinds[i].type) == n &&
		    strncmp(type, kinds[i].type, n) == 0)
			return &kinds[i];
	return &other;
}

void
responses_ids_new(json_object *item, char out[static RESPONSES_ID_SIZE])
{
	char random[RESPONSES_ID_BASE + 9];

	util_random_hex(random, sizeof(random) - 1);
	snprintf(out, RESPONSES_ID_SIZE, "%s_%s", kind_of_input(item)->prefix,
	    random);
}

static const struct kind *
kind_of_event(const char *type)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (kinds[i].event != NULL && util_starts(type, kinds[i].event))
			return &kinds[i];
	return &other;
}

void
responses_ids_init(struct responses_ids *ids, const char *response)
{
	*ids = (struct responses_ids){ .n = 0 };
	memcpy(ids->response, "resp_", 5);
	util_random_hex(ids->response + 5, RESPONSES_ID_BASE + 8);
	if (response != NULL)
		snprintf(ids->response, sizeof(ids->response), "%s", response);
	util_random_hex(ids->base, RESPONSES_ID_BASE);
}

void
responses_ids_finish(struct responses_ids *ids)
{
	size_t i;

	for (i = 0; i < ids->n; i++)
		free(ids->seen[i].name);
	free(ids->seen);
	ids->seen = NULL;
	ids->n = 0;
}

/* Nothing needs to be stored: kind, response and index make the id. */
static void
make_id(const struct responses_ids *ids, const struct kind *kind,
    int64_t index, char out[static RESPONSES_ID_SIZE])
{
	snprintf(out, RESPONSES_ID_SIZE, "%s_%s%08x", kind->prefix, ids->base,
	    (unsigned)index);
}

static uint64_t
call_of(json_object *item)
{
	const char *id = js_str(item, "call_id");

	return id != NULL ? util_hash(id) : 0;
}

/* The place of an index; NULL when it is out of bounds. */
static struct responses_seen *
seen_at(struct responses_ids *ids, int64_t index)
{
	if (index < 0 || index >= SEEN_MAX)
		return NULL;
	ids->seen = util_reach(ids->seen, &ids->n, (size_t)index,
	    sizeof(*ids->seen));
	return &ids->seen[index];
}

void
responses_ids_item(struct responses_ids *ids, int64_t index, json_object *item)
{
	struct responses_seen	*s = seen_at(ids, index);
	const struct kind	*kind = kind_of_item(item);
	const char		*name = js_str(item, "name");
	char			 id[RESPONSES_ID_SIZE];

	if (s != NULL) {
		if (s->kind == NULL)
			s->kind = kind;
		s->call = call_of(item);
		if (s->name == NULL && name != NULL)
			s->name = xstrdup(name);
		kind = s->kind;
	}
	make_id(ids, kind, index, id);
	js_add_str(item, "id", id);
}

void
responses_ids_event(const struct responses_ids *ids, int64_t index,
    const char *type, char out[static RESPONSES_ID_SIZE])
{
	const struct kind *kind = NULL;

	if (index >= 0 && (size_t)index < ids->n)
		kind = ids->seen[index].kind;
	make_id(ids, kind != NULL ? kind : kind_of_event(type), index, out);
}

void
responses_ids_whole(const struct responses_ids *ids,
    const struct peek_text *type, size_t index,
    char out[static RESPONSES_ID_SIZE])
{
	size_t i;

	for (i = 0; i < COUNT(kinds) && !peek_is(type, kinds[i].type); i++)
		;
	make_id(ids, i < COUNT(kinds) ? &kinds[i] : &other, (int64_t)index,
	    out);
}

const char *
responses_ids_name(const struct responses_ids *ids, int64_t index)
{
	return index >= 0 && (size_t)index < ids->n ? ids->seen[index].name :
	    NULL;
}

static bool
fits(const struct responses_seen *s, json_object *item)
{
	return !s->taken && s->kind == kind_of_item(item) &&
	    s->call == call_of(item);
}

/*
 * The index that an item of the output had in the events: its position, the
 * next that fits behind the last one found, any that fits, a new one.
 */
static size_t
find_index(const struct responses_ids *ids, json_object *item, size_t position,
    size_t from)
{
	size_t i;

	if (position < ids->n && fits(&ids->seen[position], item))
		return position;
	for (i = from; i < ids->n; i++)
		if (fits(&ids->seen[i], item))
			return i;
	for (i = 0; i < from && ids->n <= SHUFFLED_MAX; i++)
		if (fits(&ids->seen[i], item))
			return i;
	return SIZE_MAX;
}

void
responses_ids_output(struct responses_ids *ids, json_object *output)
{
	size_t		 n = js_len(output), known = ids->n, from = 0, i, at;
	size_t		 misses = 0;
	json_object	*item;

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(output, i);
		if (item == NULL ||
		    !json_object_is_type(item, json_type_object))
			continue;
		at = misses <= SHUFFLED_MAX ?
		    find_index(ids, item, i, from) : SIZE_MAX;
		if (at == SIZE_MAX) {
			misses++;
			at = known + i;
		} else if (at >= from)
			from = at + 1;
		responses_ids_item(ids, (int64_t)at, item);
		if (at < ids->n)
			ids->seen[at].taken = true;
	}
}
