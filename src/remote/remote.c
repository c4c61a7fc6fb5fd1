/* Fetching what clients name by an address. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/conf.h"
#include "base/http.h"
#include "base/loop.h"
#include "base/text.h"
#include "base/url.h"
#include "base/util.h"
#include "remote/blob.h"
#include "remote/cache.h"
#include "remote/remote.h"
#include "remote/rules.h"

#define ACTIVE_MAX	64	/* at once: a resolver's thread for each */
#define OWNER_MAX	16	/* of them for one client key */
#define SILENCE_MS	10000
#define TYPE_WITHIN	1024	/* bytes that say what it is */
/*
 * A fetched byte exists as such, as base64 in a string of the request and in
 * upstream's body, and in a copy while that is made.
 */
#define COPIES		6

/* An address under way. */
struct transfer {
	struct remote_work	*work;
	struct remote_want	*want;
	struct http_request	 request;
	struct http_guard	 guard;
	struct http_call	*call;
	struct url		 url;
	char			*location;
	int			 status;
	int			 redirects;
	int			 fault;		/* -1: none yet */
	struct buf		 body;
};

/* A request's. */
struct remote_work {
	struct remote_work	*next, **prev;
	struct remote		*remote;
	struct owner		*owner;
	uint64_t		 number;	/* by when it came */
	struct remote_job	*job;
	struct transfer		*at[REMOTE_MAX];
	size_t			 started;	/* of the list, in order */
	size_t			 bytes;		/* of all, so far */
	bool			 failed;
	struct err		 err;
	struct loop_timer	 deadline;
	struct loop_timer	 done;		/* in the loop's next turn */
};

/* All works of one client key. */
struct owner {
	struct owner		*next, **prev;
	const struct budget_holder *holder;
	struct remote_work	*works, **last;
	struct remote_work	*waiting; /* those before it do not */
	size_t			 running;
};

struct remote {
	struct loop		*loop;
	struct http		*http;		/* no connection is shared */
	struct remote_cache	*cache;
	struct owner		*owners;
	uint64_t		 works;		/* that have ever been */
	size_t			 running;
};

/* --- Lists. */

struct remote_want *
remote_find(struct remote_list *l, const char *address, bool file)
{
	size_t i;

	for (i = 0; l != NULL && i < l->n; i++)
		if (l->want[i].file == file &&
		    strcmp(l->want[i].address, address) == 0)
			return &l->want[i];
	return NULL;
}

struct remote_want *
remote_add(struct remote_list *l, const char *address, bool file,
    const char *param)
{
	struct remote_want *w = remote_find(l, address, file);

	if (w != NULL || l->n == REMOTE_MAX)
		return w;
	w = &l->want[l->n++];
	w->address = xstrdup(address);
	w->param = xstrdup(param);
	w->file = file;
	return w;
}

bool
remote_complete(const struct remote_list *l)
{
	size_t i;

	for (i = 0; l != NULL && i < l->n; i++)
		if (l->want[i].blob == NULL)
			return false;
	return true;
}

size_t
remote_bytes(const struct remote_list *l)
{
	size_t n = 0, i;

	for (i = 0; l != NULL && i < l->n; i++)
		if (l->want[i].blob != NULL)
			n += l->want[i].blob->bytes.cap;
	return n;
}

void
remote_finish(struct remote_list *l)
{
	if (l == NULL)
		return;
	while (l->n > 0) {
		l->n--;
		free(l->want[l->n].address);
		free(l->want[l->n].param);
		remote_blob_unref(l->want[l->n].blob);
	}
	free(l->scope);
	*l = (struct remote_list){ .n = 0 };
}

/* --- What can go wrong. */

enum fault {
	MALFORMED,
	SCHEME,
	USER,
	HOST,
	UNREACHABLE,
	SILENT,
	LOST,
	STATUS,
	REDIRECTS,
	LARGE,
	TOGETHER,
	IMAGE_TYPE,
	FILE_TYPE,
	EMPTY,
	MEMORY,
	FAULT__MAX
};

