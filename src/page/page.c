/* The page at "/": it is put together here. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/allowance.h"
#include "api/api.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/copilot.h"
#include "copilot/github.h"
#include "copilot/models.h"
#include "page/frame.h"
#include "page/html.h"
#include "page/page.h"
#include "page/parts.h"
#include "page/signin.h"
#include "page/spent.h"
#include "turn/answer.h"

/* Linked in, see assets.S. */
extern const char page_css[], page_css_end[], page_js[], page_js_end[];

/* The page but for GitHub's answer, which comes between the two. */
struct page {
	struct buf	before, after;
};

/* --- The form for a key. */

/* "wrong" says why the last one that was posted is not taken, or is NULL. */
static enum handled
print_form(struct exchange *x, int status, const char *wrong)
{
	struct buf *out = &x->reply.body;

	frame_begin(x, status, "text/html; charset=utf-8");
	reply_header(&x->reply, "Cache-Control", "no-store");
	frame_head(x, out);
	buf_puts(out, "<section><h2>Who is there?</h2><form method=\"post\" "
	    "action=\"\" id=\"enter\">");
	if (wrong != NULL)
		buf_printf(out, "<p role=\"alert\" id=\"wrong\">%s</p>", wrong);
	buf_puts(out, "<label>A client key of this server <input "
	    "type=\"password\" name=\"key\" autocomplete=\"off\" required "
	    "autofocus></label> <button>Show</button></form></section>");
	frame_foot(out);
	return HANDLED_REPLY;
}

/* --- The page. */

static void
print_status(const struct exchange *x, struct buf *out)
{
	buf_puts(out, "<section><h2>Status</h2><p class=\"");
	buf_puts(out, x->unready == NULL ? "good\">Ready." :
	    "bad\">Not ready: ");
	html_text(out, x->unready);
	buf_puts(out, "</p>");
}

static void
print_quota(struct buf *out, const char *body, size_t n)
{
	struct github_usage	usage = { 0 };
	struct err		err = { 0 };

	if (github_usage_read(200, body, n, &usage, &err))
		part_quota(&usage, out);
	else
		html_element(out, "p", err.msg);
	github_usage_finish(&usage);
}

static void
join(struct page *p, const struct buf *quota, struct buf *out)
{
	buf_append(out, buf_str(&p->before), p->before.len);
	buf_append(out, buf_str(quota), quota->len);
	buf_append(out, buf_str(&p->after), p->after.len);
}

static enum answer_said
page_whole(void *self, const char *body, size_t n, struct buf *out,
    struct err *err)
{
	struct buf quota = { 0 };

	(void)err;
	print_quota(&quota, body, n);
	join(self, &quota, out);
	buf_finish(&quota);
	return ANSWER_COMPLETE;
}

/* GitHub says nothing: the page says why. */
static void
page_instead(void *self, const struct err *err, struct buf *out)
{
	struct buf quota = { 0 };

	buf_puts(&quota, "<p class=\"bad\">Plan and quota are not known: ");
	html_text(&quota, err->msg);
	buf_puts(&quota, "</p>");
	join(self, &quota, out);
	buf_finish(&quota);
}

static void
page_destroy(void *self)
{
	struct page *p = self;

	buf_finish(&p->before);
	buf_finish(&p->after);
	free(p);
}

static const struct answer_ops page_answer = {
	.whole = page_whole, .instead = page_instead, .destroy = page_destroy
};

static enum handled
print_page(struct exchange *x)
{
	struct page *p = xcalloc(1, sizeof(*p));

	frame_begin(x, 200, "text/html; charset=utf-8");
	reply_header(&x->reply, "Cache-Control", "no-store");
	frame_head(x, &p->before);
	frame_again(x, &p->before);
	print_status(x, &p->before);
	buf_puts(&p->after, "</section>");
	signin_print(x, &p->after);
	spent_print(x, &p->after);
	part_errors(x, &p->after);
	part_models(x, &p->after);
	part_clients(x, &p->after);
	frame_foot(&p->after);
	x->call.method = "GET";
	x->call.path = GITHUB_PATH_USAGE;
	x->call.github = true;
	x->answer = &page_answer;
	x->self = p;
	return HANDLED_CALL;
}

/* Only a form posts here: a client has the wrong base URL. */
static enum handled
refuse_post(struct exchange *x)
{
	struct err err = { 0 };

	err_set(&err, 405, ERR_REQUEST, "method_not_supported", NULL,
	    "Not allowed to POST on %.300s. The allowed methods are: GET, "
	    "HEAD, OPTIONS.", x->req.uri);
	exchange_refuse(x, &err);
	reply_header(&x->reply, "Allow", "GET, HEAD, OPTIONS");
	return HANDLED_REPLY;
}

/* So far x has the account and the models of those without a key. */
static void
enter(struct exchange *x, const struct conf_key *client)
{
	const char *trouble;

	allowance_enter(x, client);
	models_unref(x->models);
	x->models = copilot_models(x->account->copilot);
	if ((trouble = copilot_trouble(x->account->copilot)) != NULL)
		x->unready = trouble;
}

/* The page, or what a button on it asks for. */
static enum handled
show(struct exchange *x)
{
	char		*what = frame_posted(x, "signin");
	enum handled	 handled;

	handled = what != NULL ? signin_posted(x, what) : print_page(x);
	free(what);
	return handled;
}

enum handled
page_root(struct exchange *x)
{
	const struct conf_key	*client = NULL;
	char			*key;
	bool			 post = strcmp(x->req.method, "POST") == 0;

	if (!x->req.html)
		return post ? refuse_post(x) : api_root(x);
	if (x->conf->nkeys == 0 && !x->conf->closed)
		return print_page(x);
	if (!post)
		return print_form(x, 200, NULL);
	if (!frame_is_ours(&x->req))
		return print_form(x, 403, "Another web site has sent you here "
		    "with a key. It is not taken: enter your own.");
	if (x->client == NULL) {
		key = frame_posted(x, "key");
		client = conf_key_find(x->conf, key);
		free(key);
		if (client == NULL)
			return print_form(x, 401,
			    "This server has no such key.");
		enter(x, client);
	}
	return show(x);
}

static enum handled
print_asset(struct exchange *x, const char *type, const char *from,
    const char *to)
{
	frame_begin(x, 200, type);
	reply_header(&x->reply, "Cache-Control", "no-cache");
	buf_append(&x->reply.body, from, (size_t)(to - from));
	return HANDLED_REPLY;
}

enum handled
page_style(struct exchange *x)
{
	return print_asset(x, "text/css; charset=utf-8", page_css,
	    page_css_end);
}

enum handled
page_script(struct exchange *x)
{
	return print_asset(x, "text/javascript; charset=utf-8", page_js,
	    page_js_end);
}
