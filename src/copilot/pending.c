/* A sign-in that somebody began on the page. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/github.h"
#include "copilot/pending.h"

#define FILE_NAME	"signin.json"
#define LOCK_NAME	"signin.lock"

#define TIME_MAX	INT64_C(253402300799)	/* the year 9999 */
#define INTERVAL_MAX	3600

void
pending_finish(struct pending *p)
{
	free(p->device_code);
	free(p->user_code);
	free(p->uri);
	free(p->ended);
	memset(p, 0, sizeof(*p));
}

/* --- The file. */

static char *
text(json_object *obj, const char *member)
{
	const char *s = js_str(obj, member);

	return s != NULL && s[0] != '\0' ? xstrdup(s) : NULL;
}

/* A number of seconds; what somebody wrote by hand stays within reason. */
static int64_t
seconds(json_object *obj, const char *member, int64_t max)
{
	int64_t n = js_int(obj, member, 0);

	return n < 0 ? 0 : n > max ? max : n;
}

bool
pending_read(const char *home, struct pending *p, struct err *err)
{
	struct buf	 file = { 0 };
	json_object	*obj;

	memset(p, 0, sizeof(*p));
	if (!files_read(home, FILE_NAME, &file, err)) {
		buf_finish(&file);
		return false;
	}
	/* A file that is none is as good as none. */
	obj = js_parse_quiet(buf_str(&file), file.len);
	p->user_code = text(obj, "user_code");
	p->uri = text(obj, "uri");
	if (p->user_code != NULL && p->uri != NULL && conf_url_allowed(p->uri))
		p->device_code = text(obj, "device_code");
	p->ended = text(obj, "ended");
	p->began = seconds(obj, "began", TIME_MAX);
	p->until = seconds(obj, "until", TIME_MAX);
	p->next_poll = seconds(obj, "next_poll", TIME_MAX);
	p->interval = seconds(obj, "interval", INTERVAL_MAX);
	json_object_put(obj);
	buf_finish(&file);
	return true;
}

static void
add_text(json_object *obj, const char *member, const char *s)
{
	if (s != NULL)
		js_add_str(obj, member, s);
}

bool
pending_write(const char *home, const struct pending *p, struct err *err)
{
	json_object	*obj = json_object_new_object();
	struct buf	 file = { 0 };
	bool		 ok;

	add_text(obj, "device_code", p->device_code);
	add_text(obj, "user_code", p->user_code);
	add_text(obj, "uri", p->uri);
	add_text(obj, "ended", p->ended);
	js_add_int(obj, "began", p->began);
	js_add_int(obj, "until", p->until);
	js_add_int(obj, "next_poll", p->next_poll);
	js_add_int(obj, "interval", p->interval);
	js_print(obj, &file);
	ok = files_write(home, FILE_NAME, buf_str(&file), file.len, err);
	json_object_put(obj);
	buf_finish(&file);
	return ok;
}

void
pending_remove(const char *home)
{
	struct err ignored;

	files_remove(home, FILE_NAME, &ignored);
	files_remove(home, LOCK_NAME, &ignored);
}

int
pending_lock(const char *home, bool *busy)
{
	return files_lock(home, LOCK_NAME, false, busy);
}

/* --- What happens to it. */

void
pending_take(struct pending *p, const struct github_device *d, int64_t now)
{
	int64_t began = p->began;

	pending_finish(p);
	p->began = began;
	p->device_code = xstrdup(d->device_code);
	p->user_code = xstrdup(d->user_code);
	p->uri = xstrdup(d->verification_uri);
	p->until = now + d->expires_ms / 1000;
	/* A poll that comes early makes GitHub ask for longer ones. */
	p->interval = (d->interval_ms + 999) / 1000 + 1;
	p->next_poll = now + p->interval;
}

void
pending_device(const struct pending *p, struct github_device *d)
{
	memset(d, 0, sizeof(*d));
	d->device_code = xstrdup(p->device_code);
	d->user_code = xstrdup(p->user_code);
	d->verification_uri = xstrdup(p->uri);
	d->interval_ms = p->interval * 1000;
}

void
pending_end(struct pending *p, const char *why)
{
	int64_t	 began = p->began;
	char	*said = why != NULL ? xstrdup(why) : NULL;

	pending_finish(p);
	p->began = began;
	p->ended = said;
}
