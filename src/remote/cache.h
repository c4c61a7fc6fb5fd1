/*
 * Bytes that were fetched lately: an address gives the same ones in all turns
 * of a conversation, since a prompt that changes is not found in upstream's
 * cache. Used by the loop's thread only.
 */
#ifndef REMOTE_CACHE_H
#define REMOTE_CACHE_H

#include <stddef.h>

struct budget;
struct remote_blob;
struct remote_cache;

struct remote_cache *remote_cache_create(struct budget *);
void	remote_cache_destroy(struct remote_cache *);

/*
 * "scope" tells whose and which conversation's it is: nobody sees what another
 * one fetched. A reference, or NULL.
 */
struct remote_blob *remote_cache_get(struct remote_cache *, const char *scope,
	    const char *address);
/* Keep it in place of what was; what was used longest ago makes room. */
void	remote_cache_put(struct remote_cache *, const char *scope,
	    const char *address, struct remote_blob *);

#endif
