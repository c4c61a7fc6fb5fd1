/*
 * The response of an answer that is to be stored: it is kept before the client
 * has its last event, so that the next request can't come too early.
 */
#ifndef KEEP_H
#define KEEP_H

#include <stdbool.h>

struct exchange;
struct responses_keeper;
struct restored;

/* It keeps the response, until x is reset; takes over what is in the struct. */
struct responses_keeper keep_create(struct exchange *x,
	    struct restored *take, bool stream);

#endif
