/* HMAC-SHA-256. */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/mac.h"
#include "base/util.h"

#define BLOCK 64	/* of SHA-256 */

/* Looked up once: that takes longer than to hash a kilobyte. */
static EVP_MD		*sha256;
static pthread_once_t	 once = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/* A call that fails here lacks memory, or OpenSSL's own modules. */
static void
check(int ok)
{
	if (ok != 1)
		die("OpenSSL has no SHA-256");
}

static EVP_MD_CTX *
begin_with(const uint8_t key[static BLOCK], uint8_t pad)
{
	EVP_MD_CTX	*c = EVP_MD_CTX_new();
	uint8_t		 block[BLOCK];
	size_t		 i;

	for (i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	check(c != NULL && EVP_DigestInit_ex2(c, sha256, NULL));
	check(EVP_DigestUpdate(c, block, sizeof(block)));
	return c;
}

void
mac_begin(struct mac *m, const char *key)
{
	uint8_t		block[BLOCK] = { 0 };
	size_t		n = strlen(key);

	pthread_once(&once, fetch);
	check(sha256 != NULL);
	if (n <= BLOCK)
		memcpy(block, key, n);
	else
		check(EVP_Digest(key, n, block, NULL, sha256, NULL));
	m->inner = begin_with(block, 0x36);
	m->outer = begin_with(block, 0x5c);
}

void
mac_add(struct mac *m, const void *p, size_t n)
{
	check(EVP_DigestUpdate(m->inner, p, n));
}

void
mac_end(struct mac *m, uint8_t out[static MAC_SIZE])
{
	check(EVP_DigestFinal_ex(m->inner, out, NULL));
	check(EVP_DigestUpdate(m->outer, out, MAC_SIZE));
	check(EVP_DigestFinal_ex(m->outer, out, NULL));
	EVP_MD_CTX_free(m->inner);
	EVP_MD_CTX_free(m->outer);
}
