/* The items of a response, and the response itself, members sorted. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "jt.h"
#include "responses.h"

const char *
item_id(char id[static ITEM_ID_SIZE])
{
	random_base64(id, ITEM_ID_SIZE - 1);
	return id;
}

bool
item_is_cut(const struct resp *r)
{
	return r->ending == END_MAX_TOKENS || r->ending == END_CONTENT_FILTER;
}

/* Only the id that went out beside the sealed thoughts may come back. */
void
item_reasoning(struct resp *r, bool done, struct buf *out)
{
	char id[ITEM_ID_SIZE];

	item_id(id);
	if (done && r->sealed != NULL)
		issued_add(&r->c->f->issued, r->sealed, id);
	jt(out, "{'content':[],'encrypted_content':%s,'id':%s,'summary':[%r],"
	    "'type':'reasoning'}", done ? r->sealed : "", id,
	    done && r->summary ? "{\"text\":\"**Thinking**\\n\\nIt is easy.\","
	    "\"type\":\"summary_text\"}" : "");
}

void
item_search(struct resp *r, const char *status, struct buf *out)
{
	char id[ITEM_ID_SIZE];

	(void)r;
	jt(out, "{'action':{'queries':['fake upstream'],'query':"
	    "'fake upstream','type':'search'},'id':%s,'status':%s,'type':"
	    "'web_search_call'}", item_id(id), status);
}

/* Not streamed, phase and logprobs are null. */
void
item_message(struct resp *r, bool done, struct buf *out)
{
	char id[ITEM_ID_SIZE];

	jt(out, "{'content':[");
	if (done && js_bool(r->c->scn, "refusal", false))
		jt(out, "{'refusal':%s,'type':'refusal'}",
		    buf_str(&r->plan.text));
	else if (done)
		jt(out, "{'annotations':[],'logprobs':%r,'text':%s,'type':"
		    "'output_text'}", r->whole ? "null" : "[]",
		    buf_str(&r->plan.text));
	jt(out, "],'id':%s,'phase':%s,'role':'assistant','status':%s,'type':"
	    "'message'}", item_id(id),
	    r->whole ? NULL :
	    r->plan.ncalls > 0 ? "commentary" : "final_answer",
	    !done ? "in_progress" : item_is_cut(r) ? "incomplete" :
	    "completed");
}

void
item_call(struct resp *r, const struct plan_call *p, bool done,
    struct buf *out)
{
	char		 id[ITEM_ID_SIZE];
	const char	*args = done ? p->args : "";
	const char	*status = !done ? "in_progress" :
			    item_is_cut(r) ? "incomplete" : "completed";

	item_id(id);
	if (p->custom) {
		jt(out, "{'call_id':%s,'id':%s,'input':%s,'name':%s,"
		    "'status':%s,'type':'custom_tool_call'}", p->id, id, args,
		    p->name, status);
		return;
	}
	jt(out, "{'arguments':%s,'call_id':%s,'id':%s,'name':%s", args, p->id,
	    id, p->name);
	if (p->space != NULL)
		jt(out, ",'namespace':%s", p->space);
	jt(out, ",'status':%s,'type':'function_call'}", status);
}

static void
put_items(struct resp *r, struct buf *out)
{
	size_t i;

	item_reasoning(r, true, out);
	if (r->plan.search) {
		buf_putc(out, ',');
		item_search(r, "completed", out);
	}
	if (r->plan.text.len > 0) {
		buf_putc(out, ',');
		item_message(r, true, out);
	}
	for (i = 0; i < r->plan.ncalls; i++) {
		buf_putc(out, ',');
		item_call(r, &r->plan.calls[i], true, out);
	}
}

/* A member of the request as it came, or the default (JSON text). */
static void
echo(struct resp *r, const char *name, const char *dflt, struct buf *out)
{
	json_object *v = js_get(r->c->body, name);

	jt(out, "%s:", name);
	if (v != NULL)
		jt_sorted(out, v);
	else
		buf_puts(out, dflt);
	buf_putc(out, ',');
}

/* Some models leave the details out, or null. */
static void
put_details(struct resp *r, struct buf *out)
{
	if (r->m->flags & MODEL_CHAT) {
		jt(out, "'input_tokens_details':{'cached_tokens':null},");
		return;
	}
	jt(out, "'input_tokens_details':{");
	if (setting_new(r->c->f))
		jt(out, "'cache_write_tokens':%l,", r->bill.write);
	jt(out, "'cached_tokens':%l},", r->bill.read);
}

