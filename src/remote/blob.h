/* Bytes that were fetched: shared by threads, never changed, counted. */
#ifndef REMOTE_BLOB_H
#define REMOTE_BLOB_H

#include <stddef.h>

#include "base/buf.h"

struct remote_blob {
	_Atomic int	 refs;
	const char	*type;		/* a media type; static */
	struct buf	 bytes;
};

/*
 * Tell PNG, JPEG, GIF, WebP or PDF, as a media type, by the first bytes. NULL:
 * none of these. The server's word for it does not count.
 */
const char *remote_type(const char *, size_t n);

/* "bytes" is emptied. */
struct remote_blob *remote_blob_create(const char *type, struct buf *bytes);
struct remote_blob *remote_blob_ref(struct remote_blob *);
void	remote_blob_unref(struct remote_blob *);	/* NULL is fine */

#endif
