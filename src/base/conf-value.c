/* Reading one value of config.json: its type, its range, its message. */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/conf-row.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/log.h"
#include "base/util.h"

void *
conf_row_member(const struct conf *c, const struct conf_row *r)
{
	return (char *)(uintptr_t)c + r->offset;
}

void
conf_row_set_text(struct conf *c, const struct conf_row *r, const char *s)
{
	char **p = conf_row_member(c, r);

	free(*p);
	*p = xstrdup(s);
}

/* --- URLs. */

static bool
all_in(const char *s, size_t n, const char *set)
{
	return n > 0 && strspn(s, set) >= n;
}

static bool
host_is_loopback(const char *host)
{
	struct in6_addr	six;
	struct in_addr	four;

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &six) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&six);
}

/*
 * The host of "host[:port]" or "[v6][:port]", or NULL when it is malformed or
 * holds a user name ("localhost@elsewhere" is elsewhere).
 */
static char *
authority_host(const char *a, size_t n)
{
	static const char names[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	const char	*end, *host = a;
	size_t		 len, port;
	bool		 ok;

	if (n > 0 && *a == '[') {
		if ((end = memchr(a, ']', n)) == NULL)
			return NULL;
		host = a + 1;
		len = (size_t)(end - host);
		ok = all_in(host, len, "0123456789abcdefABCDEF:.");
		end++;
	} else {
		end = memchr(a, ':', n);
		end = end != NULL ? end : a + n;
		len = (size_t)(end - host);
		ok = all_in(host, len, names);
	}
	port = (size_t)(a + n - end);
	if (port > 0)
		ok = ok && *end == ':' && port <= 6 &&
		    all_in(end + 1, port - 1, "0123456789");
	return ok ? xstrndup(host, len) : NULL;
}

bool
conf_url_allowed(const char *url)
{
	bool		 tls = util_starts_nocase(url, "https://"), ok;
	const char	*p;
	char		*host;

	if (!tls && !util_starts_nocase(url, "http://"))
		return false;
	for (p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("?#\\\"<>", *p) != NULL)
			return false;
	p = strchr(url, ':') + 3;
	host = authority_host(p, strcspn(p, "/"));
	ok = host != NULL && (tls || host_is_loopback(host));
	free(host);
	return ok;
}

/* --- Values. */

static bool
read_number(struct conf *c, const struct conf_row *r, json_object *v,
    const struct conf_source *src, const char *key)
{
	double	scale = r->type == CONF_SECONDS ? 1000 : 1, d;
	char	what[96];

	if (r->type == CONF_SECONDS)
		snprintf(what, sizeof(what), "expected a number from %g to %g",
		    (double)r->min / scale, (double)r->max / scale);
	else
		snprintf(what, sizeof(what),
		    "expected a whole number from %lld to %lld",
		    (long long)r->min, (long long)r->max);
	if (!json_object_is_type(v, json_type_int) &&
	    !json_object_is_type(v, json_type_double))
		return conf_refuse(src, key, what);
	/* No range exceeds 2^53, so a double holds every whole number in it. */
	d = json_object_get_double(v) * scale;
	if (!(d >= (double)r->min && d <= (double)r->max) ||
	    (r->type == CONF_INT && d != (double)(int64_t)d))
		return conf_refuse(src, key, what);
	*(int64_t *)conf_row_member(c, r) = (int64_t)(d + 0.5);
	return true;
}

static bool
read_url(struct conf *c, const struct conf_row *r, const char *s,
    const struct conf_source *src, const char *key)
{
	char	*url;
	size_t	 n = strlen(s);

	if (n == 0 && r->text[0] == '\0')
		return true;
	if (!conf_url_allowed(s))
		return conf_refuse(src, key, "expected an https:// address "
		    "(plain http:// only for localhost, 127.0.0.0/8 and "
		    "[::1])");
	while (s[n - 1] == '/')
		n--;
	url = xstrndup(s, n);
	conf_row_set_text(c, r, url);
	free(url);
	return true;
}

static bool
read_text(struct conf *c, const struct conf_row *r, json_object *v,
    const struct conf_source *src, const char *key)
{
	char		 what[96];
	const char	*s, *why;

	if (r->choices != NULL)
		snprintf(what, sizeof(what), "expected one of these as a "
		    "string: %s", r->choices);
	else
		snprintf(what, sizeof(what), "expected a string");
	if (!json_object_is_type(v, json_type_string))
		return conf_refuse(src, key, what);
	s = json_object_get_string(v);
	if (conf_has_control(v))
		return conf_refuse(src, key,
		    "must not contain control characters");
	if (r->choices != NULL && !conf_is_choice(r->choices, s))
		return conf_refuse(src, key, what);
	switch (r->type) {
	case CONF_URL:
		return read_url(c, r, s, src, key);
	case CONF_LEVEL:
		log_level_find(s, conf_row_member(c, r));
		return true;
	case CONF_DATABASE:
		if ((why = conf_database_wrong(s)) != NULL)
			return conf_refuse(src, key, why);
		break;
	case CONF_STRING:
		if (s[0] == '\0')
			return conf_refuse(src, key, "must not be empty");
		break;
	case CONF_ACCOUNT:
		if (!conf_account_ok(s))
			return conf_refuse(src, key, "expected letters, "
			    "digits, dots, dashes and underscores");
		break;
	case CONF_PATH:
		if (s[0] != '\0' && (s[0] != '/' || access(s, R_OK) != 0))
			return conf_refuse(src, key, "expected the absolute "
			    "path of a file that can be read");
		break;
	default:
		break;
	}
	conf_row_set_text(c, r, s);
	return true;
}

/* Allowed origins, without the slash that people copy from an address bar. */
static bool
refuse_list(const struct conf_row *r, const struct conf_source *src,
    const char *key)
{
	char *why = xasprintf("expected an array of strings such as %s",
	    r->example);

	conf_refuse(src, key, why);
	free(why);
	return false;
}

static bool
read_list(struct conf *c, const struct conf_row *r, json_object *v,
    const struct conf_source *src, const char *key)
{
	char	***at = conf_row_member(c, r), **list;
	size_t	   n, i, len;

	if (!json_object_is_type(v, json_type_array))
		return conf_refuse(src, key,
		    "expected an array of strings");
	n = js_len(v);
	free(*at);
	*at = list = xcalloc(n + 1, sizeof(*list));
	for (i = 0; i < n; i++) {
		json_object *e = json_object_array_get_idx(v, i);

		if (!json_object_is_type(e, json_type_string) ||
		    conf_has_control(e))
			return refuse_list(r, src, key);
		list[i] = conf_trimmed(e);
		if (r->type == CONF_LIST &&
		    (len = strlen(list[i])) > 1 && list[i][len - 1] == '/')
			list[i][len - 1] = '\0';
	}
	return true;
}

/* --- Places. */

void
conf_row_set_place(struct conf *c, const struct conf_row *r, const char *place)
{
	char ***at = conf_row_member(c, r), **p;

	for (p = *at; p != NULL && *p != NULL; p++)
		free(*p);
	free(*at);
	*at = xcalloc(2, sizeof(**at));
	if (*place != '\0')
		(*at)[0] = xstrdup(place);
}

/* "public", a host, "*." and a domain, an address or a range; see rules.h. */
static bool
is_place(const char *s)
{
	static const char names[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	struct addr_range range;

	if (util_starts(s, "http://"))
		s += strlen("http://");
	if (addr_range_read(s, &range))
		return true;
	if (util_starts(s, "*."))
		s += 2;
	return all_in(s, strlen(s), names);
}

static bool
read_places(struct conf *c, const struct conf_row *r, json_object *v,
    const struct conf_source *src, const char *key)
{
	static const char what[] = "expected \"public\", \"off\", or an array "
	    "of hosts, addresses and ranges of addresses, each with http:// "
	    "before it or without";
	char	***at = conf_row_member(c, r);
	size_t	   i, n = js_len(v);

	if (json_object_is_type(v, json_type_string)) {
		if (!conf_is_choice("public, off", json_object_get_string(v)))
			return conf_refuse(src, key, what);
		conf_row_set_place(c, r, strcmp(json_object_get_string(v),
		    "off") == 0 ? "" : "public");
		return true;
	}
	if (!json_object_is_type(v, json_type_array))
		return conf_refuse(src, key, what);
	conf_row_set_place(c, r, "");
	*at = xrealloc(*at, (n + 2) * sizeof(**at));
	for (i = 0; i < n; i++) {
		json_object *e = json_object_array_get_idx(v, i);

		if (!json_object_is_type(e, json_type_string) ||
		    strlen(json_object_get_string(e)) !=
		    (size_t)json_object_get_string_len(e) ||
		    !is_place(json_object_get_string(e)))
			return conf_refuse(src, key, what);
		(*at)[i] = xstrdup(json_object_get_string(e));
		(*at)[i + 1] = NULL;
	}
	return true;
}

/* A target "codex/gpt-x" names another provider, which we cannot reach. */
static bool
read_mappings(struct conf *c, json_object *v, const struct conf_source *src,
    const char *key)
{
	struct conf_mapping	*m;
	const char		*to;
	char			 name[128];

	if (!json_object_is_type(v, json_type_object))
		return conf_refuse(src, key,
		    "expected an object of strings");
	c->model_mappings = xcalloc((size_t)json_object_object_length(v),
	    sizeof(*c->model_mappings));
	json_object_object_foreach(v, from, target) {
		to = json_object_is_type(target, json_type_string) ?
		    json_object_get_string(target) : "";
		if (to[0] == '\0') {
			snprintf(name, sizeof(name), "%s.%.80s", key, from);
			return conf_refuse(src, name,
			    "expected the name of a model");
		}
		if (strchr(to, '/') != NULL) {
			log_warn("%s: %s: \"%s\" -> \"%s\" is ignored: other "
			    "providers than Copilot cannot be reached",
			    src->path, key, from, to);
			continue;
		}
		m = &c->model_mappings[c->nmodel_mappings++];
		m->from = xstrdup(from);
		m->to = xstrdup(to);
	}
	return true;
}

bool
conf_value_read(struct conf *c, const struct conf_row *r, json_object *v,
    const struct conf_source *src, const char *key)
{
	switch (r->type) {
	case CONF_BOOL:
		if (!json_object_is_type(v, json_type_boolean))
			return conf_refuse(src, key, "expected true or false");
		*(bool *)conf_row_member(c, r) = json_object_get_boolean(v);
		return true;
	case CONF_INT:
	case CONF_SECONDS:
		return read_number(c, r, v, src, key);
	case CONF_LIST:
	case CONF_COMMAND:
		return read_list(c, r, v, src, key);
	case CONF_PLACES:
		return read_places(c, r, v, src, key);
	case CONF_KEYS:
		return conf_keys_read(c, v, src, key);
	case CONF_MAPPINGS:
		return read_mappings(c, v, src, key);
	default:
		return read_text(c, r, v, src, key);
	}
}
