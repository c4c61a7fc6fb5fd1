/* The queue of scenarios. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "canned.h"
#include "scenario.h"

struct scenario {
	struct scenario	*next;
	char		*path;		/* NULL: any */
	char		*model;		/* NULL: any */
	int64_t		 times;		/* -1: for ever */
	int64_t		 skip;		/* so many requests pass first */
	json_object	*set;
};

enum { FLAG, NUMBER, TEXT, ANY, OBJECT };

/*
 * Every member a scenario may have. One that is also its name gets the number
 * from "n", or the default: {"scenario":"stall_after_events","n":3}.
 */
static const struct member {
	const char	*name;
	int		 type;
	int64_t		 dflt;
} members[] = {
	/* instead of the answer */
	{ "status", NUMBER, 500 },
	{ "body", ANY, 0 },
	{ "content_type", TEXT, 0 },
	{ "headers", OBJECT, 0 },
	{ "canned", TEXT, 0 },
	{ "raw", TEXT, 0 },
	{ "reset_before_headers", FLAG, 0 },
	{ "close_idle", FLAG, 0 },
	/* how it is sent */
	{ "delay_headers_ms", NUMBER, 500 },
	{ "event_delay_ms", NUMBER, 50 },
	{ "byte_delay_ms", NUMBER, 1 },
	{ "byte_by_byte", FLAG, 0 },
	{ "odd_chunks", FLAG, 0 },
	{ "stall_after_events", NUMBER, 2 },
	{ "pause_after_events", NUMBER, 2 },
	{ "pause_ms", NUMBER, 1000 },
	{ "cut_after_events", NUMBER, 2 },
	{ "cut_after_bytes", NUMBER, 300 },
	{ "reset_after_events", NUMBER, 2 },
	{ "clean_end", FLAG, 0 },
	/* the events */
	{ "error_chunk", FLAG, 0 },
	{ "bare_json_error_line", FLAG, 0 },
	{ "at", NUMBER, 0 },
	{ "code", TEXT, 0 },
	{ "message", TEXT, 0 },
	{ "comments", FLAG, 0 },
	{ "crlf", FLAG, 0 },
	/* chat */
	{ "missing_done", FLAG, 0 },
	{ "missing_finish_reason", FLAG, 0 },
	{ "finish_stop_after_tools", FLAG, 0 },
	{ "no_usage", FLAG, 0 },
	{ "empty", FLAG, 0 },
	/* both */
	{ "huge_arguments", NUMBER, 1200000 },
	{ "text", TEXT, 0 },
	/* responses */
	{ "incomplete_max_tokens", FLAG, 0 },
	{ "incomplete_content_filter", FLAG, 0 },
	{ "failed", FLAG, 0 },
	{ "error_event", FLAG, 0 },
	{ "eof", FLAG, 0 },
	{ "stream_summary", FLAG, 0 },
	{ "refusal", FLAG, 0 },
	/* the token exchange */
	{ "no_endpoints", FLAG, 0 },
	{ "bare", FLAG, 0 },
	{ "clock_skew", FLAG, 0 },
	{ "refresh_in", NUMBER, 2 },
	{ "expires_in", NUMBER, 2 },
};

/* Members that say when it applies. */
static const char *const selectors[] = {
	"path", "model", "times", "skip", "scenario", "n",
};

static const struct member *
find_member(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static bool
is_selector(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(selectors); i++)
		if (strcmp(selectors[i], name) == 0)
			return true;
	return false;
}

static bool
type_fits(const struct member *m, json_object *v)
{
	static const json_type types[] = {
		[FLAG] = json_type_boolean, [NUMBER] = json_type_int,
		[TEXT] = json_type_string, [OBJECT] = json_type_object,
	};

	return m->type == ANY || (v != NULL &&
	    json_object_is_type(v, types[m->type]));
}

static bool
unknown(const char *name, struct buf *why)
{
	size_t i;

	buf_printf(why, "unknown scenario or member \"%s\"; there are:", name);
	for (i = 0; i < COUNT(members); i++)
		buf_printf(why, " %s", members[i].name);
	return false;
}