/*
 * For the client and for the log, which has none of the client's words. A name
 * that is unknown here and one that leads into the site's network are told in
 * the same words: who asks shall not learn which names there are.
 */
static const struct {
	const char	*why, *logged;
} faults[FAULT__MAX] = {
	[MALFORMED] = { "it is no valid address",
	    "an address could not be read" },
	[SCHEME] = { "only https addresses are fetched",
	    "an address was not https" },
	[USER] = { "it has a user name in it",
	    "an address had a user name in it" },
	[HOST] = { "this server does not fetch from that host (fetchImages)",
	    "fetchImages does not allow the host of an address" },
	[UNREACHABLE] = { "its server can't be reached at a public address, "
	    "or has no valid certificate",
	    "an address could not be reached, or is not public" },
	[SILENT] = { "it takes too long", "an address took too long" },
	[LOST] = { "its server broke off", "an address broke off" },
	[STATUS] = { "its server did not answer with 200",
	    "an address was not answered with 200" },
	[REDIRECTS] = { "its server redirects too often",
	    "an address redirects too often" },
	[LARGE] = { "it has more than 20 MiB",
	    "what an address has is too large" },
	[TOGETHER] = { "with it the request has more than this server takes "
	    "(maxRequestBodyBytes)", "addresses have too much together" },
	[IMAGE_TYPE] = { "it is no image of these types: PNG, JPEG, GIF, WebP",
	    "an address has no image" },
	[FILE_TYPE] = { "it is no PDF", "an address has no PDF" },
	[EMPTY] = { "there is nothing", "an address has nothing" },
	[MEMORY] = { "", "" },
};

static void
tell(const struct transfer *t, const struct remote_want *w, struct err *err)
{
	enum fault	fault = (enum fault)t->fault;
	char		shown[384], status[64] = "";

	if (fault == MEMORY) {
		budget_refuse(t->work->job->memory, err);
		return;
	}
	text_clean(w->address, strlen(w->address), shown, sizeof(shown));
	if (fault == STATUS)
		snprintf(status, sizeof(status), ", but with %d", t->status);
	err_param(err, w->param, fault == IMAGE_TYPE ? "invalid_image_format" :
	    w->file ? "invalid_file_url" : "invalid_image_url",
	    "Error while downloading %s: %s%s.", shown, faults[fault].why,
	    status);
	err->own_words = faults[fault].logged;
	err->no_retry = fault != SILENT && fault != LOST;
}

/* --- Works. */

static void	pump(struct remote *);

static void
transfer_free(struct transfer *t)
{
	http_cancel(t->call);
	http_request_finish(&t->request);
	url_finish(&t->url);
	free(t->location);
	buf_finish(&t->body);
	free(t);
}

static struct owner *
owner_of(struct remote *remote, const struct budget_holder *holder)
{
	struct owner *o;

	for (o = remote->owners; o != NULL; o = o->next)
		if (o->holder == holder)
			return o;
	o = xcalloc(1, sizeof(*o));
	o->holder = holder;
	o->last = &o->works;
	o->next = remote->owners;
	o->prev = &remote->owners;
	if (o->next != NULL)
		o->next->prev = &o->next;
	return remote->owners = o;
}

static void
owner_add(struct owner *o, struct remote_work *w)
{
	w->owner = o;
	w->prev = o->last;
	*o->last = w;
	o->last = &w->next;
	if (o->waiting == NULL)
		o->waiting = w;
}

/* With its last work the owner goes. */
static void
owner_drop(struct owner *o, struct remote_work *w)
{
	if (o->waiting == w)
		o->waiting = w->next;
	*w->prev = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	else
		o->last = w->prev;
	if (o->works != NULL)
		return;
	*o->prev = o->next;
	if (o->next != NULL)
		o->next->prev = o->prev;
	free(o);
}

