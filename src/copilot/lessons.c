/* Upstream teaches about its models. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/mac.h"
#include "base/util.h"
#include "copilot/lessons.h"

#define KEPT_MAX	512		/* the oldest goes */
#define KEPT_MS		(24 * 3600 * 1000LL) /* models change, slowly */
#define IMAGES_MAX	10000

struct entry {
	char		*model;		/* NULL: free */
	uint64_t	 client;	/* its key, hashed */
	struct lesson	 lesson;
	int64_t		 learnt_ms;
	uint64_t	 news;		/* a number; 0: of another host */
};

struct lessons {
	pthread_mutex_t	 lock;		/* of all below */
	struct entry	 list[KEPT_MAX];
	bool		 any;		/* was ever learnt */
	char		*secret;	/* NULL: none */
	uint64_t	 news, told;	/* the last numbers */
};

/* --- Parameters by name. */

/*
 * Parameters of both endpoints, as upstream may call them in an error, and the
 * member that is left out; NULL: whoever makes the body says that in another
 * way.
 */
static const struct hint {
	const char	*name;
	unsigned	 bit;
	const char	*member, *inner;	/* NULL: not left out here */
} hints[] = {
	/* If two exclude each other, top_p goes: it is first. */
	{ "top_p",		LESSON_TOP_P,	"top_p", NULL },
	{ "temperature",	LESSON_TEMPERATURE, "temperature", NULL },
	{ "top_k",		LESSON_TOP_K,	"top_k", NULL },
	{ "presence_penalty",	LESSON_PENALTIES, "presence_penalty", NULL },
	{ "frequency_penalty",	LESSON_PENALTIES, "frequency_penalty", NULL },
	{ "seed",		LESSON_SEED,	"seed", NULL },
	{ "top_logprobs",	LESSON_LOGPROBS, "top_logprobs", NULL },
	{ "logprobs",		LESSON_LOGPROBS, "logprobs", NULL },
	{ "user",		LESSON_USER,	"user", NULL },
	{ "prediction",		LESSON_PREDICTION, "prediction", NULL },
	{ "verbosity",		LESSON_VERBOSITY, "verbosity", NULL },
	{ "text.verbosity",	LESSON_VERBOSITY, "text", "verbosity" },
	{ "reasoning_effort",	LESSON_EFFORT,	"reasoning_effort", NULL },
	{ "reasoning.effort",	LESSON_EFFORT,	"reasoning", "effort" },
	{ "reasoning.summary",	LESSON_SUMMARY,	"reasoning", "summary" },
	{ "prompt_cache_key",	LESSON_CACHE_KEY, "prompt_cache_key", NULL },
	{ "prompt_cache_retention", LESSON_CACHE_KEY,
	    "prompt_cache_retention", NULL },
	{ "truncation",		LESSON_TRUNCATION, "truncation", NULL },
	{ "context_management",	LESSON_COMPACTION, "context_management", NULL },
	{ "parallel_tool_calls", LESSON_PARALLEL, "parallel_tool_calls", NULL },
	{ "max_tokens",		LESSON_MAX_TOKENS, NULL, NULL },
	{ "max_completion_tokens", LESSON_MAX_COMPLETION, NULL, NULL },
	{ "response_format.type", LESSON_FORMAT, NULL, NULL },
	{ "response_format",	LESSON_FORMAT,	NULL, NULL },
	{ "text.format.type",	LESSON_FORMAT,	NULL, NULL },
	{ "text.format",	LESSON_FORMAT,	NULL, NULL },
	{ "stop",		LESSON_STOP,	NULL, NULL },
};

/* Has the body such a member, at that place? A prompt may quote any name. */
static bool
was_sent(const struct buf *sent, const char *path)
{
	return sent->len > 0 && js_line_of(sent->p, sent->len, path) > 0;
}

/* --- Reading a refusal. */

/*
 * Copilot's upstreams say this about a parameter. The sentence counts from its
 * beginning, and nothing of the client's stands before the claim. One that is
 * for good speaks of the model; the others may speak of this value only.
 */
