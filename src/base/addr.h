/* Internet addresses: which are public, which are in a range. */
#ifndef ADDR_H
#define ADDR_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addr_range {
	int	 family;		/* AF_INET or AF_INET6 */
	uint8_t	 bytes[16];		/* in the order of the network */
	unsigned bits;			/* of them that count */
};

/*
 * Is it one that anybody on the internet may be reached at? Not so: this
 * machine, private networks, the link, carriers' NAT, multicast, documentation,
 * clouds' metadata; and in IPv6 only 2000::/3 is, without what has an IPv4
 * address in it (mapped, NAT64, 6to4, Teredo). The lists are IANA's
 * special-purpose registries (RFC 6890 and what updates it).
 */
bool	addr_is_public(const struct sockaddr *);

/* Read "10.1.0.0/16", "10.1.2.3", "fd00::/8"; false when it is none. */
bool	addr_range_read(const char *text, struct addr_range *);
bool	addr_in_range(const struct sockaddr *, const struct addr_range *);

#endif
