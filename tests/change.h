/* JSON that is changed by chance, in always the same ways. */
#ifndef CHANGE_H
#define CHANGE_H

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"

/* Values and names that somebody looks for, to be put anywhere. */
struct changes {
	const char *const	*values, *const *names;
	size_t			 nvalues, nnames;
};

static uint64_t chance_state = 88172645463325252u;

static inline size_t
chance(size_t n)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (size_t)(chance_state % n);
}

static inline json_object *
change_value(const struct changes *c)
{
	const char *text = c->values[chance(c->nvalues)];

	return js_parse_quiet(text, strlen(text));
}

static inline void
change_array(const struct changes *c, json_object *array)
{
	size_t n = js_len(array), at;

	if (n == 0 || chance(6) == 0) {
		json_object_array_add(array, change_value(c));
		return;
	}
	at = chance(n);
	switch (chance(3)) {
	case 0:
		json_object_array_del_idx(array, at, 1);
		break;
	case 1:
		json_object_array_put_idx(array, at, change_value(c));
		break;
	default:
		json_object_array_add(array, json_object_get(
		    json_object_array_get_idx(array, at)));
		break;
	}
}

static inline void
change_object(const struct changes *c, json_object *obj)
{
	const char	*name = c->names[chance(c->nnames)];
	size_t		 n = (size_t)json_object_object_length(obj), at;

	at = chance(n + 1);
	if (at < n) {
		json_object_object_foreach(obj, key, value) {
			(void)value;
			if (at-- == 0) {
				name = key;
				break;
			}
		}
		if (chance(3) == 0) {
			js_del(obj, name);
			return;
		}
	}
	js_add_take(obj, name, change_value(c));
}

/* Somewhere in it. */
static inline void
change(const struct changes *c, json_object *v)
{
	json_object	*inner = NULL;
	size_t		 at;

	if (json_object_is_type(v, json_type_array) && js_len(v) > 0) {
		inner = json_object_array_get_idx(v, chance(js_len(v)));
	} else if (json_object_is_type(v, json_type_object) &&
	    json_object_object_length(v) > 0) {
		at = chance((size_t)json_object_object_length(v));
		json_object_object_foreach(v, key, value) {
			(void)key;
			if (at-- == 0)
				inner = value;
		}
	}
	if ((json_object_is_type(inner, json_type_object) ||
	    json_object_is_type(inner, json_type_array)) && inner != NULL &&
	    chance(5) > 0)
		change(c, inner);
	else if (json_object_is_type(v, json_type_array))
		change_array(c, v);
	else
		change_object(c, v);
}

/*
 * With spaces, or one of two words, where it is first, written in another way.
 */
static inline void
change_print(json_object *obj, const char *const words[2], struct buf *out)
{
	static const int ways[] = {
		JSON_C_TO_STRING_PLAIN, JSON_C_TO_STRING_SPACED,
		JSON_C_TO_STRING_PRETTY
	};
	const char *text, *at;

	text = json_object_to_json_string_ext(js_read_all(obj),
	    ways[chance(COUNT(ways))] | JSON_C_TO_STRING_NOSLASHESCAPE);
	at = strstr(text, words[chance(2)]);
	buf_truncate(out, 0);
	if (at != NULL && chance(10) == 0) {
		buf_append(out, text, (size_t)(at - text));
		buf_printf(out, "\\u%04x", (unsigned)*at);
		text = at + 1;
	}
	buf_puts(out, text);
}

/* The same object as a text in which a name comes twice. */
static inline void
change_twice(json_object *obj, const struct buf *text, struct buf *out)
{
	json_object *last = NULL, *name = NULL;

	json_object_object_foreach(obj, key, value) {
		json_object_put(name);
		name = json_object_new_string(key);
		last = value;
	}
	buf_append(out, text->p, text->len);
	if (name == NULL)
		return;
	while (out->p[out->len - 1] != '}')
		buf_truncate(out, out->len - 1);
	buf_truncate(out, out->len - 1);
	buf_putc(out, ',');
	js_print(name, out);
	buf_putc(out, ':');
	js_print(last, out);
	buf_putc(out, '}');
	json_object_put(name);
}

#define CHANGE_ROUNDS	4000
#define CHANGES		3	/* of one text, at most */

/*
 * Is a text the same both ways, as it is and changed by chance? both() fails
 * when it is not, and says whether it went the usual way.
 */
static inline void
change_rounds(const char *const *texts, size_t n, const struct changes *c,
    const char *const words[2], bool (*both)(json_object *, const struct buf *))
{
	struct buf	 text = { 0 };
	json_object	*obj;
	size_t		 i, k, ways = 0;

	for (i = 0; i < CHANGE_ROUNDS; i++) {
		obj = js_parse_quiet(texts[i % n], strlen(texts[i % n]));
		assert_non_null(obj);
		for (k = i < n ? 0 : 1 + chance(CHANGES); k > 0; k--)
			change(c, obj);
		change_print(obj, words, &text);
		ways += both(obj, &text);
		json_object_put(obj);
	}
	/* Neither way is rare, or this would prove little. */
	assert_true(ways > CHANGE_ROUNDS / 5 && ways < CHANGE_ROUNDS * 4 / 5);
	buf_finish(&text);
}

#endif
