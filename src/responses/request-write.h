/* A turn as a Responses request for upstream. */
#ifndef RESPONSES_REQUEST_WRITE_H
#define RESPONSES_REQUEST_WRITE_H

struct buf;
struct lesson;
struct model;
struct terms;
struct turn;

/*
 * Append the body that says what the turn says, to the model "upstream" ("info"
 * may be NULL), without what upstream taught that it refuses. Thoughts that
 * /responses did not make are left out. "terms" is begun; release it with
 * terms_finish().
 */
void	responses_request_write(const struct turn *, const char *upstream,
	    const struct model *info, const struct lesson *, struct terms *,
	    struct buf *body);

#endif
