/* HMAC-SHA-256. */
#include "config.h"

#include <string.h>

#include "base/mac.h"

#define BLOCK SHA256_BLOCK_LENGTH

static void
begin_with(SHA2_CTX *c, const uint8_t key[static BLOCK], uint8_t pad)
{
	uint8_t	block[BLOCK];
	size_t	i;

	for (i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	SHA256Init(c);
	SHA256Update(c, block, sizeof(block));
}

void
mac_begin(struct mac *m, const char *key)
{
	uint8_t		block[BLOCK] = { 0 };
	SHA2_CTX	c;
	size_t		n = strlen(key);

	if (n <= BLOCK)
		memcpy(block, key, n);
	else {
		SHA256Init(&c);
		SHA256Update(&c, (const uint8_t *)key, n);
		SHA256Final(block, &c);
	}
	begin_with(&m->inner, block, 0x36);
	begin_with(&m->outer, block, 0x5c);
}

void
mac_add(struct mac *m, const void *p, size_t n)
{
	SHA256Update(&m->inner, p, n);
}

void
mac_end(struct mac *m, uint8_t out[static MAC_SIZE])
{
	SHA256Final(out, &m->inner);
	SHA256Update(&m->outer, out, MAC_SIZE);
	SHA256Final(out, &m->outer);
}