static const struct sentence {
	const char	*before, *after;	/* the parameter's name */
	enum {
		SAID_OF_VALUE,
		SAID_FOR_GOOD,
		SAID_AT_END,		/* for good, if nothing follows */
		SAID_OF_DEFAULT		/* for good, if it goes on so */
	} what;
} sentences[] = {
	{ "Unsupported parameter: '", "' is not supported ", SAID_FOR_GOOD },
	{ "Unknown parameter: '", "'", SAID_AT_END },
	{ "Unsupported value: '", "' does not support ", SAID_OF_DEFAULT },
	{ "Invalid parameter: '", "' of type 'json_schema' is not supported ",
	    SAID_FOR_GOOD },
	{ "Invalid parameter: '", "' of type 'json_object' is not supported ",
	    SAID_FOR_GOOD },
	/* Newer Claudes take no sampling (anthropic, since Opus 4.7). */
	{ "`", "` is deprecated for this model", SAID_FOR_GOOD },
	{ "", " is deprecated for this model", SAID_FOR_GOOD },
	/* microsoft/vscode issue 305670: context_management. */
	{ "", ": Extra inputs are not permitted", SAID_FOR_GOOD },
	{ "", " is not supported with this model", SAID_FOR_GOOD },
	{ "", " is not supported by this model", SAID_FOR_GOOD },
	{ "", " \"", SAID_OF_VALUE },
	{ "", ": range: ", SAID_OF_VALUE },
};

/* The rest of a text that begins so, else NULL. */
static const char *
behind(const char *text, const char *begins)
{
	return text != NULL && util_starts(text, begins) ?
	    text + strlen(begins) : NULL;
}

/* Such a sentence about this parameter; "*rest" follows it. */
static const struct sentence *
find_sentence(const char *msg, const char *name, const char **rest)
{
	size_t i;

	for (i = 0; i < COUNT(sentences); i++)
		if ((*rest = behind(behind(behind(msg, sentences[i].before),
		    name), sentences[i].after)) != NULL)
			return &sentences[i];
	return NULL;
}

/* The parameter that a refusal is about, NULL when it is none of these. */
static const struct hint *
find_hint(const struct err *err)
{
	const char	*rest;
	size_t		 i;

	for (i = 0; i < COUNT(hints); i++)
		if (err->param[0] != '\0' ?
		    strcmp(err->param, hints[i].name) == 0 :
		    find_sentence(err->msg, hints[i].name, &rest) != NULL)
			return &hints[i];
	return NULL;
}

/* OpenAI's GPT-5 takes a temperature, but only of 1. The value is a number. */
static bool
only_default(const char *rest)
{
	return util_starts(rest + strspn(rest, "+-.0123456789eE"),
	    " with this model. Only the default ");
}

/*
 * Is it so for every request to the model? A code says so alone where it came
 * as one; failure.c takes it from OpenAI's sentences, too.
 */
static bool
is_final(const struct err *err, const char *name)
{
	const struct sentence	*s;
	const char		*rest;

	if ((s = find_sentence(err->msg, name, &rest)) != NULL)
		return s->what == SAID_FOR_GOOD ||
		    (s->what == SAID_AT_END && rest[strspn(rest, ".")] ==
		    '\0') || (s->what == SAID_OF_DEFAULT &&
		    only_default(rest));
	return strchr(err->msg, '\'') == NULL &&
	    (strcmp(err->code, "unsupported_parameter") == 0 ||
	    strcmp(err->code, "unknown_parameter") == 0);
}

/*
 * "too many URL images in request (max 20)" is what Claude's requests get
 * (microsoft/vscode issue 310937), with a limit that isn't in the list.
 */
static bool
read_images(const struct err *err, struct lesson *lesson)
{
	const char	*p;
	char		*end;
	long		 n;

	if ((p = behind(err->msg, "too many URL images in request (max ")) ==
	    NULL && (p = behind(err->msg, "too many images in request (max "))
	    == NULL)
		return false;
	n = strtol(p, &end, 10);
	if (n < 1 || n > IMAGES_MAX || strspn(end, ").") != strlen(end))
		return false;
	lesson->images = n;
	return true;
}

/* Anthropic's newer models want one of the two only. */
static bool
read_samplers(const struct err *err, const struct buf *sent,
    struct lesson *lesson)
{
	if (!util_starts(err->msg, "`temperature` and `top_p` cannot both be "
	    "specified for this model") || !was_sent(sent, "top_p"))
		return false;
	lesson->without = LESSON_ONE_SAMPLER;
	return true;
}

/* Behind the name of a search tool: web_search, web_search_preview_2025... */
static const char *
behind_search(const char *text)
{
	const char *p = behind(text, "web_search");

	return p != NULL ? p + strspn(p,
	    "_abcdefghijklmnopqrstuvwxyz0123456789") : NULL;
}

/*
 * The tool that runs at upstream is not there for every model and account, and
 * the list doesn't say for which. A client that insists on it (tool_choice)
 * gets the refusal.
 */
