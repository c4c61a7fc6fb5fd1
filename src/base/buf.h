/* Bytes that grow, always NUL-terminated. Zeroed memory is an empty buffer. */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char	*p;	/* NULL until something is added, else p[len] == '\0' */
	size_t	 len;
	size_t	 cap;
};

void	 buf_grow(struct buf *, size_t more);	/* of buf_reserve() */
void	 buf_append(struct buf *, const void *, size_t);
void	 buf_int(struct buf *, int64_t);	/* in base 10 */
void	 buf_printf(struct buf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	 buf_consume(struct buf *, size_t n);	/* drop the first n bytes */
void	 buf_truncate(struct buf *, size_t len);	/* keep the memory */
const char *buf_str(const struct buf *);		/* never NULL */
char	*buf_steal(struct buf *);		/* its bytes; empties it */
void	 buf_finish(struct buf *);

/* Room for so many more bytes. Nearly always it is there already. */
static inline void
buf_reserve(struct buf *b, size_t more)
{
	if (more >= b->cap - b->len)
		buf_grow(b, more);
}

static inline void
buf_putc(struct buf *b, char c)
{
	buf_reserve(b, 1);
	b->p[b->len++] = c;
	b->p[b->len] = '\0';
}

static inline void
buf_puts(struct buf *b, const char *s)
{
	buf_append(b, s, strlen(s));
}

#endif
