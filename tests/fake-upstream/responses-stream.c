/*
 * The events of a response: sorted members, rising sequence numbers, a new id
 * in every one of them, random padding in "obfuscation", and no [DONE].
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "jt.h"
#include "responses.h"

static struct buf *
begin(struct resp *r, const char *type)
{
	struct buf *out = &r->c->ans->text;

	buf_printf(out, "event: %s\ndata: {", type);
	return out;
}

/* sequence_number and type sort behind nearly everything. */
static void
end(struct resp *r, const char *type, const char *more)
{
	struct buf *out = &r->c->ans->text;

	jt(out, "'sequence_number':%d,%r'type':%s}", r->seq++, more, type);
	buf_puts(out, "\n\n");
	answer_mark(r->c->ans);
}

void
responses_copilot_members(struct resp *r, struct buf *out)
{
	jt(out, "'copilot_quota_snapshots':{'premium_interactions':"
	    "{'entitlement':'4000','overage_count':0,'overage_permitted':true,"
	    "'percent_remaining':95.7,'reset_date':'2026-07-01T00:00:00Z'}},");
	bill_usage(&r->bill, out);
}

/* Recorded beside the response; GitHub's own proxy looks inside, too. */
static void
terminal_event(struct resp *r, const char *type, const char *status)
{
	bool		 inside = setting_bool(r->c->f, "usage_inside");
	struct buf	*out = begin(r, type);

	if (!inside) {
		responses_copilot_members(r, out);
		buf_putc(out, ',');
	}
	buf_puts(out, "\"response\":");
	item_response(r, status, true, out);
	if (inside) {
		out->p[out->len - 1] = ',';	/* the brace */
		responses_copilot_members(r, out);
		buf_putc(out, '}');
	}
	buf_putc(out, ',');
	end(r, type, "");
}

static void
response_event(struct resp *r, const char *type, const char *status)
{
	struct buf *out = begin(r, type);

	buf_puts(out, "\"response\":");
	item_response(r, status, false, out);
	buf_putc(out, ',');
	end(r, type, "");
}

/* output_item.added or .done around an item's text. */
static void
item_event(struct resp *r, int index, bool done, const struct buf *item)
{
	const char	*type = done ? "response.output_item.done" :
			    "response.output_item.added";
	struct buf	*out = begin(r, type);

	jt(out, "'item':%r,'output_index':%d,", buf_str(item), index);
	end(r, type, "");
}

/* What every delta begins with, up to its obfuscation. */
static void
padding(struct buf *out)
{
	char	*pad = random_id("", 12);

	pad[4 + (unsigned char)pad[0] % 8] = '\0';
	jt(out, "'obfuscation':%s,", pad);
	free(pad);
}

/* --- Reasoning. */

static void
summary_event(struct resp *r, const char *type, const char *key,
    const char *value)
{
	char		 id[ITEM_ID_SIZE];
	struct buf	*out = begin(r, type);
	bool		 early = strcmp(key, "delta") == 0;
	struct buf	 late = { 0 };

	if (early)
		jt(out, "%s:%r,", key, value);
	jt(out, "'item_id':%s,", item_id(id));
	if (early)
		padding(out);
	jt(out, "'output_index':%d,", r->index);
	if (strcmp(key, "part") == 0)
		jt(out, "%s:%r,", key, value);
	jt(&late, "'summary_index':0,");
	if (strcmp(key, "text") == 0)
		jt(&late, "%s:%r,", key, value);
	end(r, type, late.p);
	buf_finish(&late);
}

/* Newer models stream the summary; others give it whole, in the item. */
static void
stream_summary(struct resp *r)
{
	static const char text[] = "\"**Thinking**\\n\\nIt is easy.\"";
	char		*part;

	summary_event(r, "response.reasoning_summary_part.added", "part",
	    "{\"text\":\"\",\"type\":\"summary_text\"}");
	summary_event(r, "response.reasoning_summary_text.delta", "delta",
	    "\"**Thinking**\\n\\n\"");
	summary_event(r, "response.reasoning_summary_text.delta", "delta",
	    "\"It is easy.\"");
	summary_event(r, "response.reasoning_summary_text.done", "text", text);
	part = xasprintf("{\"text\":%s,\"type\":\"summary_text\"}", text);
	summary_event(r, "response.reasoning_summary_part.done", "part", part);
	free(part);
}