static bool
read_web_search(const struct err *err, const struct buf *sent,
    struct lesson *lesson)
{
	static const struct {
		const char *before, *after;
	} said[] = {
		{ "The tool '",		"' is not supported" },
		{ "Tool '",		"' is not supported" },
		{ "Hosted tool '",	"' is not supported" },
		{ "Unsupported tool: '", "'" },
		{ "Unsupported tool type: '", "'" },
		{ "Invalid value: '",	"'. Supported values are: " },
		{ "",			" is not supported" },
		{ "",			" is not enabled" },
		{ "",			" is not available" },
	};
	size_t i;

	if ((err->status != 400 && err->status != 403) || sent->len == 0 ||
	    memmem(sent->p, sent->len, "\"web_search", 11) == NULL)
		return false;
	for (i = 0; i < COUNT(said); i++)
		if (behind(behind_search(behind(err->msg, said[i].before)),
		    said[i].after) != NULL) {
			lesson->without = LESSON_WEB_SEARCH;
			return true;
		}
	return false;
}

bool
lesson_read(const struct err *err, const struct buf *sent,
    struct lesson *lesson, bool *lasts)
{
	const struct hint *h;

	*lesson = (struct lesson){ 0 };
	*lasts = true;
	if (read_web_search(err, sent, lesson))
		return true;
	/* No word of OpenAI's, or of the wrong type: the client's mistake. */
	if (err->status != 400 || util_starts(err->msg, "Invalid value: ") ||
	    util_starts(err->msg, "Invalid type for "))
		return false;
	if (read_images(err, lesson) || read_samplers(err, sent, lesson))
		return true;
	if ((h = find_hint(err)) == NULL || !was_sent(sent, h->name))
		return false;
	*lasts = is_final(err, h->name);
	lesson->without = h->bit;
	/* A limit that is wrong, or a format, has to be told: only refused. */
	return h->member != NULL || *lasts;
}

const char *
lesson_name(const struct lesson *l)
{
	size_t i;

	if ((l->without & LESSON_WEB_SEARCH) != 0)
		return "web_search";
	for (i = 0; i < COUNT(hints); i++)
		if ((l->without & hints[i].bit) != 0)
			return hints[i].name;
	return l->images > 0 ? "images" : "parameters";
}

bool
lesson_add(struct lesson *to, const struct lesson *l)
{
	bool fresh = (l->without & ~to->without) != 0 ||
	    (l->images > 0 && l->images != to->images);

	to->without |= l->without;
	if (l->images > 0)
		to->images = l->images;
	return fresh;
}

/* --- The table. */

