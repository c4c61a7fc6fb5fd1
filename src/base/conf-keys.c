/* Reading auth.apiKeys: the keys of clients, with names and budgets. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf-row.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/util.h"

#define CREDITS_MAX	1e9	/* 10 million dollars; nano fits 64 bits */

/* Where an entry stands, for the messages. */
struct entry {
	const struct conf_source	*src;
	const char			*list;	/* "auth.apiKeys" */
	size_t				 at;
	struct conf_key			*k;
};

/* "FILE:LINE: auth.apiKeys[2].name: what". Always false. */
static bool
refuse(const struct entry *e, const char *member, const char *what)
{
	char *key = xasprintf("%s[%zu]%s%s", e->list, e->at,
	    member[0] != '\0' ? "." : "", member);

	conf_refuse(e->src, key, what);
	free(key);
	return false;
}

/* --- The members of an entry. */

static bool
read_text(const struct entry *e, const char *member, json_object *v, char **to)
{
	char *s;

	if (!json_object_is_type(v, json_type_string))
		return refuse(e, member, "expected a string");
	*to = s = conf_trimmed(v);
	if (s[0] == '\0')
		return refuse(e, member, "must not be empty");
	if (conf_has_control(v))
		return refuse(e, member,
		    "must not contain control characters");
	return true;
}

static bool
read_key(const struct entry *e, const char *member, json_object *v)
{
	if (!json_object_is_type(v, json_type_string))
		return refuse(e, member, "expected a string");
	free(e->k->key);
	e->k->key = conf_trimmed(v);
	return true;			/* add() looks whether it is empty */
}

static bool
read_name(const struct entry *e, const char *member, json_object *v)
{
	if (!read_text(e, member, v, &e->k->name))
		return false;
	return strlen(e->k->name) <= CONF_NAME_MAX ||
	    refuse(e, member, "expected at most 64 bytes");
}

static bool
read_account(const struct entry *e, const char *member, json_object *v)
{
	return read_text(e, member, v, &e->k->account) &&
	    (conf_account_ok(e->k->account) || refuse(e, member,
	    "expected letters, digits, dots, dashes and underscores"));
}

static bool
read_credits(const struct entry *e, const char *member, json_object *v,
    int64_t *nano)
{
	double d = json_object_get_double(v);

	if ((!json_object_is_type(v, json_type_int) &&
	    !json_object_is_type(v, json_type_double)) ||
	    !(d >= 0 && d <= CREDITS_MAX))
		return refuse(e, member,
		    "expected a number of credits from 0 to 1000000000");
	*nano = (int64_t)(d * CREDIT_NANO + 0.5);
	return true;
}

static bool
read_monthly(const struct entry *e, const char *member, json_object *v)
{
	return read_credits(e, member, v, &e->k->monthly);
}

static bool
read_daily(const struct entry *e, const char *member, json_object *v)
{
	return read_credits(e, member, v, &e->k->daily);
}

static bool
read_admin(const struct entry *e, const char *member, json_object *v)
{
	e->k->admin = json_object_get_boolean(v);
	return json_object_is_type(v, json_type_boolean) ||
	    refuse(e, member, "expected true or false");
}

static bool
read_sign_in(const struct entry *e, const char *member, json_object *v)
{
	e->k->sign_in = json_object_get_boolean(v);
	return json_object_is_type(v, json_type_boolean) ||
	    refuse(e, member, "expected true or false");
}

/* An empty list is more likely a mistake than a key for no model. */
static bool
read_models(const struct entry *e, const char *member, json_object *v)
{
	static const char	 what[] =
	    "expected an array of names of models, one at least";
	size_t			 n = js_len(v), i;

	if (!json_object_is_type(v, json_type_array) || n == 0)
		return refuse(e, member, what);
	e->k->models = xcalloc(n + 1, sizeof(*e->k->models));
	for (i = 0; i < n; i++) {
		json_object *m = json_object_array_get_idx(v, i);

		if (!json_object_is_type(m, json_type_string))
			return refuse(e, member, what);
		e->k->models[i] = conf_trimmed(m);
		if (e->k->models[i][0] == '\0')
			return refuse(e, member, what);
	}
	return true;
}

static const struct {
	const char	*name;
	bool		(*read)(const struct entry *, const char *,
			    json_object *);
} members[] = {
	{ "key", read_key },
	{ "name", read_name },
	{ "monthlyCredits", read_monthly },
	{ "dailyCredits", read_daily },
	{ "models", read_models },
	{ "account", read_account },
	{ "admin", read_admin },
	{ "signIn", read_sign_in },
};

