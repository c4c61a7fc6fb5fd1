/*
 * Where the lighttpd of "start" keeps request bodies until they are whole: it
 * does so before any key was looked at, so there has to be an end of it.
 */
#ifndef UPLOADS_H
#define UPLOADS_H

#include <stdbool.h>
#include <stdint.h>

struct err;

struct uploads {
	char		*dir;		/* ours alone */
	bool		 made;		/* and has to be removed */
	uint64_t	 most;		/* bytes in it */
};

/*
 * Choose a place with room for a body of that size: "runtime", which exists, or
 * a directory in "home" where the former is made of memory. False with "err"
 * when there is none.
 */
bool	uploads_prepare(struct uploads *, const char *runtime,
	    const char *home, int64_t body_max, struct err *);
/*
 * To be called now and then. When there is too much the largest bodies are cut
 * off, which ends their requests.
 */
void	uploads_watch(const struct uploads *);
void	uploads_finish(struct uploads *);

/* May this stand between the quotes of a lighttpd configuration? */
bool	uploads_plain_path(const char *);
/* Remove a directory of ours alone, which holds files only. */
void	uploads_remove_dir(const char *);

#endif
