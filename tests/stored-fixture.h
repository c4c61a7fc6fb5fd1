/*
 * What tests of stored things share: a directory for each, turns, and SQL. For
 * one source file each.
 */
#ifndef STORED_FIXTURE_H
#define STORED_FIXTURE_H

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "dir.h"
#include "responses/items.h"
#include "state/stored.h"

static char top[] = "/tmp/stored.XXXXXX";
static struct conf conf = {
	.stored_responses_enabled = true,
	.stored_responses_max_age_days = 30,
	.stored_responses_max_bytes = 1 << 30,
	.state_url = (char []){ "" }
};

/* As much as anybody could want; of each thread its own. */
static inline size_t *
room(void)
{
	static _Thread_local size_t n;

	n = SIZE_MAX;
	return &n;
}

/* A fresh directory for each test. */
static inline char *
fresh(void)
{
	static int	number;
	char		*home = xasprintf("%s/%d", top, number++);

	assert_int_equal(mkdir(home, 0700), 0);
	return home;
}

static inline struct stored *
open_fresh(char **home)
{
	*home = fresh();
	return stored_create(&(struct state_place){ *home, "", 0 });
}

static inline void
close_fresh(struct stored *s, char *home)
{
	stored_destroy(s);
	free(home);
}

/* A turn with one item of input and one of output, both named after it. */
static inline bool
put_sized(struct stored *s, const char *owner, const char *id,
    const char *previous, const char *model, size_t size)
{
	char		*pad = xcalloc(1, size + 1), *text;
	struct buf	 input = { 0 };
	json_object	*items, *response;
	bool		 ok;

	memset(pad, 'x', size);
	text = xasprintf("[{\"type\":\"message\",\"role\":\"user\",\"id\":"
	    "\"msg_%s\",\"content\":\"%s\"},{\"type\":\"item_reference\","
	    "\"id\":\"out_ref\"}]", id, pad);
	items = js_parse_quiet(text, strlen(text));
	free(text);
	text = xasprintf("{\"id\":\"%s\",\"model\":\"%s\",\"output\":["
	    "{\"type\":\"reasoning\",\"id\":\"rs_%s\",\"encrypted_content\":"
	    "\"e\"},{\"type\":\"message\",\"id\":\"out_%s\"}],\"end\":1}", id,
	    model, id, id);
	response = js_parse_quiet(text, strlen(text));
	json_object *ids = responses_items_name(items, &input);
	ok = stored_put(s, &conf, &(struct stored_turn){ .owner = owner,
	    .id = id, .previous = previous, .input = &input, .ids = ids,
	    .response = response });
	json_object_put(ids);
	json_object_put(items);
	json_object_put(response);
	buf_finish(&input);
	free(text);
	free(pad);
	return ok;
}

static inline void
put(struct stored *s, const char *owner, const char *id, const char *previous)
{
	assert_true(put_sized(s, owner, id, previous, "m", 10));
}

static inline bool
has(struct stored *s, const char *owner, const char *id)
{
	json_object	*obj = stored_response(s, owner, id, NULL);
	bool		 is = obj != NULL;

	json_object_put(obj);
	return is;
}

/* The ids of an array, joined. */
static inline char *
ids_of(json_object *items)
{
	struct buf	out = { 0 };
	size_t		i;

	for (i = 0; i < js_len(items); i++)
		buf_printf(&out, "%s ", js_str(json_object_array_get_idx(items,
		    i), "id"));
	return buf_steal(&out);
}

static inline int64_t
sql(const char *home, const char *statement)
{
	char		*path = xasprintf("%s/" STORED_FILE, home);
	sqlite3		*db;
	sqlite3_stmt	*st;
	int64_t		 n = 0;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* The thread that empties the log may hold the file. */
	sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_prepare_v2(db, statement, -1, &st, NULL),
	    SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	sqlite3_close(db);
	free(path);
	return n;
}

static inline int
setup(void **state)
{
	(void)state;
	return mkdtemp(top) == NULL;
}

static inline int
teardown(void **state)
{
	(void)state;
	return dir_remove(top);
}

#endif
