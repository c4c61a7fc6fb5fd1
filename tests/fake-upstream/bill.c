/* The prompt cache and the bill. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "bill.h"
#include "jt.h"

#define TOKEN_BYTES	4
#define CACHED_MIN	1024	/* tokens; less is not cached */
#define BLOCK		(128 * TOKEN_BYTES)	/* GPT caches so many at once */
#define LOOK_BACK	20	/* pieces before a mark that are looked up */
#define BILLS_MAX	5000	/* that are listed one by one */

/* --- What is cached: hashes of prefixes. */

static void
key_of(uint64_t h, char key[static 17])
{
	snprintf(key, 17, "%016llx", (unsigned long long)h);
}

static bool
is_cached(const struct fake *f, uint64_t h)
{
	char key[17];

	key_of(h, key);
	return issued_has(&f->cache, key, NULL);
}

static void
keep(struct fake *f, uint64_t h)
{
	char key[17];

	key_of(h, key);
	issued_add(&f->cache, key, NULL);
}

/*
 * Who shares a cache: one conversation on one model, and with newer GPT one
 * prompt_cache_key. 0: nobody does.
 */
static uint64_t
scope_of(struct call *c, const struct model *m)
{
	const char	*id = req_header(c->req, "X-Interaction-Id");
	const char	*key = js_str(c->body, "prompt_cache_key");
	uint64_t	 h;

	if (id == NULL || *id == '\0' || ((m->flags & MODEL_CACHE_KEY) &&
	    (key == NULL || *key == '\0')))
		return 0;
	h = util_hash_more(util_hash(id), m->id, strlen(m->id));
	if (m->flags & MODEL_CACHE_KEY)
		h = util_hash_more(h, key, strlen(key));
	return h;
}

/* Automatic: whole blocks from the start on. Returns the bytes found. */
static size_t
look_up_blocks(struct fake *f, const struct prompt *p, uint64_t h)
{
	size_t	at, found = 0;
	bool	going = true;

	for (at = 0; at + BLOCK <= p->text.len; at += BLOCK) {
		h = util_hash_more(h, p->text.p + at, BLOCK);
		going = going && is_cached(f, h);
		if (going)
			found = at + BLOCK;
		keep(f, h);
	}
	return found / TOKEN_BYTES < CACHED_MIN ? 0 : found;
}

/*
 * By marks: what an earlier request marked is found when it ends at a mark of
 * this one or a few pieces before. "marked" is where the last mark is.
 */
static size_t
look_up_marks(struct fake *f, const struct prompt *p, uint64_t h,
    size_t *marked)
{
	uint64_t	*hash = xcalloc(p->n + 1, sizeof(*hash));
	size_t		 i, near = 0, at = 0, found = 0;

	for (i = 0; i < p->n; at = p->piece[i++].end)
		hash[i] = h = util_hash_more(h, p->text.p + at,
		    p->piece[i].end - at);
	for (i = p->n; i-- > 0;) {
		if (p->piece[i].end / TOKEN_BYTES < CACHED_MIN)
			break;
		near = p->piece[i].marked ? LOOK_BACK : near;
		if (near == 0)
			continue;
		near--;
		if (is_cached(f, hash[i]) && found == 0)
			found = p->piece[i].end;
		if (p->piece[i].marked && *marked == 0)
			*marked = p->piece[i].end;
	}
	for (i = 0; i < p->n; i++)
		if (p->piece[i].marked)
			keep(f, hash[i]);
	free(hash);
	return found;
}

void
bill_prompt(struct bill *b, struct call *c, const struct model *m,
    const struct prompt *p)
{
	uint64_t	scope = scope_of(c, m);
	bool		claude = m->family == FAMILY_CLAUDE;
	size_t		found = 0, marked = 0;

	*b = (struct bill){ .all = (int64_t)(p->text.len / TOKEN_BYTES) + 3 };
	if (scope != 0)
		found = claude ? look_up_marks(c->f, p, scope, &marked) :
		    look_up_blocks(c->f, p, scope);
	if (!claude)
		marked = p->text.len / BLOCK * BLOCK;
	b->price = m->context_max > 0 && b->all > m->context_max ?
	    &m->long_price : &m->price;
	b->read = (int64_t)(found / TOKEN_BYTES);
	if (scope != 0 && b->price->write > 0 && marked > found)
		b->write = (int64_t)(marked / TOKEN_BYTES) - b->read;
	b->input = b->all - b->read - b->write;
}

/* --- The bill. */

static int64_t
total(const struct bill *b)
{
	return b->input * b->price->input + b->read * b->price->read +
	    b->write * b->price->write + b->output * b->price->output;
}

void
bill_answer(struct bill *b, struct call *c, const struct model *m,
    int64_t output)
{
	struct fake	*f = c->f;
	json_object	*o;

	b->output = output;
	f->sum.input += b->input;
	f->sum.read += b->read;
	f->sum.write += b->write;
	f->sum.output += b->output;
	f->sum.nano += total(b);
	if (f->bills == NULL)
		f->bills = json_object_new_array();
	if (f->fast || js_len(f->bills) == BILLS_MAX)
		return;
	o = json_object_new_object();
	js_add_str(o, "path", c->req->path);
	js_add_str(o, "model", m->id);
	js_add_str(o, "request_id", req_header(c->req, "X-Request-Id"));
	js_add_str(o, "interaction_id", req_header(c->req,
	    "X-Interaction-Id"));
	js_add_ref(o, "prompt_cache_key", js_get(c->body, "prompt_cache_key"));
	js_add_int(o, "input", b->input);
	js_add_int(o, "cache_read", b->read);
	js_add_int(o, "cache_write", b->write);
	js_add_int(o, "output", b->output);
	js_add_int(o, "total_nano_aiu", total(b));
	json_object_array_add(f->bills, o);
}

static void
put_detail(struct buf *out, const char *type, int64_t count, int64_t price,
    const char *sep)
{
	jt(out, "{'batch_size':1000000,'cost_per_batch':%l,'token_count':%l,"
	    "'token_type':%s}%r", price * 1000000, count, type, sep);
}

void
bill_usage(const struct bill *b, struct buf *out)
{
	jt(out, "'copilot_usage':{'token_details':[");
	put_detail(out, "input", b->input, b->price->input, ",");
	put_detail(out, "cache_read", b->read, b->price->read, ",");
	put_detail(out, "cache_write", b->write, b->price->write, ",");
	put_detail(out, "output", b->output, b->price->output, "");
	jt(out, "],'total_nano_aiu':%l}", total(b));
}

void
bill_print(const struct fake *f, struct buf *out)
{
	jt(out, "{'total_nano_aiu':%l,'input':%l,'cache_read':%l,"
	    "'cache_write':%l,'output':%l,'answers':", f->sum.nano,
	    f->sum.input, f->sum.read, f->sum.write, f->sum.output);
	if (f->bills != NULL)
		js_print(f->bills, out);
	else
		buf_puts(out, "[]");
	buf_puts(out, "}\n");
}

void
bill_expire(struct fake *f)
{
	issued_clear(&f->cache);
}

void
bill_clear(struct fake *f)
{
	bill_expire(f);
	json_object_put(f->bills);
	f->bills = NULL;
	f->sum = (struct sum){ 0 };
}
