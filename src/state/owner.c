/* The owner of stored responses: a hash in place of the client key. */
#include "config.h"

#include <sys/types.h>

#include <string.h>

#include <sha256.h>

#include "state/stored.h"

_Static_assert(STATE_OWNER_SIZE == SHA256_DIGEST_STRING_LENGTH,
    "the hash fits");

void
state_owner(const char *key, char out[static STATE_OWNER_SIZE])
{
	if (key == NULL)
		out[0] = '\0';
	else
		SHA256Data((const uint8_t *)key, strlen(key), out);
}
