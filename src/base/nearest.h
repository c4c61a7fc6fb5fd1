/* "Did you mean": which known word a mistyped one is nearest to. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

struct nearest {
	const char	*word;		/* the mistyped one; borrowed */
	const char	*best;	/* NULL: none is near enough; borrowed */
	size_t		 distance;	/* of the best */
};

/* Words that differ in more than a third of their letters are not near. */
void	nearest_init(struct nearest *, const char *word);
/* Compare one more known word; the first of equally near ones stays. */
void	nearest_try(struct nearest *, const char *known);

/*
 * In how many letters two words differ: one too many, one missing, another
 * one, or two changed places (optimal string alignment). Case does not count;
 * words of more than 64 bytes are as far as can be.
 */
size_t	nearest_distance(const char *, const char *);

#endif