struct lessons *
lessons_create(void)
{
	struct lessons *t = xcalloc(1, sizeof(*t));

	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
lessons_destroy(struct lessons *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < KEPT_MAX; i++)
		free(t->list[i].model);
	free(t->secret);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* Under the lock. */
static uint64_t
client_of(const struct lessons *t, const char *key)
{
	uint8_t		mac[MAC_SIZE];
	struct mac	m;
	uint64_t	n;

	if (key == NULL)
		key = "";
	if (t->secret == NULL)
		return util_hash(key);
	mac_begin(&m, t->secret);
	mac_add(&m, "lessons", sizeof("lessons"));
	mac_add(&m, key, strlen(key));
	mac_end(&m, mac);
	memcpy(&n, mac, sizeof(n));
	return n;
}

static struct entry *
find_entry(struct lessons *t, uint64_t client, const char *model)
{
	size_t i;

	for (i = 0; i < KEPT_MAX; i++)
		if (t->list[i].model != NULL && t->list[i].client == client &&
		    strcmp(t->list[i].model, model) == 0)
			return &t->list[i];
	return NULL;
}

/* A free one, else the oldest. */
static struct entry *
new_entry(struct lessons *t, uint64_t client, const char *model)
{
	struct entry	*e = &t->list[0];
	size_t		 i;

	for (i = 0; i < KEPT_MAX && e->model != NULL; i++)
		if (t->list[i].model == NULL ||
		    t->list[i].learnt_ms < e->learnt_ms)
			e = &t->list[i];
	free(e->model);
	*e = (struct entry){ .model = xstrdup(model), .client = client };
	t->any = true;
	return e;
}

void
lessons_note(struct lessons *t, const char *key, const char *model,
    const struct lesson *l)
{
	uint64_t	 client;
	struct entry	*e;

	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	client = client_of(t, key);
	if ((e = find_entry(t, client, model)) == NULL)
		e = new_entry(t, client, model);
	lesson_add(&e->lesson, l);
	e->learnt_ms = util_now_ms();
	e->news = ++t->news;
	pthread_mutex_unlock(&t->lock);
}

void
lessons_recall(struct lessons *t, const char *key, const char *model,
    struct lesson *to)
{
	struct entry *e;

	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	e = t->any ? find_entry(t, client_of(t, key), model) : NULL;
	if (e != NULL && util_now_ms() - e->learnt_ms > KEPT_MS) {
		free(e->model);
		*e = (struct entry){ 0 };
		e = NULL;
	}
	if (e != NULL)
		lesson_add(to, &e->lesson);
	pthread_mutex_unlock(&t->lock);
}

/* --- What hosts share. */

void
lessons_secret(struct lessons *t, const char *secret)
{
	pthread_mutex_lock(&t->lock);
	free(t->secret);
	t->secret = secret != NULL ? xstrdup(secret) : NULL;
	pthread_mutex_unlock(&t->lock);
}

static void
put_line(const struct entry *e, struct buf *lines)
{
	json_object	*obj = json_object_new_object();
	char		 client[17];

	snprintf(client, sizeof(client), "%016llx",
	    (unsigned long long)e->client);
	js_add_str(obj, "client", client);
	js_add_str(obj, "model", e->model);
	js_add_int(obj, "without", e->lesson.without);
	js_add_int(obj, "images", e->lesson.images);
	/* Models may be called anything; a name is one word. */
	buf_printf(lines, "%s-%016llx ", client,
	    (unsigned long long)util_hash(e->model));
	js_print(obj, lines);
	buf_putc(lines, '\n');
	json_object_put(obj);
}

uint64_t
lessons_news(struct lessons *t, struct buf *lines)
{
	uint64_t	last;
	size_t		i;

	pthread_mutex_lock(&t->lock);
	for (i = 0; i < KEPT_MAX; i++)
		if (t->list[i].model != NULL && t->list[i].news > t->told)
			put_line(&t->list[i], lines);
	last = t->news;
	pthread_mutex_unlock(&t->lock);
	return last;
}

void
lessons_told(struct lessons *t, uint64_t last)
{
	pthread_mutex_lock(&t->lock);
	t->told = last;
	pthread_mutex_unlock(&t->lock);
}

/* Is it new here? It lasts as long as if it had been learnt now. */
static void
hear(struct lessons *t, uint64_t client, const char *model,
    const struct lesson *l)
{
	struct entry	*e = find_entry(t, client, model);
	struct lesson	 known = e != NULL ? e->lesson :
			    (struct lesson){ 0 };

	if (!lesson_add(&known, l))
		return;
	if (e == NULL)
		e = new_entry(t, client, model);
	e->lesson = known;
	e->learnt_ms = util_now_ms();
}

void
lessons_hear(struct lessons *t, const char *rest, size_t n)
{
	json_object	*obj = js_parse_quiet(rest, n);
	const char	*client = js_str(obj, "client");
	const char	*model = js_str(obj, "model");
	int64_t		 without = js_int(obj, "without", 0);
	struct lesson	 l = { .images = js_int(obj, "images", 0) };

	if (client != NULL && model != NULL && without >= 0 &&
	    without <= LESSON_ALL && l.images >= 0 && l.images <= IMAGES_MAX) {
		l.without = (unsigned)without;
		pthread_mutex_lock(&t->lock);
		hear(t, strtoull(client, NULL, 16), model, &l);
		pthread_mutex_unlock(&t->lock);
	}
	json_object_put(obj);
}

/* --- A body. */

static bool
goes(const struct lesson *l, json_object *body, const struct hint *h)
{
	if (h->member == NULL || (h->inner == NULL ? !js_has(body, h->member) :
	    !js_has(js_obj(body, h->member), h->inner)))
		return false;
	if ((l->without & LESSON_ONE_SAMPLER) != 0 && h->bit == LESSON_TOP_P &&
	    js_get(body, "temperature") != NULL)
		return true;
	return (l->without & h->bit) != 0 && (h->bit != LESSON_PARALLEL ||
	    js_bool(body, h->member, true));
}

bool
lesson_next(const struct lesson *l, json_object *body, size_t *i,
    const char **member, const char **inner)
{
	while (l->without != 0 && *i < COUNT(hints)) {
		*member = hints[*i].member;
		*inner = hints[*i].inner;
		if (goes(l, body, &hints[(*i)++]))
			return true;
	}
	return false;
}

void
lesson_apply(const struct lesson *l, json_object *body)
{
	const char	*member, *inner;
	size_t		 i = 0;

	while (lesson_next(l, body, &i, &member, &inner))
		js_del(inner == NULL ? body : js_obj(body, member),
		    inner == NULL ? member : inner);
}