static void
stream_reasoning(struct resp *r)
{
	struct buf item = { 0 };

	item_reasoning(r, false, &item);
	item_event(r, r->index, false, &item);
	if (js_bool(r->c->scn, "stream_summary", false))
		stream_summary(r);
	buf_truncate(&item, 0);
	item_reasoning(r, true, &item);
	item_event(r, r->index++, true, &item);
	buf_finish(&item);
}

/* --- Web search. */

static void
search_event(struct resp *r, const char *type)
{
	char		 id[ITEM_ID_SIZE];
	struct buf	*out = begin(r, type);

	jt(out, "'item_id':%s,'output_index':%d,", item_id(id), r->index);
	end(r, type, "");
}

static void
stream_search(struct resp *r)
{
	struct buf item = { 0 };

	item_search(r, "in_progress", &item);
	item_event(r, r->index, false, &item);
	search_event(r, "response.web_search_call.in_progress");
	search_event(r, "response.web_search_call.searching");
	search_event(r, "response.web_search_call.completed");
	buf_truncate(&item, 0);
	item_search(r, "completed", &item);
	item_event(r, r->index++, true, &item);
	buf_finish(&item);
}

/* --- The message. */

static void
part_event(struct resp *r, const char *type, const char *text, bool refusal)
{
	char		 id[ITEM_ID_SIZE];
	struct buf	*out = begin(r, type);

	jt(out, "'content_index':0,'item_id':%s,'output_index':%d,",
	    item_id(id), r->index);
	if (refusal)
		jt(out, "'part':{'refusal':%s,'type':'refusal'},", text);
	else
		jt(out, "'part':{'annotations':[],'logprobs':[],'text':%s,"
		    "'type':'output_text'},", text);
	end(r, type, "");
}

static void
text_delta(struct resp *r, const char *s, size_t n, bool refusal)
{
	const char	*type = refusal ? "response.refusal.delta" :
			    "response.output_text.delta";
	char		 id[ITEM_ID_SIZE];
	struct buf	*out = begin(r, type);

	buf_puts(out, "\"content_index\":0,\"delta\":");
	jt_string(out, s, n);
	jt(out, ",'item_id':%s,", item_id(id));
	if (!refusal)
		jt(out, "'logprobs':[],");
	padding(out);
	jt(out, "'output_index':%d,", r->index);
	end(r, type, "");
}

static void
text_done(struct resp *r, const char *text, bool refusal)
{
	const char	*type = refusal ? "response.refusal.done" :
			    "response.output_text.done";
	char		 id[ITEM_ID_SIZE];
	struct buf	*out = begin(r, type), late = { 0 };

	jt(out, "'content_index':0,'item_id':%s,", item_id(id));
	if (!refusal)
		jt(out, "'logprobs':[],");
	jt(out, "'output_index':%d,", r->index);
	if (refusal)
		jt(out, "'refusal':%s,", text);
	else
		jt(&late, "'text':%s,", text);
	end(r, type, buf_str(&late));
	buf_finish(&late);
}

static void
stream_message(struct resp *r)
{
	bool		 refusal = js_bool(r->c->scn, "refusal", false);
	const char	*s = r->plan.text.p;
	size_t		 n = r->plan.text.len, at, len;
	struct buf	 item = { 0 };

	item_message(r, false, &item);
	item_event(r, r->index, false, &item);
	part_event(r, "response.content_part.added", "", refusal);
	for (at = 0; at < n; at += len) {
		len = plan_word(s, n, at);
		text_delta(r, s + at, len, refusal);
	}
	text_done(r, s, refusal);
	part_event(r, "response.content_part.done", s, refusal);
	buf_truncate(&item, 0);
	item_message(r, true, &item);
	item_event(r, r->index++, true, &item);
	buf_finish(&item);
}

