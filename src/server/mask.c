/* A path as the log may show it. */
#include "config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/util.h"
#include "server/mask.h"

#define WORD_MAX	32	/* "input_items", "chat", "completions" */
#define NUMBER_MAX	12	/* "20", "2024-10-21", "0.128.0" */
#define ID_MAX		160
#define DELIMITERS	"/?&=;"

/* Ids of what upstream and we store are no keys. */
static const char *const ids[] = {
	"resp_", "conv_", "msg_", "rs_", "fc_", "ctc_", "ws_", "req_"
};

/* Services' keys begin so: never shown, however short. */
static const char *const keys[] = {
	"sk-", "sk_", "gho_", "ghu_", "ghp_", "ghs_", "ghr_", "github_pat_"
};

/* Parameters whose values are never shown. */
static const char *const secrets[] = {
	"key", "api_key", "api-key", "apikey", "token", "access_token",
	"code", "password", "secret", "authorization", "bearer", "tid"
};

/* Behind these comes the name of a model. */
static const char *const models[] = { "models", "deployments", "engines" };

/* A piece of the path between two delimiters. */
struct piece {
	const char	*p;
	size_t		 n;
};

static bool
is_in(const char *const *list, size_t count, const struct piece *w)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strlen(list[i]) == w->n &&
		    strncasecmp(list[i], w->p, w->n) == 0)
			return true;
	return false;
}

static bool
begins_in(const char *const *list, size_t count, const struct piece *w)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (w->n > strlen(list[i]) &&
		    strncasecmp(list[i], w->p, strlen(list[i])) == 0)
			return true;
	return false;
}

static bool
consists_of(const struct piece *w, int (*is)(int), const char *also, size_t max)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (!is((unsigned char)w->p[i]) &&
		    strchr(also, w->p[i]) == NULL)
			return false;
	return w->n <= max;
}

static bool
holds_key(const struct piece *w, const struct conf *conf)
{
	size_t i, n;

	for (i = 0; i < conf->nkeys; i++) {
		n = strlen(conf->keys[i].key);
		if (n > 0 && memmem(w->p, w->n, conf->keys[i].key, n) != NULL)
			return true;
	}
	return false;
}

/* "before" is the piece in front of it, which may say what it is. */
static bool
may_show(const struct piece *w, const struct piece *before,
    const struct conf *conf)
{
	if (holds_key(w, conf) || begins_in(keys, COUNT(keys), w) ||
	    (w->p > before->p && w->p[-1] == '=' &&
	    is_in(secrets, COUNT(secrets), before)))
		return false;
	if (is_in(models, COUNT(models), before))
		return consists_of(w, isalnum, "-._:", ID_MAX);
	return consists_of(w, isalpha, "-_.[]", WORD_MAX) ||
	    consists_of(w, isdigit, "-.", NUMBER_MAX) ||
	    consists_of(w, isalnum, "", 3) ||	/* "v1" */
	    (begins_in(ids, COUNT(ids), w) &&
	    consists_of(w, isalnum, "-_", ID_MAX));
}

const char *
mask_model(const char *name, const struct conf *conf)
{
	const struct piece w = { name, strlen(name) };

	return !holds_key(&w, conf) && !begins_in(keys, COUNT(keys), &w) &&
	    consists_of(&w, isalnum, "-._:/@", ID_MAX) ? name : "***";
}

/* Append what there is room for in "size" bytes, with a NUL; its end. */
static size_t
put(char *out, size_t at, size_t size, const char *p, size_t n)
{
	if (n > size - 1 - at)
		n = size - 1 - at;
	memcpy(out + at, p, n);
	out[at + n] = '\0';
	return at + n;
}

void
mask_path(const char *uri, const struct conf *conf, char *out, size_t size)
{
	struct piece	w = { uri, 0 }, before = w;
	size_t		at = 0;

	for (;;) {
		w.n = strcspn(w.p, DELIMITERS);
		if (may_show(&w, &before, conf))
			at = put(out, at, size, w.p, w.n);
		else
			at = put(out, at, size, "***", 3);
		if (w.p[w.n] == '\0' || at == size - 1)
			break;
		at = put(out, at, size, w.p + w.n, 1);
		before = w;
		w.p += w.n + 1;
	}
}
