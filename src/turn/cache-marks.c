/* Up to where Claude keeps a prompt. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"
#include "turn/cache-marks.h"
#include "turn/turn.h"

#define CHAT_MARK "copilot_cache_control"

static const char *const names[] = { CHAT_MARK, "cache_control" };

/* Lists of parts that can be marked, and the tool in a tool. */
static const char *const lists[] = { "content", "output" };

/* --- The client's. */

static bool
has_mark(json_object *obj)
{
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (js_obj(obj, names[i]) != NULL)
			return true;
	return false;
}

static bool
any_marked(json_object *list)
{
	size_t i, n = js_len(list);

	for (i = 0; i < n; i++)
		if (has_mark(json_object_array_get_idx(list, i)))
			return true;
	return false;
}

bool
cache_marks_has(json_object *piece)
{
	size_t i;

	if (has_mark(piece) || has_mark(js_obj(piece, "function")))
		return true;
	for (i = 0; i < COUNT(lists); i++)
		if (any_marked(js_array(piece, lists[i])))
			return true;
	return false;
}

/* --- Taking them away. */

static bool
strip(json_object *obj)
{
	bool	any = false;
	size_t	i;

	for (i = 0; i < COUNT(names); i++)
		if (js_has(obj, names[i])) {
			js_del(obj, names[i]);
			any = true;
		}
	return any;
}

static bool
strip_list(json_object *list)
{
	bool	any = false;
	size_t	i, n = js_len(list);

	for (i = 0; i < n; i++)
		any |= strip(json_object_array_get_idx(list, i));
	return any;
}

static bool
strip_piece(json_object *piece)
{
	bool	any = strip(piece);
	size_t	i;

	any |= strip(js_obj(piece, "function"));
	for (i = 0; i < COUNT(lists); i++)
		any |= strip_list(js_array(piece, lists[i]));
	return any;
}

static bool
strip_pieces(json_object *list)
{
	bool	any = false;
	size_t	i, n = js_len(list);

	for (i = 0; i < n; i++)
		any |= strip_piece(json_object_array_get_idx(list, i));
	return any;
}

/* --- Placing them. */

void
cache_marks_set(json_object *piece)
{
	json_object *mark = json_object_new_object();

	js_add_str(mark, "type", "ephemeral");
	js_add_take(piece, CHAT_MARK, mark);
}

/* Places in a request, the tools before the messages. */
struct places {
	json_object	*tools, *messages;
	size_t		 at[CACHE_MARKS_MAX];	/* rising */
	size_t		 n;
};

/* If there are too many, the last ones count: they reach furthest. */
static void
add_place(struct places *p, size_t at)
{
	if (p->n > 0 && p->at[p->n - 1] >= at)
		return;
	if (p->n == CACHE_MARKS_MAX) {
		memmove(p->at, p->at + 1, (p->n - 1) * sizeof(*p->at));
		p->n--;
	}
	p->at[p->n++] = at;
}

static json_object *
piece_at(const struct places *p, size_t at)
{
	size_t ntools = js_len(p->tools);

	return at < ntools ? json_object_array_get_idx(p->tools, at) :
	    json_object_array_get_idx(p->messages, at - ntools);
}

static void
find_clients(struct places *p)
{
	size_t i, n = js_len(p->tools) + js_len(p->messages);

	for (i = 0; i < n; i++)
		if (cache_marks_has(piece_at(p, i)))
			add_place(p, i);
}

static bool
is_system(json_object *msg)
{
	return js_is(msg, "role", "system") || js_is(msg, "role", "developer");
}

size_t
cache_marks_turn_before(json_object *messages)
{
	size_t i = js_len(messages);

	while (i > 0 && !js_is(json_object_array_get_idx(messages, i - 1),
	    "role", "assistant"))
		i--;
	while (i > 0 && js_is(json_object_array_get_idx(messages, i - 1),
	    "role", "assistant"))
		i--;
	return i;
}

static void
choose(struct places *p)
{
	size_t ntools = js_len(p->tools), n = js_len(p->messages), system = 0;
	size_t last = cache_marks_turn_before(p->messages);

	while (system < n && is_system(json_object_array_get_idx(p->messages,
	    system)))
		system++;
	if (ntools > 0)
		add_place(p, ntools - 1);
	if (system > 0)
		add_place(p, ntools + system - 1);
	if (last > 0)
		add_place(p, ntools + last - 1);
	if (n > 0)
		add_place(p, ntools + n - 1);
}

struct cache_marks
cache_marks_chat(json_object *messages, json_object *tools, bool claude,
    bool add)
{
	struct cache_marks	m;
	struct places		p = { .tools = tools, .messages = messages };
	size_t			i;

	if (claude)
		find_clients(&p);
	if (claude && add && p.n == 0)
		choose(&p);
	m.messages = strip_pieces(messages);
	m.tools = strip_pieces(tools);
	for (i = 0; i < p.n; i++) {
		cache_marks_set(piece_at(&p, p.at[i]));
		m.messages |= p.at[i] >= js_len(tools);
		m.tools |= p.at[i] < js_len(tools);
	}
	return m;
}

const char *
cache_key_for(const struct model *m, json_object *own, const char *key)
{
	bool given = json_object_is_type(own, json_type_string) &&
	    json_object_get_string_len(own) > 0;

	return given || m == NULL || !m->openai ||
	    (m->endpoints & MODEL_RESPONSES) == 0 ? NULL : key;
}

void
cache_key_add(struct turn *t, const struct model *m, const char *key)
{
	json_object *text;

	if ((key = cache_key_for(m, t->cache_key, key)) == NULL)
		return;
	text = json_object_new_string(key);
	turn_set(&t->cache_key, text);
	json_object_put(text);
}
