/* A form with files (multipart/form-data, RFC 7578). */
#ifndef FORM_H
#define FORM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The value of the first field of that name: its bytes are "len" from "at" on.
 * "type" is the Content-Type, which has the boundary. False when there is none,
 * or the form is damaged before it.
 */
bool	form_field(const char *type, const char *p, size_t n, const char *name,
	    size_t *at, size_t *len);

#endif
