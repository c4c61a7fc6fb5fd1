/* What upstream taught about its models. */
#include "config.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/lessons.h"

#define MODELS_MAX	128		/* the oldest goes */
#define KEPT_MS		(24 * 3600 * 1000LL) /* models change, slowly */
#define IMAGES_MAX	10000

struct entry {
	char		*model;		/* NULL: free */
	struct lesson	 lesson;
	int64_t		 learnt_ms;
};

struct lessons {
	pthread_mutex_t	 lock;		/* of all below */
	struct entry	 list[MODELS_MAX];
};

/* --- Parameters by name. */

/*
 * Of both endpoints, as upstream may call them in an error, and the member that
 * is left out; NULL: that is said in another way, by whoever makes the body.
 */
static const struct hint {
	const char	*name;
	unsigned	 bit;
	const char	*member, *inner;	/* NULL: not left out here */
} hints[] = {
	/* Of two that exclude each other top_p goes, so it is first. */
	{ "top_p",		LESSON_TOP_P,	"top_p", NULL },
	{ "temperature",	LESSON_TEMPERATURE, "temperature", NULL },
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

/* Is the message about it: 'name' in whatever quotes, or the first word? */
static bool
names(const char *msg, const char *name)
{
	const char	*p = msg;
	size_t		 n = strlen(name);
	char		 end;

	for (; (p = strstr(p, name)) != NULL; p++) {
		end = p[n];
		/* "user: .." may be anything, user_name is no English. */
		if (p == msg && (end == ':' ||
		    (end == ' ' && strchr(name, '_') != NULL)))
			return true;
		if (p > msg && end == p[-1] && strchr("'\"`", end) != NULL)
			return true;
	}
	return false;
}

/* The parameter that a refusal is about, NULL when it is none of these. */
static const struct hint *
find_hint(const struct err *err)
{
	size_t i;

	for (i = 0; i < COUNT(hints); i++)
		if (err->param[0] != '\0' ?
		    strcmp(err->param, hints[i].name) == 0 :
		    names(err->msg, hints[i].name))
			return &hints[i];
	return NULL;
}

/* --- Reading a refusal. */

/*
 * Words for "never with this model", where the code doesn't say it. OpenAI's
 * GPT-5 takes a temperature, but only of 1.
 */
static const char *const final_words[] = {
	"is not supported with this model", "is not supported by this model",
	"is deprecated", "Only the default",
};

static bool
is_final(const struct err *err)
{
	size_t i;

	if (strcmp(err->code, "unsupported_parameter") == 0 ||
	    strcmp(err->code, "unknown_parameter") == 0)
		return true;
	for (i = 0; i < COUNT(final_words); i++)
		if (strstr(err->msg, final_words[i]) != NULL)
			return true;
	return false;
}

/*
 * "too many URL images in request (max 20)" is what Claude's requests get
 * (microsoft/vscode issue 310937), with a limit that isn't in the list.
 */
static bool
read_images(const struct err *err, struct lesson *lesson)
{
	const char	*p;
	long		 n;

	if (strstr(err->msg, "too many") == NULL ||
	    strstr(err->msg, "image") == NULL ||
	    (p = strstr(err->msg, "max")) == NULL)
		return false;
	while (*p != '\0' && !isdigit((unsigned char)*p))
		p++;
	n = strtol(p, NULL, 10);
	if (n < 1 || n > IMAGES_MAX)
		return false;
	lesson->images = n;
	return true;
}

/*
 * The tool that runs at upstream is not there for every model and account, and
 * the list doesn't say for which. Who insists on it (tool_choice) gets the
 * refusal.
 */
static bool
read_web_search(const struct err *err, const struct buf *sent,
    struct lesson *lesson)
{
	static const char *const words[] = {
		"not supported", "unsupported", "not enabled", "not available",
		"not allowed", "does not support", "Invalid value",
	};
	size_t i;

	if ((err->status != 400 && err->status != 403) || sent->len == 0 ||
	    strstr(err->msg, "web_search") == NULL ||
	    memmem(sent->p, sent->len, "\"web_search", 11) == NULL)
		return false;
	for (i = 0; i < COUNT(words); i++)
		if (strstr(err->msg, words[i]) != NULL) {
			lesson->without = LESSON_WEB_SEARCH;
			return true;
		}
	return false;
}

/* Has the body a member of this name, or of the last part of it? */
static bool
was_sent(const struct buf *sent, const char *name)
{
	const char	*dot = strrchr(name, '.');
	char		*quoted;
	bool		 found;

	quoted = xasprintf("\"%s\"", dot != NULL ? dot + 1 : name);
	found = sent->len > 0 &&
	    memmem(sent->p, sent->len, quoted, strlen(quoted)) != NULL;
	free(quoted);
	return found;
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
	if (read_images(err, lesson))
		return true;
	/* Anthropic's newer models want one of the two only. */
	if (strstr(err->msg, "cannot both be specified") != NULL &&
	    names(err->msg, "top_p")) {
		lesson->without = LESSON_ONE_SAMPLER;
		return true;
	}
	if ((h = find_hint(err)) == NULL || !was_sent(sent, h->name))
		return false;
	*lasts = is_final(err);
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
	for (i = 0; i < MODELS_MAX; i++)
		free(t->list[i].model);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static struct entry *
find_entry(struct lessons *t, const char *model)
{
	size_t i;

	for (i = 0; i < MODELS_MAX; i++)
		if (t->list[i].model != NULL &&
		    strcmp(t->list[i].model, model) == 0)
			return &t->list[i];
	return NULL;
}

/* A free one, else the oldest. */
static struct entry *
new_entry(struct lessons *t, const char *model)
{
	struct entry	*e = &t->list[0];
	size_t		 i;

	for (i = 0; i < MODELS_MAX && e->model != NULL; i++)
		if (t->list[i].model == NULL ||
		    t->list[i].learnt_ms < e->learnt_ms)
			e = &t->list[i];
	free(e->model);
	*e = (struct entry){ .model = xstrdup(model) };
	return e;
}

void
lessons_note(struct lessons *t, const char *model, const struct lesson *l)
{
	struct entry *e;

	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	if ((e = find_entry(t, model)) == NULL)
		e = new_entry(t, model);
	lesson_add(&e->lesson, l);
	e->learnt_ms = util_now_ms();
	pthread_mutex_unlock(&t->lock);
}

void
lessons_recall(struct lessons *t, const char *model, struct lesson *to)
{
	struct entry *e;

	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	e = find_entry(t, model);
	if (e != NULL && util_now_ms() - e->learnt_ms > KEPT_MS) {
		free(e->model);
		*e = (struct entry){ 0 };
		e = NULL;
	}
	if (e != NULL)
		lesson_add(to, &e->lesson);
	pthread_mutex_unlock(&t->lock);
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
