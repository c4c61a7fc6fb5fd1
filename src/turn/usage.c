/* The price of an answer: tokens, by kind, and what Copilot bills for them. */
#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/js.h"
#include "base/peek.h"
#include "base/text.h"
#include "base/tree.h"
#include "turn/usage.h"

#define NANO_USD INT64_C(100000000000)	/* a credit is 0.01 USD */

#define AT(member) offsetof(struct usage, member)

/* What a usage object says, by its place in the list. */
enum { INPUT_TOKENS = 1, READ_TOKENS = 10, REASONED = 12, TOTAL, COUNTS };

/* Where the protocols have the counts; the last two are for the others. */
static const struct place {
	struct peek_text	 object;	/* within usage; n 0: itself */
	struct peek_text	 name;
	size_t			 offset;
} places[COUNTS] = {
#define ITSELF { "", 0 }
#define PROMPT PEEK_TEXT("prompt_tokens_details")
#define INPUT_OF PEEK_TEXT("input_tokens_details")
#define COMPLETION PEEK_TEXT("completion_tokens_details")
#define OUTPUT_OF PEEK_TEXT("output_tokens_details")
	{ ITSELF, PEEK_TEXT("prompt_tokens"), AT(input) },
	[INPUT_TOKENS] = { ITSELF, PEEK_TEXT("input_tokens"), AT(input) },
	{ ITSELF, PEEK_TEXT("completion_tokens"), AT(output) },
	{ ITSELF, PEEK_TEXT("output_tokens"), AT(output) },
	{ PROMPT, PEEK_TEXT("cached_tokens"), AT(cached) },
	{ INPUT_OF, PEEK_TEXT("cached_tokens"), AT(cached) },
	{ PROMPT, PEEK_TEXT("cache_write_tokens"), AT(cache_write) },
	{ INPUT_OF, PEEK_TEXT("cache_write_tokens"), AT(cache_write) },
	{ COMPLETION, PEEK_TEXT("reasoning_tokens"), AT(reasoning) },
	{ OUTPUT_OF, PEEK_TEXT("reasoning_tokens"), AT(reasoning) },
	/* Anthropic's "input_tokens" has neither in it. */
	[READ_TOKENS] = { ITSELF, PEEK_TEXT("cache_read_input_tokens"),
	    AT(cached) },
	{ ITSELF, PEEK_TEXT("cache_creation_input_tokens"), AT(cache_write) },
	[REASONED] = { ITSELF, PEEK_TEXT("reasoning_tokens"), 0 },
	[TOTAL] = { ITSELF, PEEK_TEXT("total_tokens"), 0 }
};

struct said {
	int64_t	n[COUNTS];		/* -1: it does not say */
	bool	input, reads;		/* these are there, even null */
};

/* A count that can be added up: upstream's word, within reason; -1: none. */
static int64_t
within_reason(int64_t n)
{
	return n > INT32_MAX ? INT32_MAX : n < 0 ? -1 : n;
}

static int64_t
count(json_object *obj, const char *name)
{
	return within_reason(js_int(obj, name, -1));
}

static int64_t *
member(struct usage *u, size_t offset)
{
	return (int64_t *)(void *)((char *)u + offset);
}

/*
 * Gemini counts its reasoning in a member of its own and beside the completion;
 * OpenAI's completion includes it.
 */
static void
note_reasoning(struct usage *u, const struct said *s)
{
	int64_t n = s->n[REASONED];

	if (n <= 0)
		return;
	if (u->reasoning == 0)
		u->reasoning = n;
	if (s->n[TOTAL] - n == u->input + u->output)
		u->output += n;
}

static void
note_counts(struct usage *u, const struct said *s)
{
	size_t i;

	for (i = 0; i < REASONED; i++)
		if (s->n[i] >= 0)
			*member(u, places[i].offset) = s->n[i];
	if (s->reads && s->input && u->input >= 0)
		u->input += u->cached + u->cache_write;
	note_reasoning(u, s);
}

static void
read_counts(json_object *obj, struct said *s)
{
	json_object	*in;
	size_t		 i;

	for (i = 0; i < COUNTS; i++) {
		in = places[i].object.n > 0 ? js_obj(obj, places[i].object.p) :
		    obj;
		s->n[i] = count(in, places[i].name.p);
	}
	s->input = js_has(obj, places[INPUT_TOKENS].name.p);
	s->reads = js_has(obj, places[READ_TOKENS].name.p);
}

