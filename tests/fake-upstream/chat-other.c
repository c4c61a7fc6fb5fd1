/*
 * Claude and Gemini behind /chat/completions. Style (c), Claude: no "object",
 * the role on every delta, and index 0 for each tool call: only a new id tells
 * them apart. Style (d), Gemini: usage in every chunk, whole calls in one
 * delta, the finish_reason beside the last of them.
 */
#include "config.h"

#include <string.h>

#include "chat.h"
#include "jt.h"

/* --- Style (c). */

static void
usage_claude(struct chat *ch, struct buf *out)
{
	const struct plan *p = &ch->plan;

	jt(out, "'usage':{'completion_tokens':%l,'prompt_tokens':%l,"
	    "'prompt_tokens_details':{'cached_tokens':%l},'total_tokens':%l}",
	    p->out_tokens, ch->bill.all, ch->bill.read,
	    ch->bill.all + p->out_tokens);
	chat_copilot_usage(ch, true, out);
}

/* A chunk; "finish" (JSON text with a comma, or "") goes before the delta. */
static void
chunk_c(struct chat *ch, const char *finish, const char *delta)
{
	struct answer	*a = ch->c->ans;

	answer_data(a);
	jt(&a->text, "{'choices':[{%r'index':0,'content_filter_offsets':"
	    "{'check_offset':0,'start_offset':0,'end_offset':0},"
	    "'content_filter_results':{'hate':{'filtered':false,'severity':"
	    "'0'}},'delta':%r}],'created':%l,'id':%s,", finish, delta,
	    ch->created, ch->id);
	if (*finish != '\0' && ch->usage) {
		usage_claude(ch, &a->text);
		buf_putc(&a->text, ',');
	}
	jt(&a->text, "'model':%s}", ch->model);
	answer_data_end(a);
}

static void
piece_c(struct chat *ch, const char *s, size_t n)
{
	struct buf d = { 0 };

	jt(&d, "{'content':null,'role':'assistant','tool_calls':"
	    "[{'function':{'arguments':");
	jt_string(&d, s, n);
	jt(&d, "},'index':0,'type':'function'}]}");
	chunk_c(ch, "", d.p);
	buf_finish(&d);
}

/* The name, then an empty piece of arguments, then the real ones. */
static void
call_c(struct chat *ch, const struct plan_call *pc)
{
	struct buf	 d = { 0 };
	size_t		 n = strlen(pc->args), at, len;

	jt(&d, "{'content':null,'role':'assistant','tool_calls':[{'function':"
	    "{'name':%s},'id':%s,'index':0,'type':'function'}]}", pc->name,
	    pc->id);
	chunk_c(ch, "", d.p);
	piece_c(ch, "", 0);
	for (at = 0; at < n; at += len) {
		len = plan_piece(pc->args, n, at);
		piece_c(ch, pc->args + at, len);
	}
	buf_finish(&d);
}

void
chat_stream_claude(struct chat *ch)
{
	struct buf	 d = { 0 };
	const char	*s = buf_str(&ch->plan.text);
	size_t		 n = ch->plan.text.len, at, len, i;

	for (at = 0; at < n; at += len) {
		len = plan_word(s, n, at);
		buf_truncate(&d, 0);
		buf_puts(&d, "{\"content\":");
		jt_string(&d, s + at, len);
		jt(&d, ",'role':'assistant'}");
		chunk_c(ch, "", d.p);
	}
	for (i = 0; i < ch->plan.ncalls; i++)
		call_c(ch, &ch->plan.calls[i]);
	buf_truncate(&d, 0);
	if (ch->finish != NULL) {
		jt(&d, "'finish_reason':%s,", ch->finish);
		chunk_c(ch, d.p, "{\"content\":null}");
	}
	buf_finish(&d);
}

/*
 * Neither object nor index; text and calls in choices of their own, one for
 * each.
 */
void
chat_whole_claude(struct chat *ch)
{
	const struct plan	*p = &ch->plan;
	struct buf		*out = &ch->c->ans->text;
	size_t			 i;

	jt(out, "{'choices':[");
	if (p->text.len > 0 || p->ncalls == 0)
		jt(out, "{'finish_reason':%s,'message':{'content':%s,'role':"
		    "'assistant'}}", ch->finish, buf_str(&p->text));
	for (i = 0; i < p->ncalls; i++)
		jt(out, "%r{'finish_reason':%s,'message':{'role':'assistant',"
		    "'tool_calls':[{'function':{'arguments':%s,'name':%s},"
		    "'id':%s,'type':'function'}]}}",
		    i > 0 || p->text.len > 0 ? "," : "", ch->finish,
		    p->calls[i].args, p->calls[i].name, p->calls[i].id);
	jt(out, "],'created':%l,'id':%s,", ch->created, ch->id);
	usage_claude(ch, out);
	jt(out, ",'model':%s}", ch->model);
}

