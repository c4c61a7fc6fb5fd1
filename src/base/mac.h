/* HMAC-SHA-256 (RFC 2104): a hash that nobody can make without the key. */
#ifndef MAC_H
#define MAC_H

#include <stddef.h>
#include <stdint.h>

#define MAC_SIZE 32

struct evp_md_ctx_st;

/* From mac_begin() to mac_end(), which has to be called. */
struct mac {
	struct evp_md_ctx_st	*inner, *outer;
};

void	mac_begin(struct mac *, const char *key);
void	mac_add(struct mac *, const void *, size_t);
void	mac_end(struct mac *, uint8_t[static MAC_SIZE]);

#endif