/* --- The bill. */

enum kind { INPUT, CACHE_READ, CACHE_WRITE, OUTPUT, KIND__MAX };

static const struct peek_text kinds[KIND__MAX] = {
	PEEK_TEXT("input"), PEEK_TEXT("cache_read"), PEEK_TEXT("cache_write"),
	PEEK_TEXT("output")
};

struct bill {
	int64_t	nano;			/* -1: it does not say */
	int64_t	sum[KIND__MAX];
	size_t	known;			/* of its lines */
	char	model[sizeof(((struct usage *)NULL)->model)];
};

/* A kind that we don't know is no line. */
static void
add_line(struct bill *b, const struct peek_text *type, int64_t n)
{
	size_t i;

	for (i = 0; i < KIND__MAX && n >= 0; i++)
		if (type->p != NULL && peek_same(type, &kinds[i])) {
			b->sum[i] += n;
			b->known++;
		}
}

/* The first model that is named counts. */
static void
add_model(struct bill *b, const struct peek_text *model)
{
	if (b->model[0] == '\0' && model->p != NULL)
		text_clean(model->p, model->n, b->model, sizeof(b->model));
}

static void
note_split(struct usage *u, const struct bill *b)
{
	int64_t input;

	if (u->model[0] == '\0')
		memcpy(u->model, b->model, sizeof(u->model));
	if (b->known == 0)
		return;
	u->cached = b->sum[CACHE_READ];
	u->cache_write = b->sum[CACHE_WRITE];
	input = b->sum[INPUT] + u->cached + u->cache_write;
	if (u->input < input)
		u->input = input;
	if (u->output < 0)
		u->output = b->sum[OUTPUT];
}

static struct peek_text
text_of(json_object *obj, const char *key)
{
	const char *s = js_str(obj, key);

	return (struct peek_text){ s, s != NULL ? strlen(s) : 0 };
}

static void
read_bill(json_object *obj, struct bill *b)
{
	json_object		*details = js_array(obj, "token_details"), *d;
	struct peek_text	 text;
	size_t			 i;

	b->nano = js_int(obj, "total_nano_aiu", -1);
	for (i = 0; i < js_len(details); i++) {
		d = json_object_array_get_idx(details, i);
		text = text_of(d, "token_type");
		add_line(b, &text, count(d, "token_count"));
		text = text_of(d, "model");
		add_model(b, &text);
	}
}

/* --- The same of texts; false for what is not of the usual form. */

/* A number, or null, which is none. */
static bool
peek_count(struct peek *k, int64_t *n)
{
	return peek_pass(k, 'n') || peek_number(k, n);
}

static size_t
place_of(const struct peek_text *object, const struct peek_text *name)
{
	size_t i;

	for (i = 0; i < COUNTS; i++)
		if (peek_same(&places[i].name, name) &&
		    peek_same(&places[i].object, object))
			break;
	return i;
}

/* The members of usage, or of an object in it. */
static bool
peek_counts(struct peek *k, const struct peek_text *object, struct said *s)
{
	struct peek_text	name;
	size_t			i;

	peek_in(k, '{');
	while (peek_member(k, &name)) {
		if (name.n == 0 || !peek_is_plain(&name))
			return false;
		if ((i = place_of(object, &name)) < COUNTS) {
			if (!peek_count(k, &s->n[i]))
				return false;
			s->n[i] = within_reason(s->n[i]);
		} else if (k->p[k->i] == '{' && object->n == 0) {
			if (!peek_counts(k, &name, s))
				return false;
		} else
			peek_skip(k);
		s->input |= i == INPUT_TOKENS;
		s->reads |= i == READ_TOKENS;
	}
	return true;
}

/* A string that is plain; another value says nothing. */
static bool
peek_plain(struct peek *k, struct peek_text *t)
{
	if (peek_string(k, t))
		return peek_is_plain(t);
	peek_skip(k);
	return true;
}

static bool
peek_line(struct peek *k, struct bill *b)
{
	struct peek_text	name, type = { NULL, 0 }, model = type;
	int64_t			n = -1;
	bool			ok = true;

	if (!peek_in(k, '{'))
		return false;
	while (ok && peek_member(k, &name)) {
		if (peek_is(&name, "token_count"))
			ok = peek_count(k, &n);
		else if (peek_is(&name, "token_type"))
			ok = peek_plain(k, &type);
		else if (peek_is(&name, "model"))
			ok = peek_plain(k, &model);
		else if ((ok = peek_is_plain(&name)))
			peek_skip(k);
	}
	add_line(b, &type, within_reason(n));
	add_model(b, &model);
	return ok;
}