/* --- Style (d). */

/* reasoning_tokens is beside completion_tokens, and both are in the total. */
static void
usage_gemini(struct chat *ch, bool real, struct buf *out)
{
	const struct plan	*p = &ch->plan;
	int64_t			 in = real ? ch->bill.all : 0;
	int64_t			 tokens = real ? p->out_tokens : 0;
	int64_t			 thought = real ? CHAT_THOUGHT_TOKENS : 0;

	jt(out, "'usage':{'completion_tokens':%l,'prompt_tokens':%l,"
	    "'prompt_tokens_details':{'cached_tokens':%l},'total_tokens':%l,"
	    "'reasoning_tokens':%l}", tokens, in, real ? ch->bill.read : 0,
	    in + tokens + thought, thought);
	if (real)
		chat_copilot_usage(ch, false, out);
	buf_putc(out, ',');
}

static void
chunk_d(struct chat *ch, const char *finish, const char *delta, bool last)
{
	struct answer *a = ch->c->ans;

	answer_data(a);
	jt(&a->text, "{'choices':[{");
	if (finish != NULL)
		jt(&a->text, "'finish_reason':%s,", finish);
	jt(&a->text, "'index':0,'delta':%r}],'created':%l,'id':%s,", delta,
	    ch->created, ch->id);
	if (ch->usage)
		usage_gemini(ch, last, &a->text);
	jt(&a->text, "'model':%s}", ch->model);
	answer_data_end(a);
}

static void
calls_d(struct chat *ch, struct buf *d)
{
	const struct plan	*p = &ch->plan;
	bool			 last;
	size_t			 i;

	for (i = 0; i < p->ncalls; i++) {
		last = i == p->ncalls - 1;
		buf_truncate(d, 0);
		jt(d, "{'content':null,'role':'assistant',");
		if (last && ch->opaque != NULL)
			jt(d, "'reasoning_opaque':%s,", ch->opaque);
		jt(d, "'tool_calls':[{'function':{'arguments':%s,'name':%s},"
		    "'id':%s,'index':%d,'type':'function'}]}",
		    p->calls[i].args, p->calls[i].name, p->calls[i].id,
		    (int)i);
		chunk_d(ch, last ? ch->finish : NULL, d->p, last);
	}
}

static void
finish_d(struct chat *ch, struct buf *d)
{
	buf_truncate(d, 0);
	jt(d, "{'content':'','role':'assistant'");
	if (ch->opaque != NULL)
		jt(d, ",'reasoning_opaque':%s", ch->opaque);
	buf_putc(d, '}');
	chunk_d(ch, ch->finish, d->p, true);
}

void
chat_stream_gemini(struct chat *ch)
{
	struct buf	 d = { 0 };
	const char	*s = buf_str(&ch->plan.text);
	size_t		 n = ch->plan.text.len, at, len;

	chunk_d(ch, NULL, "{\"content\":null,\"role\":\"assistant\","
	    "\"reasoning_text\":\"**Considering**\\n\\nA whole paragraph of "
	    "thought.\\n\\n\"}", false);
	for (at = 0; at < n; at += len) {
		len = plan_word(s, n, at);
		buf_truncate(&d, 0);
		buf_puts(&d, "{\"content\":");
		jt_string(&d, s + at, len);
		jt(&d, ",'role':'assistant'}");
		chunk_d(ch, NULL, d.p, false);
	}
	calls_d(ch, &d);
	if (ch->plan.ncalls == 0)
		finish_d(ch, &d);
	buf_finish(&d);
}

void
chat_whole_gemini(struct chat *ch)
{
	const struct plan	*p = &ch->plan;
	struct buf		*out = &ch->c->ans->text;
	size_t			 i;

	jt(out, "{'choices':[{");
	if (ch->finish != NULL)
		jt(out, "'finish_reason':%s,", ch->finish);
	jt(out, "'index':0,'message':{'content':%s,",
	    p->text.len > 0 ? p->text.p : NULL);
	if (ch->opaque != NULL)
		jt(out, "'reasoning_opaque':%s,", ch->opaque);
	jt(out, "'reasoning_text':'A whole paragraph of thought.',"
	    "'role':'assistant'");
	for (i = 0; i < p->ncalls; i++)
		jt(out, "%r{'function':{'arguments':%s,'name':%s},'id':%s,"
		    "'type':'function'}", i == 0 ? ",\"tool_calls\":[" : ",",
		    p->calls[i].args, p->calls[i].name, p->calls[i].id);
	jt(out, "%r}}],'created':%l,'id':%s,", p->ncalls > 0 ? "]" : "",
	    ch->created, ch->id);
	usage_gemini(ch, true, out);
	jt(out, "'model':%s}", ch->model);
}