static void
work_free(struct remote_work *w)
{
	struct remote	*remote = w->remote;
	size_t		 i;

	for (i = 0; i < REMOTE_MAX; i++)
		if (w->at[i] != NULL) {
			transfer_free(w->at[i]);
			remote->running--;
			w->owner->running--;
		}
	loop_timer_stop(remote->loop, &w->deadline);
	loop_timer_stop(remote->loop, &w->done);
	owner_drop(w->owner, w);
	w->job->work = NULL;
	free(w);
}

/* All is there, or one of them can't be had. */
static void
work_end(struct remote_work *w)
{
	struct remote		*remote = w->remote;
	struct remote_job	*job = w->job;
	struct err		 err = w->err;
	bool			 failed = w->failed;

	work_free(w);
	job->ready(job, failed ? &err : NULL);
	pump(remote);
}

static void
work_done(struct loop_timer *t)
{
	work_end(CONTAINER(t, struct remote_work, done));
}

/* The end, but not inside of what is going on. */
static void
work_end_soon(struct remote_work *w)
{
	loop_timer_set(w->remote->loop, &w->done, 0);
}

static void
fail(struct transfer *t, enum fault fault)
{
	struct remote_work *w = t->work;

	if (w->failed)
		return;
	t->fault = (int)fault;
	tell(t, t->want, &w->err);
	w->failed = true;
	work_end_soon(w);
}

static void
expired(struct loop_timer *timer)
{
	struct remote_work	*w = CONTAINER(timer, struct remote_work,
				    deadline);
	struct transfer		 none = { .work = w, .fault = SILENT };
	size_t			 i;

	for (i = 0; i < w->job->list->n; i++)
		if (w->job->list->want[i].blob == NULL)
			break;
	if (!w->failed && i < w->job->list->n) {
		tell(&none, &w->job->list->want[i], &w->err);
		w->failed = true;
	}
	work_end(w);
}

/* --- One address. */

static void	ask(struct transfer *);

static bool
may_connect(const struct sockaddr *sa, void *arg)
{
	const struct transfer *t = arg;

	return remote_may_connect(t->work->job->conf->fetch_images, sa);
}

static bool
is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static enum http_flow
stop(struct transfer *t, enum fault fault)
{
	t->fault = (int)fault;
	return HTTP_STOP;
}

static enum http_flow
on_head(void *arg, const struct http_reply *reply)
{
	struct transfer	*t = arg;
	char		*length;
	int64_t		 n = 0;

	t->status = reply->status;
	if (is_redirect(t->status)) {
		t->location = http_reply_header(reply, "location");
		return t->location != NULL ? HTTP_STOP : stop(t, STATUS);
	}
	if (t->status != 200)
		return stop(t, STATUS);
	length = http_reply_header(reply, "content-length");
	if (length != NULL && (!util_parse_int64(length, &n) ||
	    n > (int64_t)REMOTE_BYTES_MAX))
		t->fault = LARGE;
	free(length);
	return t->fault >= 0 ? HTTP_STOP : HTTP_GO;
}

static bool
fits(const struct remote_want *w, const char *type)
{
	return type != NULL && w->file == util_starts(type, "application/");
}

/* The bytes so far say this; NULL: nothing that is wanted. */
static const char *
type_of(const struct transfer *t)
{
	const char *type = remote_type(buf_str(&t->body), t->body.len);

	return fits(t->want, type) ? type : NULL;
}

static enum fault
wrong_type(const struct transfer *t)
{
	return t->want->file ? FILE_TYPE : IMAGE_TYPE;
}

/* As base64 it is a third more. */
static bool
has_room(struct remote_work *w, size_t n)
{
	w->bytes += n;
	return w->bytes <=
	    (size_t)w->job->conf->max_request_body_bytes / 4 * 3;
}

