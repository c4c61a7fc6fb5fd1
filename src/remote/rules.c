/* Where may be fetched from. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/util.h"
#include "remote/rules.h"

#define PLAIN "http://"

/* The entry without that; *plain: it was there. */
static const char *
entry_of(const char *rule, bool *plain)
{
	*plain = util_starts(rule, PLAIN);
	return *plain ? rule + sizeof(PLAIN) - 1 : rule;
}

/* A host that is an address, as one. */
static bool
literal(const char *host, struct sockaddr_storage *ss)
{
	struct sockaddr_in	*four = (struct sockaddr_in *)(void *)ss;
	struct sockaddr_in6	*six = (struct sockaddr_in6 *)(void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		ss->ss_family = AF_INET;
		return true;
	}
	ss->ss_family = AF_INET6;
	return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
}

/* "*.example.com" is every name below it. */
static bool
is_name(const char *entry, const char *host)
{
	size_t n = strlen(host), len;

	if (!util_starts(entry, "*."))
		return strcasecmp(entry, host) == 0;
	len = strlen(++entry);
	return n > len && strcasecmp(host + n - len, entry) == 0;
}

bool
remote_may_ask(char *const *rules, const char *host, bool tls)
{
	struct sockaddr_storage	 ss;
	struct addr_range	 range;
	bool			 number = literal(host, &ss), plain;
	const char		*entry;

	for (; *rules != NULL; rules++) {
		entry = entry_of(*rules, &plain);
		if (!tls && !plain)
			continue;
		if (strcmp(entry, "public") == 0 || is_name(entry, host))
			return true;
		if (number && addr_range_read(entry, &range) &&
		    addr_in_range((struct sockaddr *)&ss, &range))
			return true;
	}
	return false;
}

bool
remote_may_connect(char *const *rules, const struct sockaddr *sa)
{
	struct addr_range	range;
	bool			plain;

	if (addr_is_public(sa))
		return true;
	for (; *rules != NULL; rules++)
		if (addr_range_read(entry_of(*rules, &plain), &range) &&
		    addr_in_range(sa, &range))
			return true;
	return false;
}