/* --- Calls: all are added before the first delta. */

static void
call_delta(struct resp *r, const struct plan_call *p, const char *s, size_t n)
{
	const char	*type = p->custom ?
			    "response.custom_tool_call_input.delta" :
			    "response.function_call_arguments.delta";
	char		 id[ITEM_ID_SIZE];
	struct buf	*out = begin(r, type);

	buf_puts(out, "\"delta\":");
	jt_string(out, s, n);
	jt(out, ",'item_id':%s,", item_id(id));
	padding(out);
	jt(out, "'output_index':%d,", r->index);
	end(r, type, "");
}

static void
call_done(struct resp *r, const struct plan_call *p)
{
	const char	*type = p->custom ?
			    "response.custom_tool_call_input.done" :
			    "response.function_call_arguments.done";
	char		 id[ITEM_ID_SIZE];
	struct buf	*out = begin(r, type);

	if (p->custom)
		jt(out, "'input':%s,'item_id':%s,", p->args, item_id(id));
	else
		jt(out, "'arguments':%s,'item_id':%s,'name':%s,", p->args,
		    item_id(id), p->name);
	jt(out, "'output_index':%d,", r->index);
	end(r, type, "");
}

static void
stream_call(struct resp *r, const struct plan_call *p)
{
	size_t		n = strlen(p->args), at, len;
	struct buf	item = { 0 };

	for (at = 0; at < n; at += len) {
		len = plan_piece(p->args, n, at);
		call_delta(r, p, p->args + at, len);
	}
	call_done(r, p);
	item_call(r, p, true, &item);
	item_event(r, r->index++, true, &item);
	buf_finish(&item);
}

static void
stream_calls(struct resp *r)
{
	const struct plan	*p = &r->plan;
	struct buf		 item = { 0 };
	size_t			 i;

	for (i = 0; i < p->ncalls; i++) {
		buf_truncate(&item, 0);
		item_call(r, &p->calls[i], false, &item);
		item_event(r, r->index + (int)i, false, &item);
	}
	for (i = 0; i < p->ncalls; i++)
		stream_call(r, &p->calls[i]);
	buf_finish(&item);
}

/* --- The end. */

static void
error_event(struct resp *r)
{
	const char *code = js_str(r->c->scn, "code");
	const char *msg = js_str(r->c->scn, "message");

	jt(begin(r, "error"), "'code':%s,'message':%s,'param':null,",
	    code != NULL ? code : "rate_limited",
	    msg != NULL ? msg : "Sorry, you have been rate-limited.");
	end(r, "error", "");
}

/* Most streams that end without a terminal event do so inside an item. */
static void
drop_last_events(struct resp *r)
{
	struct answer	*a = r->c->ans;
	size_t		 drop = a->n > 6 ? 3 : 0;

	a->n -= drop;
	if (a->n > 0)
		buf_truncate(&a->text, a->ends[a->n - 1]);
}

static void
terminal(struct resp *r)
{
	switch (r->ending) {
	case END_COMPLETED:
		terminal_event(r, "response.completed", "completed");
		break;
	case END_MAX_TOKENS:
	case END_CONTENT_FILTER:
		terminal_event(r, "response.incomplete", "incomplete");
		break;
	case END_FAILED:
		response_event(r, "response.failed", "failed");
		break;
	case END_ERROR_EVENT:
		drop_last_events(r);
		error_event(r);
		break;
	case END_EOF:
		drop_last_events(r);
		break;
	}
}

void
responses_stream(struct resp *r)
{
	answer_stream(r->c->ans);
	response_event(r, "response.created", "in_progress");
	response_event(r, "response.in_progress", "in_progress");
	stream_reasoning(r);
	if (r->plan.search)
		stream_search(r);
	if (r->plan.text.len > 0)
		stream_message(r);
	stream_calls(r);
	terminal(r);
}
