/* A form with files (multipart/form-data, RFC 7578). */
#ifndef FORM_H
#define FORM_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Unclear is what two readers may read differently: a field that is there
 * twice, a part without a plain name, a line that only looks like a boundary,
 * and what is no form to its end.
 */
enum form_found { FORM_NONE, FORM_ONE, FORM_UNCLEAR };

/*
 * The value of the one field of that name, in whatever case: its bytes are
 * "len" from "at" on. "type" is the Content-Type, which has the boundary. With
 * FORM_NONE "at" is where a part can be put in.
 */
enum form_found	form_field(const char *type, const char *p, size_t n,
		    const char *name, size_t *at, size_t *len);

/* A part of such a form, to be put in; "name" and "value" are plain. */
void	form_part(const char *type, const char *name, const char *value,
	    struct buf *out);

/*
 * The Content-Type with nothing but the boundary that form_field() goes by;
 * yours. NULL: there is none.
 */
char	*form_type(const char *type);

#endif
