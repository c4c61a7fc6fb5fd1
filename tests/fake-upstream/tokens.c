/* Device codes and Copilot tokens that have been issued. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "evloop.h"
#include "tokens.h"

struct device *
tokens_add_device(struct tokens *t)
{
	struct device *d;

	if (t->device == NULL)
		t->device = xcalloc(TOKENS_MAX, sizeof(*t->device));
	d = &t->device[t->devices++ % TOKENS_MAX];
	*d = (struct device){ 0 };
	util_random_hex(d->code, sizeof(d->code) - 1);
	t->script_at = 0;
	return d;
}

struct device *
tokens_find_device(struct tokens *t, const char *code)
{
	size_t i;

	for (i = 0; i < TOKENS_MAX && i < t->devices; i++)
		if (strcmp(t->device[i].code, code) == 0)
			return &t->device[i];
	return NULL;
}

const char *
tokens_add(struct tokens *t, int64_t exp, int64_t seconds, const char *github)
{
	struct token	*k;
	char		 mac[17];

	if (t->token == NULL)
		t->token = xcalloc(TOKENS_MAX, sizeof(*t->token));
	util_random_hex(mac, sizeof(mac) - 1);
	k = &t->token[t->count++ % TOKENS_MAX];
	/* The characters of the real one: clients must not mind them. */
	snprintf(k->text, sizeof(k->text),
	    "tid=%llu;exp=%lld;st=dotcom;chat=1:%s",
	    (unsigned long long)t->count, (long long)exp, mac);
	snprintf(k->github, sizeof(k->github), "%s", github);
	k->until = mono_ns() + ms_to_ns(seconds) * 1000;
	return k->text;
}

/* The counter in the token says where it is. */
static const struct token *
find(const struct tokens *t, const char *text)
{
	const struct token	*k;
	unsigned long long	 n;

	if (t->token == NULL || !util_starts(text, "tid="))
		return NULL;
	n = strtoull(text + 4, NULL, 10);
	if (n == 0 || n > t->count)
		return NULL;
	k = &t->token[(n - 1) % TOKENS_MAX];
	return strcmp(k->text, text) == 0 ? k : NULL;
}

bool
tokens_valid(const struct tokens *t, const char *text)
{
	const struct token *k = find(t, text);

	return k != NULL && mono_ns() < k->until;
}

const char *
tokens_github(const struct tokens *t, const char *text)
{
	const struct token *k = find(t, text);

	return k != NULL ? k->github : NULL;
}

void
tokens_revoke(struct tokens *t)
{
	size_t i;

	for (i = 0; t->token != NULL && i < TOKENS_MAX; i++)
		t->token[i].until = 0;
}

void
tokens_clear(struct tokens *t)
{
	free(t->device);
	free(t->token);
	*t = (struct tokens){ 0 };
}