static void
put_usage(struct resp *r, struct buf *out)
{
	int64_t tokens = r->plan.out_tokens + RESPONSES_THOUGHT_TOKENS;

	jt(out, "'usage':{'input_tokens':%l,", r->bill.all);
	put_details(r, out);
	jt(out, "'output_tokens':%l,'output_tokens_details':", tokens);
	if (r->m->flags & MODEL_CHAT)
		buf_puts(out, "null");
	else
		jt(out, "{'reasoning_tokens':%d}", RESPONSES_THOUGHT_TOKENS);
	jt(out, ",'total_tokens':%l},", r->bill.all + tokens);
}

static void
put_error(const char *status, struct buf *out)
{
	if (strcmp(status, "failed") == 0)
		jt(out, "'error':{'code':'server_error','message':"
		    "'The model failed to answer.'},");
	else
		jt(out, "'error':null,");
}

static void
put_incomplete(struct resp *r, const char *status, struct buf *out)
{
	if (strcmp(status, "incomplete") != 0)
		jt(out, "'incomplete_details':null,");
	else
		jt(out, "'incomplete_details':{'reason':%s},",
		    r->ending == END_CONTENT_FILTER ? "content_filter" :
		    "max_output_tokens");
}

/*
 * What Azure has to say of each text, with all the numbers behind it: about
 * 100 kB an answer, of which the raw ones are most. null as long as it runs.
 */
static void
put_filter(struct buf *out, const char *source, bool blocked)
{
	int i;

	jt(out, "{'blocked':%b,'content_filter_offsets':{'check_offset':0,"
	    "'end_offset':120,'start_offset':0},'content_filter_raw':[",
	    blocked);
	for (i = 0; i < 290; i++)
		jt(out, "%r{'action':'ANNOTATE','label':"
		    "'MultiSeverity_SelfHarmNotable_%d','result':"
		    "{'0':1,'1':0.00057703455,'2':0.0001823546,"
		    "'3':0.00014091856}}", i > 0 ? "," : "", i);
	jt(out, "],'content_filter_results':{'hate':{'filtered':false,"
	    "'severity':'safe'},'violence':{'filtered':%b,'severity':%s}},"
	    "'source_type':%s}", blocked, blocked ? "high" : "safe", source);
}

static void
put_filters(struct resp *r, const char *status, struct buf *out)
{
	bool blocked = r->ending == END_CONTENT_FILTER;
	bool azure = (r->m->flags & MODEL_AZURE) && setting_new(r->c->f);

	if (!azure && (!blocked || strcmp(status, "incomplete") != 0))
		return;
	if (strcmp(status, "in_progress") == 0) {
		jt(out, "'content_filters':null,");
		return;
	}
	jt(out, "'content_filters':[");
	put_filter(out, "prompt", false);
	buf_putc(out, ',');
	put_filter(out, "completion", blocked);
	buf_puts(out, "],");
}

void
item_response(struct resp *r, const char *status, bool items, struct buf *out)
{
	char	id[ITEM_ID_SIZE];
	bool	over = strcmp(status, "in_progress") != 0;

	jt(out, "{'background':false,");
	if (over && strcmp(status, "failed") != 0)
		jt(out, "'completed_at':%l,", wall_ms() / 1000);
	put_filters(r, status, out);
	jt(out, "'created_at':%l,", r->created);
	put_error(status, out);
	jt(out, "'frequency_penalty':0.0,'id':%s,", item_id(id));
	put_incomplete(r, status, out);
	echo(r, "instructions", "null", out);
	echo(r, "max_output_tokens", "null", out);
	jt(out, "'max_tool_calls':null,");
	echo(r, "metadata", "{}", out);
	jt(out, "'model':%s,'object':'response','output':[",
	    catalog_answers_as(r->c->f, r->m, MODEL_RESPONSES));
	if (items)
		put_items(r, out);
	jt(out, "],");
	echo(r, "parallel_tool_calls", "true", out);
	jt(out, "'presence_penalty':0.0,'previous_response_id':null,");
	echo(r, "prompt_cache_key", "null", out);
	echo(r, "reasoning", "{\"effort\":\"medium\",\"summary\":null}", out);
	jt(out, "'safety_identifier':null,'service_tier':null,'status':%s,"
	    "'store':false,", status);
	echo(r, "temperature", "1.0", out);
	echo(r, "text", "{\"format\":{\"type\":\"text\"},\"verbosity\":"
	    "\"medium\"}", out);
	echo(r, "tool_choice", "\"auto\"", out);
	echo(r, "tools", "[]", out);
	echo(r, "top_logprobs", "0", out);
	echo(r, "top_p", "1.0", out);
	echo(r, "truncation", "\"disabled\"", out);
	if (over)
		put_usage(r, out);
	else
		jt(out, "'usage':null,");
	echo(r, "user", "null", out);
	out->p[out->len - 1] = '}';	/* in the place of the last comma */
}
