/*
 * The GPT models on Azure. Style (a), GPT-4 of old: filter results everywhere,
 * a first chunk without choices, no "object". Style (b): OpenAI's own form,
 * with "usage":null until the last chunk.
 */
#include "config.h"

#include <string.h>

#include "chat.h"
#include "jt.h"

#define SAFE "{'hate':{'filtered':false,'severity':'safe'}," \
    "'self_harm':{'filtered':false,'severity':'safe'}," \
    "'sexual':{'filtered':false,'severity':'safe'}," \
    "'violence':{'filtered':false,'severity':'safe'}"

#define FINGERPRINT "fp_0a1b2c3d4e"

static void
usage(struct chat *ch, struct buf *out)
{
	const struct plan	*p = &ch->plan;
	int64_t			 tokens = p->out_tokens * ch->n;

	jt(out, "{'completion_tokens':%l,'completion_tokens_details':"
	    "{'accepted_prediction_tokens':0,'audio_tokens':0,"
	    "'reasoning_tokens':0,'rejected_prediction_tokens':0},"
	    "'prompt_tokens':%l,'prompt_tokens_details':{'audio_tokens':0,"
	    "'cached_tokens':%l},'total_tokens':%l}", tokens, ch->bill.all,
	    ch->bill.read, ch->bill.all + tokens);
}

/* --- Style (a). */

static void
begin_a(struct chat *ch, int index, const char *filter)
{
	struct answer *a = ch->c->ans;

	answer_data(a);
	jt(&a->text, "{'choices':[{'index':%d,", index);
	if (filter != NULL)
		jt(&a->text, "'content_filter_offsets':{'check_offset':4522,"
		    "'start_offset':4522,'end_offset':4688},"
		    "'content_filter_results':" SAFE "},");
}

/* "model" is missing from every other chunk. */
static void
end_a(struct chat *ch, const char *more)
{
	struct answer *a = ch->c->ans;

	jt(&a->text, "}],'created':%l,'id':%s%r", ch->created, ch->id, more);
	if (a->n % 2 == 0)
		jt(&a->text, ",'model':%s", ch->model);
	buf_puts(&a->text, "}");
	answer_data_end(a);
}

static void
preamble_a(struct chat *ch)
{
	struct answer *a = ch->c->ans;

	answer_data(a);
	jt(&a->text, "{'choices':[],'created':0,'id':'',"
	    "'prompt_filter_results':[{'prompt_index':0,"
	    "'content_filter_results':" SAFE ",'error':{'code':'',"
	    "'message':''}}}]}");
	answer_data_end(a);
	answer_data(a);
	jt(&a->text, "{'choices':null,'copilot_references':[],'created':0,"
	    "'id':''}");
	answer_data_end(a);
}

static void
text_a(struct chat *ch, int index)
{
	struct buf	*out = &ch->c->ans->text;
	const char	*s = buf_str(&ch->plan.text);
	size_t		 n = ch->plan.text.len, at, len;

	for (at = 0; at < n; at += len) {
		len = plan_word(s, n, at);
		begin_a(ch, index, "safe");
		buf_puts(out, "\"delta\":{\"content\":");
		jt_string(out, s + at, len);
		/* Once, the annotations come under both of their names. */
		if (at == 0)
			jt(out, ",'copilot_annotations':{'CodeVulnerability':"
			    "[]},'annotations':{'CodeVulnerability':[]},"
			    "'role':'assistant'}");
		else
			jt(out, ",'role':null}");
		end_a(ch, "");
	}
}

static void
call_a(struct chat *ch, int index, int i)
{
	const struct plan_call	*pc = &ch->plan.calls[i];
	struct buf		*out = &ch->c->ans->text;
	size_t			 n = strlen(pc->args), at, len;

	begin_a(ch, index, NULL);
	jt(out, "'delta':{'content':null,'role':%s,'tool_calls':[{'function':"
	    "{'arguments':'','name':%s},'id':%s,'index':%d,'type':"
	    "'function'}]}", i == 0 ? "assistant" : NULL, pc->name, pc->id, i);
	end_a(ch, "");
	for (at = 0; at < n; at += len) {
		len = plan_piece(pc->args, n, at);
		begin_a(ch, index, NULL);
		jt(out, "'delta':{'content':null,'role':null,'tool_calls':"
		    "[{'function':{'arguments':");
		jt_string(out, pc->args + at, len);
		jt(out, "},'index':%d}]}", i);
		end_a(ch, "");
	}
}

void
chat_stream_gpt4(struct chat *ch)
{
	struct buf	 u = { 0 };
	int		 index;
	size_t		 i;

	preamble_a(ch);
	for (index = 0; index < ch->n; index++) {
		text_a(ch, index);
		for (i = 0; i < ch->plan.ncalls; i++)
			call_a(ch, index, (int)i);
		begin_a(ch, index, NULL);
		if (ch->finish != NULL)
			jt(&ch->c->ans->text, "'finish_reason':%s,",
			    ch->finish);
		jt(&ch->c->ans->text, "'delta':{'content':null,'role':null}");
		/* In the recordings of that time usage sits here. */
		if (ch->usage && index == ch->n - 1) {
			buf_puts(&u, ",\"usage\":");
			usage(ch, &u);
			chat_copilot_usage(ch, false, &u);
		}
		end_a(ch, buf_str(&u));
	}
	buf_finish(&u);
}

/* --- Style (b). */

