/*
 * json-c with types, limits and the original bytes.
 *
 * You put what you create; what you add belongs to the parent; what js_get
 * shows is borrowed. JSON null is a NULL json_object.
 */
#ifndef JS_H
#define JS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

struct body;
struct buf;
struct err;

/*
 * Parse exactly one JSON value: UTF-8, nothing behind it, nothing that two
 * readers read differently (base/scan.h). Returns false with "err" set to a 400
 * that names line and column. A parsed null is *obj == NULL and true.
 */
bool	 js_parse(const char *, size_t, json_object **obj, struct err *);
/* The same; the place and a static reason are for the caller to phrase. */
bool	 js_parse_at(const char *, size_t, json_object **obj,
	    const char **reason, size_t *line, size_t *column);
/*
 * The same of a client's body, whose bytes may go on as they came: half a
 * character (a lone surrogate) becomes U+FFFD in them, too. 503 when there is
 * no memory for it (base/budget.h). The tree is read as far as somebody looks:
 * the bytes have to stay and be the same until it is gone, or js_read_all().
 */
bool	 js_parse_body(struct buf *, json_object **obj, struct err *);
/*
 * Whatever can be read, as upstream's answers; of a name that comes twice the
 * last one counts. NULL for what is no JSON, for null, and for what there is no
 * memory for (base/budget.h).
 */
json_object *js_parse_quiet(const char *, size_t);

/*
 * The same of an event of a stream: a character that was cut in two halves
 * comes whole with the later one. Zeroed memory is none that waits.
 */
struct js_halves {
	char	high[7];
};
json_object *js_parse_event(struct js_halves *, const char *, size_t);

/*
 * A value that waits to be read seems empty to json-c's own functions; so those
 * that look into a value are ours here, of the same names.
 */
json_object *js_detach(json_object *);	/* the same; its bytes may go */
json_object *js_read(json_object *);		/* the value itself */
json_object *js_read_all(json_object *);	/* with all that is in it */
const char *js_text(json_object *);
int	 js_text_len(json_object *);
size_t	 js_length(json_object *array);
json_object *js_at(json_object *array, size_t);
struct lh_table *js_members(json_object *);

#define json_object_get_string(v)	 js_text(v)
#define json_object_get_string_len(v)	 js_text_len(v)
#define json_object_array_length(v)	 js_length(v)
#define json_object_array_get_idx(v, i)	 js_at(v, i)
#define json_object_get_object(v)	 js_members(v)
#define json_object_object_length(v)	 lh_table_length(js_members(v))
#define json_object_object_get_ex(v, k, r) \
	(json_object_object_get_ex)(js_read(v), k, r)
#define json_object_object_add(v, k, m) \
	(json_object_object_add)(js_read(v), k, m)
#define json_object_object_del(v, k) \
	(json_object_object_del)(js_read(v), k)
#define json_object_iter_begin(v)	 (json_object_iter_begin)(js_read(v))
#define json_object_iter_end(v)		 (json_object_iter_end)(js_read(v))
#define json_object_array_add(v, e) \
	(json_object_array_add)(js_read(v), e)
#define json_object_array_put_idx(v, i, e) \
	(json_object_array_put_idx)(js_read(v), i, e)
#define json_object_array_del_idx(v, i, n) \
	(json_object_array_del_idx)(js_read(v), i, n)
#define json_object_deep_copy(v, to, how) \
	(json_object_deep_copy)(js_read_all(v), to, how)
#define json_object_equal(a, b) \
	(json_object_equal)(js_read_all(a), js_read_all(b))

/* Appends the compact text; slashes are not escaped. */
void	 js_print(json_object *, struct buf *);

/* The same as a new string. */
json_object *js_print_string(json_object *);

/* A new object with that member: {"type":TYPE}. */
json_object *js_typed(const char *type);

/*
 * The elements of an array from one on, at most n, as a new array. One that
 * waits goes on waiting.
 */
json_object *js_slice(json_object *array, size_t from, size_t n);

/* The type of a value as a bit; an integer is a number as well, null is 0. */
enum {
	JS_STRING = 1, JS_INTEGER = 2, JS_NUMBER = 4, JS_BOOLEAN = 8,
	JS_OBJECT = 16, JS_ARRAY = 32
};
unsigned js_kinds(json_object *);

/* A member, borrowed; NULL when absent, null, or obj is no object. */
json_object *js_get(json_object *obj, const char *key);
bool	 js_has(json_object *obj, const char *key);	/* even when null */

/* A member of that type, else the default. Strings are borrowed. */
const char *js_str(json_object *obj, const char *key);	/* NULL when not one */
int64_t	 js_int(json_object *obj, const char *key, int64_t dflt);
double	 js_double(json_object *obj, const char *key, double dflt);
bool	 js_bool(json_object *obj, const char *key, bool dflt);
json_object *js_obj(json_object *obj, const char *key);	/* NULL when not one */
/* NULL when not one */
json_object *js_array(json_object *obj, const char *key);
size_t	 js_len(json_object *array);			/* 0 for NULL */

bool	 js_is(json_object *obj, const char *key, const char *value);

/* Add a member, replacing one of that name. A NULL string becomes null. */
void	 js_add_str(json_object *obj, const char *key, const char *value);
void	 js_add_int(json_object *obj, const char *key, int64_t value);
void	 js_add_bool(json_object *obj, const char *key, bool value);
void	 js_add_null(json_object *obj, const char *key);
void	 js_add_take(json_object *obj, const char *key, json_object *value);
/* Another reference to the same value. */
void	 js_add_ref(json_object *obj, const char *key, json_object *value);
/* The same, unless the value is NULL, which is absent. */
void	 js_add_given(json_object *obj, const char *key, json_object *value);
void	 js_del(json_object *obj, const char *key);
/* Add to an array, which is created with its first element. */
void	 js_append_take(json_object **array, json_object *value);
/* Append a string's text, whatever bytes it holds. */
void	 js_append_text(struct buf *, json_object *string);

/*
 * Edits of the top-level object of a JSON text, applied to its bytes so that
 * a large unchanged member is copied, never printed again. "value" NULL with
 * remove false sets null. A member that is not there is appended.
 */
struct js_edit {
	const char	*key;
	json_object	*value;		/* borrowed */
	bool		 remove;
};
/* "text" must have been accepted by js_parse and be an object. Linear. */
void	 js_splice(const char *text, size_t n, const struct js_edit *,
	    size_t nedits, struct buf *out);

/*
 * The same of a text that was parsed by js_parse_body(), with its tree, as far
 * as it still is one: what the scan knows isn't looked for again. Without
 * "nulls" members of the text that are null are left out. The text is lent to
 * "out", see base/body.h.
 */
void	 js_splice_body(const char *text, size_t n, json_object *, bool nulls,
	    const struct js_edit *, size_t nedits, struct body *out);

/* Line (from 1) of the value at "path" ("auth.apiKeys"), 0 when not found. */
int	 js_line_of(const char *text, size_t n, const char *path);

#endif
