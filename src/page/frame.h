/* The frame around what browsers get, and what they post. */
#ifndef PAGE_FRAME_H
#define PAGE_FRAME_H

struct buf;
struct exchange;

/*
 * Begin the reply: status, type (static), and the headers that keep other sites
 * from framing, reading or feeding it.
 */
void	frame_begin(struct exchange *, int status, const char *type);

void	frame_head(const struct exchange *, struct buf *out);
void	frame_foot(struct buf *out);
/* Post the key again, or forget it; nothing where there is no key. */
void	frame_again(const struct exchange *, struct buf *out);

/* A field of the form that was posted; yours. NULL: it is not there. */
char	*frame_posted(const struct exchange *, const char *name);

#endif
