/* HMAC-SHA-256 (RFC 2104): a hash that nobody can make without the key. */
#ifndef MAC_H
#define MAC_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include <sha256.h>

#define MAC_SIZE SHA256_DIGEST_LENGTH

struct mac {
	SHA2_CTX	inner, outer;
};

void	mac_begin(struct mac *, const char *key);
void	mac_add(struct mac *, const void *, size_t);
void	mac_end(struct mac *, uint8_t[static MAC_SIZE]);

#endif
