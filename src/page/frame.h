/* The frame around what browsers get, and what they post. */
#ifndef PAGE_FRAME_H
#define PAGE_FRAME_H

#include <stdbool.h>

struct buf;
struct exchange;
struct request;

/*
 * Begin the reply: status, type (static), and the headers that keep other sites
 * from framing, reading or feeding it.
 */
void	frame_begin(struct exchange *, int status, const char *type);

void	frame_head(const struct exchange *, struct buf *out);
void	frame_foot(struct buf *out);
/* Post the key again, or forget it; nothing where there is no key. */
void	frame_again(const struct exchange *, struct buf *out);

/*
 * Is it our own page that posts? A browser says so, an older one by the origin
 * alone. A post from another site would show its user the page of somebody
 * else's key, who then signs in for that.
 */
bool	frame_is_ours(const struct request *);
/* A field of the form that was posted; yours. NULL: it is not there. */
char	*frame_posted(const struct exchange *, const char *name);

#endif