static bool
peek_bill(struct peek *k, struct bill *b)
{
	struct peek_text	name;
	bool			ok = true;

	peek_in(k, '{');
	while (ok && peek_member(k, &name)) {
		if (peek_is(&name, "total_nano_aiu"))
			ok = peek_count(k, &b->nano);
		else if (!peek_is(&name, "token_details") ||
		    !peek_in(k, '[')) {
			ok = peek_is_plain(&name);
			peek_skip(k);
		} else
			while (ok && peek_element(k))
				ok = peek_line(k, b);
	}
	return ok;
}

/* --- Both. */

/* No more can be cached than there is. */
static void
settle(struct usage *u)
{
	if (u->input >= 0 && u->cached + u->cache_write > u->input)
		u->input = u->cached + u->cache_write;
}

static void
note(struct usage *u, const struct said *s, const struct bill *b)
{
	if (s != NULL)
		note_counts(u, s);
	if (b->nano >= 0)
		u->nano = b->nano;
	note_split(u, b);
	settle(u);
}

void
usage_read(struct usage *u, json_object *usage, json_object *bill)
{
	struct bill	b = { .nano = -1 };
	struct said	s;

	if (usage != NULL)
		read_counts(usage, &s);
	read_bill(bill, &b);
	note(u, usage != NULL ? &s : NULL, &b);
}

static bool
peek_both(struct peek usage, struct peek bill, struct said *s, struct bill *b)
{
	static const struct peek_text itself = ITSELF;

	return (usage.p == NULL || peek_counts(&usage, &itself, s)) &&
	    (bill.p == NULL || peek_bill(&bill, b));
}

static json_object *
tree_of(struct peek at)
{
	return at.p != NULL ? tree_build_peeked(&at) : NULL;
}

void
usage_read_peeked(struct usage *u, const struct peek *usage,
    const struct peek *bill)
{
	struct bill	 b = { .nano = -1 };
	struct said	 s = { .input = false };
	json_object	*counts, *lines;
	size_t		 i;

	for (i = 0; i < COUNTS; i++)
		s.n[i] = -1;
	if (peek_both(*usage, *bill, &s, &b)) {
		note(u, usage->p != NULL ? &s : NULL, &b);
		return;
	}
	counts = tree_of(*usage);
	lines = tree_of(*bill);
	usage_read(u, counts, lines);
	json_object_put(counts);
	json_object_put(lines);
}

/* --- What is made of it. */

/* A negative one is not known. */
static int64_t
both(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void
usage_add(struct usage *u, const struct usage *more)
{
	u->input = both(u->input, more->input);
	u->cached = both(u->cached, more->cached);
	u->cache_write = both(u->cache_write, more->cache_write);
	u->output = both(u->output, more->output);
	u->reasoning = both(u->reasoning, more->reasoning);
	u->nano = both(u->nano, more->nano);
	if (u->model[0] == '\0')
		snprintf(u->model, sizeof(u->model), "%s", more->model);
}

/* A double has no room for eleven places of any amount: the text has. */
static void
usd_text(int64_t nano, char text[static USAGE_COST_SIZE])
{
	size_t n;

	n = (size_t)snprintf(text, USAGE_COST_SIZE, "%lld.%011lld",
	    (long long)(nano / NANO_USD), (long long)(nano % NANO_USD));
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	text[n] = '\0';
}

json_object *
usage_usd(int64_t nano)
{
	char text[USAGE_COST_SIZE];

	usd_text(nano, text);
	return json_object_new_double_s((double)nano / (double)NANO_USD, text);
}

static bool
tells_cost(const struct usage *u)
{
	return u->nano >= 0 && u->show_cost;
}

json_object *
usage_cost(const struct usage *u)
{
	return tells_cost(u) ? usage_usd(u->nano) : NULL;
}

bool
usage_cost_text(const struct usage *u, char text[static USAGE_COST_SIZE])
{
	if (!tells_cost(u))
		return false;
	usd_text(u->nano, text);
	return true;
}
