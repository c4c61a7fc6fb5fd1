/* The request that a run sends, made once and sent again and again. */
#ifndef POST_H
#define POST_H

#include <stddef.h>

struct plan;

struct post {
	char	*p;	/* header and body */
	size_t	 len;
};

/* The caller calls post_finish(). Ends the program when memory is short. */
struct post post_create(const struct plan *);
void	 post_finish(struct post *);

#endif
