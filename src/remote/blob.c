/* Bytes that were fetched, and what they are. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "remote/blob.h"

#define PDF_WITHIN 1024		/* readers look so far for its mark */

static const struct {
	size_t		 at, n;
	const char	*mark;
	size_t		 at2, n2;
	const char	*mark2;		/* which has to be there, too */
	const char	*type;
} marks[] = {
	{ 0, 8, "\x89PNG\r\n\x1a\n",	0, 0, "",	"image/png" },
	{ 0, 3, "\xff\xd8\xff",		0, 0, "",	"image/jpeg" },
	{ 0, 6, "GIF87a",		0, 0, "",	"image/gif" },
	{ 0, 6, "GIF89a",		0, 0, "",	"image/gif" },
	{ 0, 4, "RIFF",			8, 4, "WEBP",	"image/webp" },
};

static bool
has(const char *p, size_t n, size_t at, const char *mark, size_t len)
{
	return n >= at + len && memcmp(p + at, mark, len) == 0;
}

const char *
remote_type(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < COUNT(marks); i++)
		if (has(p, n, marks[i].at, marks[i].mark, marks[i].n) &&
		    has(p, n, marks[i].at2, marks[i].mark2, marks[i].n2))
			return marks[i].type;
	if (n > 0 && memmem(p, n < PDF_WITHIN ? n : PDF_WITHIN, "%PDF-",
	    5) != NULL)
		return "application/pdf";
	return NULL;
}

struct remote_blob *
remote_blob_create(const char *type, struct buf *bytes)
{
	struct remote_blob *b = xcalloc(1, sizeof(*b));

	b->refs = 1;
	b->type = type;
	b->bytes = *bytes;
	*bytes = (struct buf){ 0 };
	return b;
}

struct remote_blob *
remote_blob_ref(struct remote_blob *b)
{
	b->refs++;
	return b;
}

void
remote_blob_unref(struct remote_blob *b)
{
	if (b == NULL || --b->refs > 0)
		return;
	buf_finish(&b->bytes);
	free(b);
}
