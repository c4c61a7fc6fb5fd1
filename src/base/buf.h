/* Bytes that grow, always NUL-terminated. Zeroed memory is an empty buffer. */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	char	*p;	/* NULL until something is added, else p[len] == '\0' */
	size_t	 len;
	size_t	 cap;
};

void	 buf_append(struct buf *, const void *, size_t);
void	 buf_puts(struct buf *, const char *);
void	 buf_putc(struct buf *, char);
void	 buf_int(struct buf *, int64_t);	/* in base 10 */
void	 buf_printf(struct buf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	 buf_reserve(struct buf *, size_t more); /* room for so many more */
void	 buf_consume(struct buf *, size_t n);	/* drop the first n bytes */
void	 buf_truncate(struct buf *, size_t len);	/* keep the memory */
const char *buf_str(const struct buf *);		/* never NULL */
char	*buf_steal(struct buf *);		/* its bytes; empties it */
void	 buf_finish(struct buf *);

#endif