static enum http_flow
on_body(void *arg, const char *p, size_t n)
{
	struct transfer *t = arg;

	if (t->body.len + n > REMOTE_BYTES_MAX)
		return stop(t, LARGE);
	if (!has_room(t->work, n))
		return stop(t, TOGETHER);
	if (!budget_more(t->work->job->memory, n * COPIES))
		return stop(t, MEMORY);
	buf_append(&t->body, p, n);
	if (t->body.len >= TYPE_WITHIN && t->body.len - n < TYPE_WITHIN &&
	    type_of(t) == NULL)
		return stop(t, wrong_type(t));
	return HTTP_GO;
}

static void
transfer_end(struct transfer *t)
{
	struct remote_work	*w = t->work;
	size_t			 i;

	for (i = 0; i < REMOTE_MAX; i++)
		if (w->at[i] == t)
			w->at[i] = NULL;
	transfer_free(t);
	w->owner->running--;
	w->remote->running--;
}

static void
complete(struct transfer *t)
{
	struct remote_work	*w = t->work;
	struct remote_job	*job = w->job;
	const char		*type = type_of(t);

	if (t->body.len == 0 || type == NULL) {
		fail(t, t->body.len == 0 ? EMPTY : wrong_type(t));
		return;
	}
	t->want->blob = remote_blob_create(type, &t->body);
	if (job->list->scope != NULL)
		remote_cache_put(w->remote->cache, job->list->scope,
		    t->want->address, t->want->blob);
	transfer_end(t);
	if (remote_complete(job->list))
		work_end_soon(w);
	else
		pump(w->remote);
}

/* Why an address could not be read. */
static enum fault
unreadable(enum url_read said)
{
	return said == URL_USER ? USER : said == URL_SCHEME ? SCHEME :
	    MALFORMED;
}

static void
redirect(struct transfer *t)
{
	struct url	url;
	enum url_read	said = url_read(t->url.text, t->location, &url);

	free(t->location);
	t->location = NULL;
	if (said != URL_READ || ++t->redirects > REMOTE_REDIRECTS_MAX) {
		url_finish(&url);
		fail(t, said == URL_READ ? REDIRECTS : unreadable(said));
		return;
	}
	url_finish(&t->url);
	t->url = url;
	ask(t);
}

static enum fault
fault_of(const struct transfer *t, enum http_end end)
{
	if (t->fault >= 0)
		return (enum fault)t->fault;
	switch (end) {
	case HTTP_UNREACHABLE:
		return UNREACHABLE;
	case HTTP_SILENT:
		return SILENT;
	default:
		return LOST;
	}
}

static void
on_end(void *arg, enum http_end end, const char *why)
{
	struct transfer *t = arg;

	(void)why;
	t->call = NULL;
	http_request_finish(&t->request);
	if (end == HTTP_DONE && t->fault < 0 && t->location == NULL)
		complete(t);
	else if (t->location != NULL)
		redirect(t);
	else
		fail(t, fault_of(t, end));
}

static const struct http_ops ops = { on_head, on_body, on_end };

/* Ask for t->url, if that may be asked. */
static void
ask(struct transfer *t)
{
	const struct conf *conf = t->work->job->conf;

	if (!remote_may_ask(conf->fetch_images, t->url.host, t->url.tls)) {
		fail(t, !t->url.tls && remote_may_ask(conf->fetch_images,
		    t->url.host, true) ? SCHEME : HOST);
		return;
	}
	buf_truncate(&t->body, 0);
	t->guard = (struct http_guard){ may_connect, t };
	t->request = (struct http_request){
		.method = "GET",
		.url = xstrdup(t->url.text),
		.headers_timeout_ms = SILENCE_MS,
		.silence_timeout_ms = SILENCE_MS,
		.guard = &t->guard
	};
	http_request_header(&t->request, "User-Agent", PACKAGE_NAME "/"
	    PACKAGE_VERSION);
	http_request_header(&t->request, "Accept", t->want->file ?
	    "application/pdf" : "image/png, image/jpeg, image/gif, image/webp");
	t->call = http_start(t->work->remote->http, conf, &t->request, &ops, t);
}

