/* Usage as chat completions have it. */
#include "config.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/peek.h"
#include "base/tree.h"
#include "base/util.h"
#include "chat/repair.h"
#include "chat/usage.h"
#include "turn/usage.h"

/* A breakdown of tokens holds numbers only. */
static void
repair_details(json_object *obj, const char *key)
{
	json_object *details = js_obj(obj, key);

	if (details == NULL)
		js_del(obj, key);
	else
		chat_drop_nulls(details, NULL, NULL);
}

/* Zero needs no saying, but doesn't contradict what is said. */
static void
put_detail(json_object *obj, const char *key, const char *name, int64_t n)
{
	json_object *details = js_obj(obj, key);

	if (n == 0 && !js_has(details, name))
		return;
	if (details == NULL) {
		details = json_object_new_object();
		js_add_take(obj, key, details);
	}
	js_add_int(details, name, n);
}

void
chat_usage_write(json_object *obj, const struct usage *u)
{
	int64_t		 in = u->input > 0 ? u->input : 0;
	int64_t		 out = u->output > 0 ? u->output : 0;
	json_object	*cost = usage_cost(u);

	chat_drop_private(obj);
	js_del(obj, "reasoning_tokens");
	js_add_int(obj, "prompt_tokens", in);
	js_add_int(obj, "completion_tokens", out);
	js_add_int(obj, "total_tokens", in + out);
	repair_details(obj, "prompt_tokens_details");
	repair_details(obj, "completion_tokens_details");
	put_detail(obj, "prompt_tokens_details", "cached_tokens", u->cached);
	put_detail(obj, "prompt_tokens_details", "cache_write_tokens",
	    u->cache_write);
	put_detail(obj, "completion_tokens_details", "reasoning_tokens",
	    u->reasoning);
	if (cost != NULL)
		js_add_take(obj, "cost", cost);
}

/* --- As a text. */

/* A count that is to be there. */
struct told {
	struct peek_text	name;
	int64_t			n;
	bool			seen;
};

/* A member: is its count right, if it is one of these? */
static bool
is_right(struct peek *k, const struct peek_text *name, struct told *list,
    size_t n)
{
	size_t	i;
	int64_t	count;

	for (i = 0; i < n && !peek_same(name, &list[i].name); i++)
		;
	if (i == n) {
		peek_skip(k);
		return true;
	}
	list[i].seen = true;
	return peek_number(k, &count) && count == list[i].n;
}

/* Zero needs no saying. */
static bool
are_told(const struct told *list, size_t n)
{
	size_t i;

	for (i = 0; i < n && (list[i].seen || list[i].n == 0); i++)
		;
	return i == n;
}

/* A breakdown: nothing in it is null, and its counts are right. */
static bool
are_right(struct peek *k, struct told *list, size_t n)
{
	struct peek_text name;

	if (!peek_in(k, '{'))
		return false;
	while (peek_member(k, &name))
		if (k->p[k->i] == 'n' || chat_name_of(&name) == CHAT_UNCLEAR ||
		    !is_right(k, &name, list, n))
			return false;
	return true;
}

/* Would chat_usage_write() change nothing of it, but tell the cost? */
static bool
is_written(struct peek k, const struct usage *u)
{
	int64_t		 in = u->input > 0 ? u->input : 0;
	int64_t		 out = u->output > 0 ? u->output : 0;
	struct told	 whole[] = {
		{ PEEK_TEXT("prompt_tokens"), in, false },
		{ PEEK_TEXT("completion_tokens"), out, false },
		{ PEEK_TEXT("total_tokens"), in + out, false }
	}, of_input[] = {
		{ PEEK_TEXT("cached_tokens"), u->cached, false },
		{ PEEK_TEXT("cache_write_tokens"), u->cache_write, false }
	}, of_output = { PEEK_TEXT("reasoning_tokens"), u->reasoning, false };
	struct peek_text name;

	peek_in(&k, '{');
	while (peek_member(&k, &name)) {
		if (peek_is(&name, "prompt_tokens_details") ?
		    !are_right(&k, of_input, COUNT(of_input)) :
		    peek_is(&name, "completion_tokens_details") ?
		    !are_right(&k, &of_output, 1) :
		    chat_name_of(&name) != CHAT_PUBLIC ||
		    peek_is(&name, "reasoning_tokens") ||
		    peek_is(&name, "cost") ||
		    !is_right(&k, &name, whole, COUNT(whole)))
			return false;
	}
	return whole[0].seen && whole[1].seen && whole[2].seen &&
	    are_told(of_input, COUNT(of_input)) && are_told(&of_output, 1);
}

static void
print_tree(struct peek k, const struct usage *u, struct buf *out)
{
	json_object *obj = tree_build_peeked(&k);

	chat_usage_write(obj, u);
	js_print(obj, out);
	json_object_put(obj);
}

void
chat_usage_print(const struct peek *text, const struct usage *u,
    struct buf *out)
{
	struct peek	k = *text;
	char		cost[USAGE_COST_SIZE];

	if (!is_written(k, u)) {
		print_tree(k, u, out);
		return;
	}
	tree_print_peeked(&k, out);
	if (!usage_cost_text(u, cost))
		return;
	buf_truncate(out, out->len - 1);	/* } */
	buf_puts(out, ",\"cost\":");
	buf_puts(out, cost);
	buf_putc(out, '}');
}

json_object *
chat_usage_new(const struct usage *u)
{
	static const char details[] =
	    "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":0},"
	    "\"completion_tokens_details\":{\"reasoning_tokens\":0}}";
	json_object *obj = js_parse_quiet(details, sizeof(details) - 1);

	chat_usage_write(obj, u);
	return obj;
}