static bool
check(json_object *obj, struct buf *why)
{
	const struct member	*m;
	const char		*canned = js_str(obj, "canned");

	json_object_object_foreach(obj, key, value) {
		if (is_selector(key))
			continue;
		if ((m = find_member(key)) == NULL)
			return unknown(key, why);
		if (!type_fits(m, value)) {
			buf_printf(why, "\"%s\" has the wrong type", key);
			return false;
		}
	}
	if (canned != NULL && canned_find(canned) == NULL) {
		buf_printf(why, "no canned answer \"%s\"; there are:", canned);
		canned_list(why);
		return false;
	}
	return true;
}

/* {"scenario":NAME} becomes {NAME: its default}. */
static bool
name_to_member(json_object *obj, struct buf *why)
{
	const char		*name = js_str(obj, "scenario");
	const struct member	*m;

	if (name == NULL || js_has(obj, name))
		return true;
	if ((m = find_member(name)) == NULL) {
		if (canned_find(name) == NULL)
			return unknown(name, why);
		js_add_str(obj, "canned", name);
	} else if (m->type == FLAG)
		js_add_bool(obj, name, true);
	else if (m->type == NUMBER)
		js_add_int(obj, name, js_int(obj, "n", m->dflt));
	else {
		buf_printf(why, "\"%s\" needs a value", name);
		return false;
	}
	return true;
}

bool
scenario_add(struct scenarios *l, json_object *obj, struct buf *why)
{
	struct scenario	*s, **end = &l->first;
	const char	*path = js_str(obj, "path");
	const char	*model = js_str(obj, "model");

	if (!json_object_is_type(obj, json_type_object) || obj == NULL) {
		buf_puts(why, "expected an object");
		return false;
	}
	if (!name_to_member(obj, why) || !check(obj, why))
		return false;
	s = xcalloc(1, sizeof(*s));
	s->path = path != NULL ? xstrdup(path) : NULL;
	s->model = model != NULL ? xstrdup(model) : NULL;
	s->times = js_int(obj, "times", 1);
	s->skip = js_int(obj, "skip", 0);
	s->set = json_object_get(obj);
	while (*end != NULL)
		end = &(*end)->next;
	*end = s;
	return true;
}

static void
free_one(struct scenario *s)
{
	free(s->path);
	free(s->model);
	json_object_put(s->set);
	free(s);
}

static bool
fits(const struct scenario *s, const char *path, const char *model)
{
	return (s->path == NULL || strcmp(s->path, path) == 0) &&
	    (s->model == NULL || (model != NULL &&
	    strcmp(s->model, model) == 0));
}

/* Uses *at up by one; returns its members, to be put. */
static json_object *
use(struct scenario **at)
{
	struct scenario	*s = *at;
	json_object	*set = json_object_get(s->set);

	if (s->times > 0 && --s->times == 0) {
		*at = s->next;
		free_one(s);
	}
	return set;
}

/* Is it this one's turn? Counts the requests that it lets pass. */
static bool
its_turn(struct scenario *s)
{
	if (s->skip <= 0)
		return true;
	s->skip--;
	return false;
}

json_object *
scenario_take(struct scenarios *l, const char *path, const char *model)
{
	struct scenario **at;

	for (at = &l->first; *at != NULL; at = &(*at)->next)
		if (fits(*at, path, model) &&
		    !js_bool((*at)->set, "close_idle", false))
			return its_turn(*at) ? use(at) : NULL;
	return NULL;
}

bool
scenario_close_idle(struct scenarios *l, const char *path)
{
	struct scenario **at;

	for (at = &l->first; *at != NULL; at = &(*at)->next)
		if (js_bool((*at)->set, "close_idle", false) &&
		    ((*at)->path == NULL || strcmp((*at)->path, path) == 0)) {
			if (!its_turn(*at))
				return false;
			json_object_put(use(at));
			return true;
		}
	return false;
}

size_t
scenario_count(const struct scenarios *l)
{
	const struct scenario	*s;
	size_t			 n = 0;

	for (s = l->first; s != NULL; s = s->next)
		n++;
	return n;
}

void
scenario_clear(struct scenarios *l)
{
	struct scenario *s;

	while ((s = l->first) != NULL) {
		l->first = s->next;
		free_one(s);
	}
}
