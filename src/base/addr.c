/* Addresses of the internet protocols. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/util.h"

/* Nobody else can be reached at these, see the header. */
static const char *const closed4[] = {
	"0.0.0.0/8",		/* "this" network */
	"10.0.0.0/8",		/* private */
	"100.64.0.0/10",	/* carriers' NAT; Alibaba's metadata */
	"127.0.0.0/8",		/* this machine */
	"168.63.129.16",	/* Azure's host, public by its number only */
	"169.254.0.0/16",	/* the link; most clouds' metadata */
	"172.16.0.0/12",	/* private */
	"192.0.0.0/24",		/* protocols; Oracle's metadata */
	"192.0.2.0/24",		/* documentation */
	"192.88.99.0/24",	/* 6to4 relays */
	"192.168.0.0/16",	/* private */
	"198.18.0.0/15",	/* benchmarks */
	"198.51.100.0/24",	/* documentation */
	"203.0.113.0/24",	/* documentation */
	"224.0.0.0/3"		/* multicast, reserved, broadcast */
};

/* Within 2000::/3. */
static const char *const closed6[] = {
	"2001::/23",		/* protocols; Teredo */
	"2001:db8::/32",	/* documentation */
	"2002::/16",		/* 6to4 */
	"3ffe::/16",		/* the 6bone, given back */
	"3fff::/20"		/* documentation */
};

static const char open6[] = "2000::/3";

/* The bytes of an address; NULL for other families. */
static const uint8_t *
bytes_of(const struct sockaddr *sa)
{
	const void *p;

	if (sa->sa_family == AF_INET)
		p = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	else if (sa->sa_family == AF_INET6)
		p = &((const struct sockaddr_in6 *)(const void *)
		    sa)->sin6_addr;
	else
		p = NULL;
	return p;
}

bool
addr_range_read(const char *text, struct addr_range *r)
{
	char	 host[INET6_ADDRSTRLEN];
	size_t	 n = strcspn(text, "/");
	int64_t	 bits = -1;
	unsigned most;

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	*r = (struct addr_range){ .family = strchr(host, ':') != NULL ?
	    AF_INET6 : AF_INET };
	most = r->family == AF_INET6 ? 128 : 32;
	if (inet_pton(r->family, host, r->bytes) != 1)
		return false;
	if (text[n] == '/' && (!util_parse_int64(text + n + 1, &bits) ||
	    bits < 0 || bits > (int64_t)most))
		return false;
	r->bits = bits < 0 ? most : (unsigned)bits;
	return true;
}

bool
addr_in_range(const struct sockaddr *sa, const struct addr_range *r)
{
	const uint8_t	*b = bytes_of(sa);
	unsigned	 whole = r->bits / 8, rest = r->bits % 8;

	if (b == NULL || sa->sa_family != r->family ||
	    memcmp(b, r->bytes, whole) != 0)
		return false;
	return rest == 0 || (b[whole] ^ r->bytes[whole]) >> (8 - rest) == 0;
}

static bool
in_any(const struct sockaddr *sa, const char *const *list, size_t n)
{
	struct addr_range	r;
	size_t			i;

	for (i = 0; i < n; i++)
		if (addr_range_read(list[i], &r) && addr_in_range(sa, &r))
			return true;
	return false;
}

bool
addr_is_public(const struct sockaddr *sa)
{
	const char *const open[] = { open6 };

	if (sa->sa_family == AF_INET)
		return !in_any(sa, closed4, COUNT(closed4));
	return sa->sa_family == AF_INET6 && in_any(sa, open, 1) &&
	    !in_any(sa, closed6, COUNT(closed6));
}