static void
begin_b(struct chat *ch)
{
	struct answer *a = ch->c->ans;

	answer_data(a);
	jt(&a->text, "{'choices':[");
}

static void
end_b(struct chat *ch)
{
	struct answer *a = ch->c->ans;

	jt(&a->text, "],'created':%l,'id':%s,'model':%s,"
	    "'object':'chat.completion.chunk',"
	    "'system_fingerprint':'" FINGERPRINT "','usage':", ch->created,
	    ch->id, ch->model);
}

/* One chunk with that delta (JSON text). */
static void
chunk_b(struct chat *ch, int index, const char *delta, const char *finish)
{
	struct answer *a = ch->c->ans;

	begin_b(ch);
	jt(&a->text, "{'delta':%r,'finish_reason':%s,'index':%d,"
	    "'logprobs':null}", delta, finish, index);
	end_b(ch);
	buf_puts(&a->text, "null}");
	answer_data_end(a);
}

static void
text_b(struct chat *ch, int index)
{
	struct buf	 d = { 0 };
	const char	*s = buf_str(&ch->plan.text);
	size_t		 n = ch->plan.text.len, at, len;

	jt(&d, "{'content':%r,'refusal':null,'role':'assistant'}",
	    n > 0 ? "\"\"" : "null");
	if (ch->plan.ncalls == 0)
		chunk_b(ch, index, d.p, NULL);
	for (at = 0; at < n; at += len) {
		len = plan_word(s, n, at);
		buf_truncate(&d, 0);
		buf_puts(&d, "{\"content\":");
		jt_string(&d, s + at, len);
		buf_putc(&d, '}');
		chunk_b(ch, index, d.p, NULL);
	}
	buf_finish(&d);
}

static void
call_b(struct chat *ch, int index, int i)
{
	const struct plan_call	*pc = &ch->plan.calls[i];
	struct buf		 d = { 0 };
	size_t			 n = strlen(pc->args), at, len;

	buf_putc(&d, '{');
	if (i == 0)
		jt(&d, "'content':null,'role':'assistant',");
	jt(&d, "'tool_calls':[{'function':{'arguments':'','name':%s},'id':%s,"
	    "'index':%d,'type':'function'}]}", pc->name, pc->id, i);
	chunk_b(ch, index, d.p, NULL);
	for (at = 0; at < n; at += len) {
		len = plan_piece(pc->args, n, at);
		buf_truncate(&d, 0);
		jt(&d, "{'tool_calls':[{'function':{'arguments':");
		jt_string(&d, pc->args + at, len);
		jt(&d, "},'index':%d}]}", i);
		chunk_b(ch, index, d.p, NULL);
	}
	buf_finish(&d);
}

void
chat_stream_gpt(struct chat *ch)
{
	struct buf	*out = &ch->c->ans->text;
	bool		 thinks = ch->m->flags & MODEL_MAX_COMPLETION;
	int		 index;
	size_t		 i;

	for (index = 0; index < ch->n; index++) {
		text_b(ch, index);
		for (i = 0; i < ch->plan.ncalls; i++)
			call_b(ch, index, (int)i);
		chunk_b(ch, index, "{}", ch->finish);
		/* Azure's cot_id may come behind the finish_reason. */
		if (thinks)
			chunk_b(ch, index, "{\"cot_id\":\"cot_fake\","
			    "\"cot_summary\":\"Thought about it.\"}", NULL);
	}
	if (!ch->usage)
		return;
	begin_b(ch);
	end_b(ch);
	usage(ch, out);
	chat_copilot_usage(ch, thinks, out);
	buf_putc(out, '}');
	answer_data_end(ch->c->ans);
}

/* --- Not streamed. */

static void
whole_choice(struct chat *ch, int index)
{
	const struct plan	*p = &ch->plan;
	struct buf		*out = &ch->c->ans->text;
	size_t			 i;

	jt(out, "%r{'finish_reason':%s,'index':%d,'logprobs':null,",
	    index > 0 ? "," : "", ch->finish, index);
	if (ch->m->family == FAMILY_GPT4)
		jt(out, "'content_filter_results':" SAFE "},");
	jt(out, "'message':{'annotations':[],'content':%s,'refusal':null,"
	    "'role':'assistant'", p->text.len > 0 ? p->text.p : NULL);
	for (i = 0; i < p->ncalls; i++)
		jt(out, "%r{'function':{'arguments':%s,'name':%s},'id':%s,"
		    "'type':'function'}", i == 0 ? ",\"tool_calls\":[" : ",",
		    p->calls[i].args, p->calls[i].name, p->calls[i].id);
	buf_puts(out, p->ncalls > 0 ? "]}}" : "}}");
}

void
chat_whole_gpt(struct chat *ch)
{
	struct buf	*out = &ch->c->ans->text;
	int		 index;

	jt(out, "{'choices':[");
	for (index = 0; index < ch->n; index++)
		whole_choice(ch, index);
	jt(out, "],'created':%l,'id':%s,'model':%s,'object':"
	    "'chat.completion',", ch->created, ch->id, ch->model);
	if (ch->m->family == FAMILY_GPT4)
		jt(out, "'prompt_filter_results':[{'prompt_index':0,"
		    "'content_filter_results':" SAFE "}}],");
	jt(out, "'system_fingerprint':'" FINGERPRINT "','usage':");
	usage(ch, out);
	chat_copilot_usage(ch, true, out);
	buf_putc(out, '}');
}
