/*
 * Anthropic's events as Copilot sends them: what they cost beside the last
 * usage, and [DONE] behind the end.
 */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "jt.h"
#include "messages.h"

static struct buf *
begin(struct messages *m, const char *type)
{
	struct buf *out = &m->c->ans->text;

	buf_printf(out, "event: %s\ndata: ", type);
	return out;
}

static void
end(struct messages *m)
{
	buf_puts(&m->c->ans->text, "\n\n");
	answer_mark(m->c->ans);
}

static void
usage(const struct messages *m, int64_t tokens, struct buf *out)
{
	jt(out, "{'cache_creation':{'ephemeral_1h_input_tokens':0,"
	    "'ephemeral_5m_input_tokens':%l},'cache_creation_input_tokens':%l,"
	    "'cache_read_input_tokens':%l,'input_tokens':%l,"
	    "'output_tokens':%l}", m->bill.write, m->bill.write, m->bill.read,
	    m->bill.input, tokens);
}

/* --- Blocks: how each begins, what comes, how it ends. */

static void
start_block(struct messages *m, const char *block)
{
	jt(begin(m, "content_block_start"), "{'content_block':%r,'index':%l,"
	    "'type':'content_block_start'}", block, m->index);
	end(m);
}

static void
delta(struct messages *m, const char *type, const char *member,
    const char *s, size_t n)
{
	struct buf *out = begin(m, "content_block_delta");

	jt(out, "{'delta':{'type':%s,", type);
	buf_printf(out, "\"%s\":", member);
	jt_string(out, s, n);
	jt(out, "},'index':%l,'type':'content_block_delta'}", m->index);
	end(m);
}

static void
stop_block(struct messages *m)
{
	jt(begin(m, "content_block_stop"), "{'index':%l,'type':"
	    "'content_block_stop'}", m->index++);
	end(m);
}

static void
thought(struct messages *m)
{
	start_block(m, "{\"signature\":\"\",\"thinking\":\"\","
	    "\"type\":\"thinking\"}");
	if (*m->thought != '\0')
		delta(m, "thinking_delta", "thinking", m->thought,
		    strlen(m->thought));
	delta(m, "signature_delta", "signature", m->signature,
	    strlen(m->signature));
	stop_block(m);
}

static void
text(struct messages *m)
{
	const struct buf	*all = &m->plan.text;
	size_t			 at, n;

	if (all->len == 0)
		return;
	start_block(m, "{\"text\":\"\",\"type\":\"text\"}");
	for (at = 0; at < all->len; at += n) {
		n = plan_word(all->p, all->len, at);
		delta(m, "text_delta", "text", all->p + at, n);
	}
	stop_block(m);
}

static void
call(struct messages *m, const struct plan_call *call)
{
	struct buf	block = { 0 };
	size_t		at, n, len = strlen(call->args);

	jt(&block, "{'id':%s,'input':{},'name':%s,'type':'tool_use'}",
	    call->id, call->name);
	start_block(m, block.p);
	buf_finish(&block);
	delta(m, "input_json_delta", "partial_json", "", 0);
	for (at = 0; at < len; at += n) {
		n = plan_piece(call->args, len, at);
		delta(m, "input_json_delta", "partial_json", call->args + at,
		    n);
	}
	stop_block(m);
}

static void
message_start(struct messages *m)
{
	struct buf *out = begin(m, "message_start");

	jt(out, "{'message':{'content':[],'id':%s,'model':%s,'role':"
	    "'assistant','stop_details':null,'stop_reason':null,"
	    "'stop_sequence':null,'type':'message','usage':", m->id,
	    m->m->id);
	usage(m, 1, out);
	jt(out, "},'type':'message_start'}");
	end(m);
	jt(begin(m, "ping"), "{'type':'ping'}");
	end(m);
}

static void
message_end(struct messages *m)
{
	struct buf *out = begin(m, "message_delta");

	buf_putc(out, '{');
	bill_usage(&m->bill, out);
	jt(out, ",'delta':{'stop_details':null,'stop_reason':%s,"
	    "'stop_sequence':%s},'type':'message_delta','usage':", m->stop,
	    m->sequence);
	usage(m, m->plan.out_tokens, out);
	buf_putc(out, '}');
	end(m);
	jt(begin(m, "message_stop"), "{'copilot_annotations':[],'type':"
	    "'message_stop'}");
	end(m);
	buf_puts(out, "data: [DONE]");
	end(m);
}

static void
error(struct messages *m)
{
	jt(begin(m, "error"), "{'error':{'message':'Overloaded','type':"
	    "'overloaded_error'},'type':'error'}");
	end(m);
}

void
messages_stream(struct messages *m)
{
	size_t i;

	message_start(m);
	if (m->signature != NULL)
		thought(m);
	text(m);
	if (js_bool(m->c->scn, "error_event", false)) {
		error(m);
		return;
	}
	for (i = 0; i < m->plan.ncalls; i++)
		call(m, &m->plan.calls[i]);
	message_end(m);
}

/* --- Not streamed. */

void
messages_whole(struct messages *m)
{
	struct buf	*out = &m->c->ans->text;
	const char	*comma = "";
	size_t		 i;

	jt(out, "{'content':[");
	if (m->signature != NULL) {
		jt(out, "{'signature':%s,'thinking':%s,'type':'thinking'}",
		    m->signature, m->thought);
		comma = ",";
	}
	if (m->plan.text.len > 0) {
		jt(out, "%r{'text':%s,'type':'text'}", comma,
		    m->plan.text.p);
		comma = ",";
	}
	for (i = 0; i < m->plan.ncalls; i++) {
		jt(out, "%r{'id':%s,'input':%r,'name':%s,'type':'tool_use'}",
		    comma, m->plan.calls[i].id, m->plan.calls[i].args,
		    m->plan.calls[i].name);
		comma = ",";
	}
	buf_puts(out, "],");
	bill_usage(&m->bill, out);
	jt(out, ",'id':%s,'model':%s,'role':'assistant','stop_details':null,"
	    "'stop_reason':%s,'stop_sequence':%s,'type':'message','usage':",
	    m->id, m->m->id, m->stop, m->sequence);
	usage(m, m->plan.out_tokens, out);
	buf_putc(out, '}');
}
