/*
 * Query parameters with a meaning: integers, lists of what to include, and
 * which page of a list is wanted.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct request;

/* *n stays as it is when it is absent. False with "err" set: no integer. */
bool	query_int(const struct request *, const char *name, int64_t *n,
	    struct err *);
bool	query_is(const struct request *, const char *name, const char *value);
/* Is "what" asked for: include[]=WHAT, include=WHAT, or in one with commas? */
bool	query_includes(const struct request *, const char *what);

/*
 * The values of a list: NAME[]=A, NAME=A, several times or in one with commas.
 * One of them, NULL behind the last; is there any; is this one of them?
 */
char	*query_list_at(const struct request *, const char *name, size_t i);
bool	 query_list_given(const struct request *, const char *name);
bool	 query_list_has(const struct request *, const char *name,
	    const char *value);

/* A page of a list, as OpenAI's cursors ask for it. */
struct query_page {
	int64_t	 limit;		/* 1 to 100; 20 */
	bool	 ascending;	/* order: "desc" unless "asc" is asked for */
	char	*after;		/* an id; NULL: from the beginning */
};

/* False with "err" set. Release with query_page_finish() in any case. */
bool	query_page_read(struct query_page *, const struct request *,
	    struct err *);
void	query_page_finish(struct query_page *);

#endif
