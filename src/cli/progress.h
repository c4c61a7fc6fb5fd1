/*
 * A line on the terminal that says what a command waits for, once that takes
 * more than a second, and goes when it is done. Files and pipes get nothing.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct err;
struct http;
struct http_reply;
struct http_request;
struct progress;

/*
 * "what" is said; it is kept by reference. Nothing may be printed before
 * progress_end(), but what goes to a file.
 */
struct progress *progress_begin(const char *what);
/* So many are done; of how many, 0 where that isn't known. */
void	 progress_count(struct progress *, int64_t done, int64_t all);
void	 progress_end(struct progress *);

/* http_fetch() with such a line. */
bool	 progress_fetch(const char *what, struct http *, const struct conf *,
	    const struct http_request *, struct http_reply *, struct err *);

#endif
