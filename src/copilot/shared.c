/* The names that hosts share, and the token under seal. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/js.h"
#include "base/mac.h"
#include "base/util.h"
#include "copilot/github.h"
#include "copilot/shared.h"
#include "copilot/token.h"

#define NONCE	12			/* NIST SP 800-38D */
#define TAG	16

/* A key for one purpose, or a name that says nothing of the secret. */
static void
derive(const char *secret, const char *what, const char *of,
    uint8_t out[static MAC_SIZE])
{
	struct mac m;

	mac_begin(&m, secret);
	mac_add(&m, what, strlen(what) + 1);
	mac_add(&m, of, strlen(of));
	mac_end(&m, out);
}

void
shared_name(const char *secret, const char *kind, const char *of,
    char out[static SHARED_NAME_SIZE])
{
	uint8_t	mac[MAC_SIZE];
	size_t	n, i;

	derive(secret, kind, of, mac);
	n = (size_t)snprintf(out, SHARED_NAME_SIZE, "%s-", kind);
	for (i = 0; n + 3 <= SHARED_NAME_SIZE && i < 16; i++, n += 2)
		snprintf(out + n, 3, "%02x", mac[i]);
}

/* --- Hex. */

static void
put_hex(struct buf *out, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_printf(out, "%02x", p[i]);
}

static int
digit(char c)
{
	static const char	 digits[] = "0123456789abcdef";
	const char		*at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static bool
get_hex(const struct buf *text, struct buf *out)
{
	size_t	i;
	int	high, low;

	for (i = 0; i + 1 < text->len; i += 2) {
		high = digit(text->p[i]);
		low = digit(text->p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		buf_putc(out, (char)(high << 4 | low));
	}
	return i == text->len;
}

/* --- The seal: nonce, what is sealed, tag. */

static bool
seal(const uint8_t *key, const uint8_t *nonce, const struct buf *plain,
    uint8_t *out)
{
	EVP_CIPHER_CTX	*c = EVP_CIPHER_CTX_new();
	int		 n;
	bool		 ok;

	ok = c != NULL &&
	    EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
	    EVP_EncryptUpdate(c, out, &n, (const uint8_t *)plain->p,
	    (int)plain->len) == 1 &&
	    EVP_EncryptFinal_ex(c, out + plain->len, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG,
	    out + plain->len) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

static bool
unseal(const uint8_t *key, uint8_t *sealed, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX	*c = EVP_CIPHER_CTX_new();
	uint8_t		*tag = sealed + NONCE + n;
	int		 len;
	bool		 ok;

	ok = c != NULL &&
	    EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
	    EVP_DecryptUpdate(c, out, &len, sealed + NONCE, (int)n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
	    EVP_DecryptFinal_ex(c, out + n, &len) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

bool
shared_seal(const char *secret, const struct copilot_token *tok,
    struct buf *out)
{
	json_object	*obj = json_object_new_object();
	struct buf	 plain = { 0 };
	uint8_t		 key[MAC_SIZE], nonce[NONCE], *sealed;
	bool		 ok;

	js_add_str(obj, "api", tok->api);
	js_add_str(obj, "token", tok->value);
	js_print(obj, &plain);
	json_object_put(obj);
	sealed = xmalloc(plain.len + TAG);
	derive(secret, "seal", "", key);
	util_random(nonce, sizeof(nonce));
	if ((ok = seal(key, nonce, &plain, sealed))) {
		put_hex(out, nonce, sizeof(nonce));
		put_hex(out, sealed, plain.len + TAG);
	}
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(plain.p, plain.len);
	buf_finish(&plain);
	free(sealed);
	return ok;
}

static bool
read_token(const char *text, size_t n, int64_t now, int64_t left,
    struct copilot_token *tok)
{
	json_object		*obj = js_parse_quiet(text, n);
	const char		*value = js_str(obj, "token");
	const char		*api = js_str(obj, "api");
	struct github_exchange	 ex = { .refresh_in = left };
	bool			 ok;

	ok = value != NULL && value[0] != '\0' &&
	    strpbrk(value, "\r\n") == NULL;
	if (ok) {
		ex.token = xstrdup(value);
		ex.api = api != NULL ? xstrdup(api) : NULL;
		copilot_token_set(tok, &ex, now);
		github_exchange_finish(&ex);
	}
	json_object_put(obj);
	return ok;
}

bool
shared_open(const char *secret, const struct buf *text, int64_t now,
    int64_t left, struct copilot_token *tok)
{
	struct buf	sealed = { 0 };
	uint8_t		key[MAC_SIZE], *plain;
	size_t		n;
	bool		ok = false;

	derive(secret, "seal", "", key);
	if (get_hex(text, &sealed) && sealed.len > NONCE + TAG) {
		n = sealed.len - NONCE - TAG;
		plain = xmalloc(n);
		ok = unseal(key, (uint8_t *)sealed.p, n, plain) &&
		    read_token((const char *)plain, n, now, left, tok);
		OPENSSL_cleanse(plain, n);
		free(plain);
	}
	OPENSSL_cleanse(key, sizeof(key));
	buf_finish(&sealed);
	return ok;
}