/* A budget that is misspelt would be no budget. */
static bool
unknown_member(const struct entry *e, const char *member)
{
	struct nearest	n;
	char		what[96], shown[64];
	size_t		i;

	nearest_init(&n, member);
	for (i = 0; i < COUNT(members); i++)
		nearest_try(&n, members[i].name);
	snprintf(what, sizeof(what), n.best != NULL ?
	    "unknown member; did you mean %s?" : "unknown member", n.best);
	snprintf(shown, sizeof(shown), "%s", member);
	return refuse(e, shown, what);
}

static bool
read_object(const struct entry *e, json_object *obj)
{
	size_t i;

	json_object_object_foreach(obj, member, v) {
		for (i = 0; i < COUNT(members); i++)
			if (strcmp(members[i].name, member) == 0)
				break;
		if (i == COUNT(members))
			return unknown_member(e, member);
		if (v != NULL && !members[i].read(e, member, v))
			return false;
	}
	return e->k->key != NULL || refuse(e, "key", "is missing");
}

/* --- The list. */

static void
finish(struct conf_key *k)
{
	char **m;

	for (m = k->models; m != NULL && *m != NULL; m++)
		free(*m);
	free(k->models);
	free(k->key);
	free(k->name);
	free(k->account);
}

void
conf_keys_free(struct conf *c)
{
	while (c->nkeys > 0)
		finish(&c->keys[--c->nkeys]);
	free(c->keys);
	c->keys = NULL;
}

/* The name of an entry without one: stable, and no help in guessing. */
static void
name_by_key(struct conf_key *k)
{
	k->named = k->name != NULL;
	if (!k->named)
		k->name = xasprintf("key-%06x",
		    (unsigned)(util_hash(k->key) & 0xffffff));
}

/* Add an entry, which becomes ours; a string that is there already is none. */
static bool
add_take(struct conf *c, const struct entry *e, bool plain)
{
	struct conf_key	*k = e->k;
	const char	*member = plain ? "" : "key";
	size_t		 i;

	/* As an empty variable of a template leaves it. */
	if (k->key[0] == '\0')
		return refuse(e, member, "is empty; a key has at least one "
		    "character, and [] lets everybody in");
	for (i = 0; i < c->nkeys; i++) {
		if (strcmp(c->keys[i].key, k->key) == 0)
			break;
		if (k->name != NULL && strcmp(c->keys[i].name, k->name) == 0)
			return refuse(e, "name", "another entry has it, too");
	}
	if (i < c->nkeys) {
		if (!plain || c->keys[i].named)
			return refuse(e, member,
			    "another entry has this key, too");
		return true;
	}
	name_by_key(k);
	c->keys[c->nkeys++] = *k;
	*k = (struct conf_key){ 0 };
	return true;
}

static bool
read_entry(struct conf *c, struct entry *e, json_object *v, size_t *dropped)
{
	struct conf_key	k = { .monthly = -1, .daily = -1 };
	bool		ok = true, plain;

	e->k = &k;
	plain = json_object_is_type(v, json_type_string);
	if (plain)
		k.key = conf_trimmed(v);
	else if (v != NULL && json_object_is_type(v, json_type_object))
		ok = read_object(e, v);
	else {
		(*dropped)++;
		e->k = NULL;
		return true;
	}
	ok = ok && add_take(c, e, plain);
	finish(&k);
	e->k = NULL;
	return ok;
}

/*
 * Strings are trimmed, each counts once. An entry of another type is dropped,
 * as the copilot-api family does, but never all of them: an empty list means
 * that everybody may come in, and whoever wrote 12345 did not ask for that.
 */
bool
conf_keys_read(struct conf *c, json_object *v, const struct conf_source *src,
    const char *key)
{
	struct entry	e = { .src = src, .list = key };
	size_t		n = js_len(v), dropped = 0;
	bool		ok = true;

	if (!json_object_is_type(v, json_type_array))
		return conf_refuse(src, key, "expected an array of strings");
	conf_keys_free(c);
	c->keys = xcalloc(n + 1, sizeof(*c->keys));
	c->opened = n == 0;
	for (e.at = 0; ok && e.at < n; e.at++)
		ok = read_entry(c, &e, json_object_array_get_idx(v, e.at),
		    &dropped);
	if (!ok)
		return false;
	if (dropped > 0 && c->nkeys == 0)
		return conf_refuse(src, key, "expected an array of strings, "
		    "and none of its entries is one");
	if (dropped > 0)
		log_warn("%s: %s: %zu entries are neither strings nor objects "
		    "and are ignored", src->path, key, dropped);
	return true;
}

