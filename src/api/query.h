/*
 * Query parameters with a meaning: integers, lists of what to include, and
 * which page of a list is wanted.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

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
	bool	 ascending;
	char	*after;		/* an id; NULL: from the beginning */
};

/*
 * "ascending" is its order if none is asked for. False with "err" set. Release
 * with query_page_finish() in any case.
 */
bool	query_page_read(struct query_page *, const struct request *,
	    bool ascending, struct err *);
void	query_page_finish(struct query_page *);
/*
 * The page of these, oldest first and each with its id, as a list. NULL with
 * "err" set: there is no such "what" as the page is to be behind.
 */
json_object *query_page_list(const struct query_page *, json_object *items,
	    const char *what, struct err *);

/* NAME[KEY]=VALUE, each a pair: an object of strings, yours; NULL: none. */
json_object *query_pairs(const struct request *, const char *name);

#endif