static void
begin(struct remote_work *w, size_t i)
{
	struct transfer	*t = xcalloc(1, sizeof(*t));
	enum url_read	 said;

	t->work = w;
	t->want = &w->job->list->want[i];
	t->fault = -1;
	w->at[i] = t;
	w->owner->running++;
	w->remote->running++;
	said = url_read(NULL, t->want->address, &t->url);
	if (said != URL_READ)
		fail(t, unreadable(said));
	else
		ask(t);
}

/* --- Who is next. */

/* The first one that has an address to begin with; NULL: none has. */
static struct remote_work *
waiting_of(struct owner *o)
{
	struct remote_work *w;

	while ((w = o->waiting) != NULL &&
	    (w->failed || w->started == w->job->list->n))
		o->waiting = w->next;
	return w;
}

/* That which came first, of the owners that may have more. */
static struct remote_work *
next_work(struct remote *remote)
{
	struct remote_work	*first = NULL, *w;
	struct owner		*o;

	for (o = remote->owners; o != NULL; o = o->next)
		if (o->running < OWNER_MAX && (w = waiting_of(o)) != NULL &&
		    (first == NULL || w->number < first->number))
			first = w;
	return first;
}

/* Begin as many as may be; those that came first, first. */
static void
pump(struct remote *remote)
{
	struct remote_work	*w;
	size_t			 i;

	while (remote->running < ACTIVE_MAX &&
	    (w = next_work(remote)) != NULL) {
		i = w->started++;
		if (w->job->list->want[i].blob == NULL)
			begin(w, i);
	}
}

/* Take what is kept of earlier turns; false: there is no memory for it. */
static bool
take_cached(struct remote *remote, struct remote_job *job)
{
	struct remote_work	*work = job->work;
	struct remote_list	*list = job->list;
	struct remote_want	*w;
	struct remote_blob	*blob;

	if (list->anew || list->scope == NULL)
		return true;
	for (w = list->want; w < list->want + list->n; w++) {
		if (w->blob != NULL || (blob = remote_cache_get(remote->cache,
		    list->scope, w->address)) == NULL)
			continue;
		if (!fits(w, blob->type)) {
			remote_blob_unref(blob);
			continue;
		}
		w->blob = blob;
		/* An earlier turn had it: it is not refused now. */
		work->bytes += blob->bytes.len;
		if (!budget_more(job->memory, blob->bytes.len * COPIES))
			return false;
	}
	return true;
}

void
remote_start(struct remote *remote, struct remote_job *job)
{
	struct remote_work *w = xcalloc(1, sizeof(*w));

	w->remote = remote;
	w->job = job;
	w->deadline.expired = expired;
	w->done.expired = work_done;
	w->number = remote->works++;
	owner_add(owner_of(remote, job->memory->holder), w);
	job->work = w;
	if (!take_cached(remote, job)) {
		budget_refuse(job->memory, &w->err);
		w->failed = true;
	}
	if (w->failed || remote_complete(job->list)) {
		work_end_soon(w);
		return;
	}
	loop_timer_set(remote->loop, &w->deadline, REMOTE_TIMEOUT_MS);
	pump(remote);
}

void
remote_cancel(struct remote_job *job)
{
	struct remote *remote;

	if (job->work == NULL)
		return;
	remote = job->work->remote;
	work_free(job->work);
	pump(remote);
}

struct remote *
remote_create(struct loop *loop, struct budget *budget)
{
	struct remote *remote = xcalloc(1, sizeof(*remote));

	remote->loop = loop;
	remote->http = http_create(loop);
	remote->cache = remote_cache_create(budget);
	return remote;
}

void
remote_destroy(struct remote *remote)
{
	if (remote == NULL)
		return;
	while (remote->owners != NULL)
		work_free(remote->owners->works);
	remote_cache_destroy(remote->cache);
	http_destroy(remote->http);
	free(remote);
}