bool
conf_has_budgets(const struct conf *c)
{
	size_t i;

	for (i = 0; i < c->nkeys; i++)
		if (c->keys[i].monthly >= 0 || c->keys[i].daily >= 0)
			return true;
	return false;
}

/* Is the account this key's alone, so that its owner may sign it in? */
static bool
owns_account(const struct conf *c, const struct conf_key *k)
{
	size_t i;

	if (k->account == NULL || strcmp(k->account, c->default_account) == 0 ||
	    strcmp(k->account, "default") == 0)
		return false;
	for (i = 0; i < c->nkeys; i++)
		if (&c->keys[i] != k && c->keys[i].account != NULL &&
		    strcmp(c->keys[i].account, k->account) == 0)
			return false;
	return true;
}

static bool
check_sign_in(const struct conf *c, const struct conf_source *src)
{
	char	what[256];
	size_t	i;

	for (i = 0; i < c->nkeys; i++) {
		if (!c->keys[i].sign_in || owns_account(c, &c->keys[i]))
			continue;
		snprintf(what, sizeof(what), "the key \"%s\" has signIn, so "
		    "it needs an account that no other key uses, nor "
		    "defaultAccount", c->keys[i].name);
		return conf_refuse(src, "auth.apiKeys", what);
	}
	return true;
}

/* Nobody counts what a key spends but the ledger. */
bool
conf_keys_check(const struct conf *c, const struct conf_source *src)
{
	if (!check_sign_in(c, src))
		return false;
	return c->usage_ledger || !conf_has_budgets(c) ||
	    conf_refuse(src, "usage.ledger", "has to be true, since a key has "
	    "a budget");
}

void
conf_keys_only(struct conf *c, const char *key)
{
	struct conf_key k = { .monthly = -1, .daily = -1 };

	conf_keys_free(c);
	c->keys = xcalloc(1, sizeof(*c->keys));
	k.key = xstrdup(key);
	name_by_key(&k);
	c->keys[c->nkeys++] = k;
}

/* --- Showing them. */

static void
add_credits(json_object *o, const char *member, int64_t nano)
{
	if (nano >= 0)
		js_add_take(o, member,
		    json_object_new_double((double)nano / CREDIT_NANO));
}

static json_object *
key_json(const struct conf_key *k)
{
	json_object	*o, *models = NULL;
	char		*const *m;

	if (!k->named && k->monthly < 0 && k->daily < 0 && k->models == NULL &&
	    k->account == NULL && !k->admin && !k->sign_in)
		return json_object_new_string("****");
	o = json_object_new_object();
	js_add_str(o, "key", "****");
	if (k->named)
		js_add_str(o, "name", k->name);
	add_credits(o, "monthlyCredits", k->monthly);
	add_credits(o, "dailyCredits", k->daily);
	for (m = k->models; m != NULL && *m != NULL; m++)
		js_append_take(&models, json_object_new_string(*m));
	if (models != NULL)
		js_add_take(o, "models", models);
	if (k->account != NULL)
		js_add_str(o, "account", k->account);
	if (k->admin)
		js_add_bool(o, "admin", true);
	if (k->sign_in)
		js_add_bool(o, "signIn", true);
	return o;
}

json_object *
conf_keys_json(const struct conf *c)
{
	json_object	*a = json_object_new_array();
	size_t		 i;

	for (i = 0; i < c->nkeys; i++)
		json_object_array_add(a, key_json(&c->keys[i]));
	return a;
}

/* --- What a key may use. */

const struct conf_key *
conf_key_find(const struct conf *conf, const char *secret)
{
	const struct conf_key	*found = NULL;
	size_t			 i;

	/* All of them are compared. */
	for (i = 0; secret != NULL && i < conf->nkeys; i++)
		if (util_equal_secret(conf->keys[i].key, secret))
			found = &conf->keys[i];
	return found;
}

/* "gpt-5*" is every name that begins so. */
static bool
fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (n > 0 && pattern[n - 1] == '*')
		return strncmp(pattern, name, n - 1) == 0;
	return strcmp(pattern, name) == 0;
}

bool
conf_key_allows(const struct conf_key *k, const char *model)
{
	char *const *m;

	if (k == NULL || k->models == NULL)
		return true;
	for (m = k->models; *m != NULL; m++)
		if (fits(*m, model))
			return true;
	return false;
}
