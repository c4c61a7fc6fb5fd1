/*
 * What comes of a request, record by record, cut anywhere (FastCGI
 * specification, 3.3): its header, which is BEGIN_REQUEST and PARAMS up to an
 * empty one, and its body, which is STDIN up to an empty one.
 */
#ifndef INCOMING_H
#define INCOMING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define INCOMING_HEADER_MAX (256u << 10)	/* web servers allow 64 kB */
#define INCOMING_RECORD		8	/* bytes before what is in one */

enum incoming_state {
	INCOMING_MORE,		/* it goes on */
	INCOMING_HEADER,	/* that is whole */
	INCOMING_BODY,		/* this is of the body: in->piece */
	INCOMING_END,		/* and that was all */
	INCOMING_ABORT,		/* the web server wants no answer */
	INCOMING_FOREIGN,	/* this is not FastCGI */
	INCOMING_LARGE		/* a header without measure */
};

/* Where a request is. */
enum incoming_part { BEFORE_REQUEST, IN_HEADER, IN_BODY };

/* Zeroed memory is one before its first byte. */
struct incoming {
	enum incoming_part	 part;
	int			 id;		/* the request's */
	bool			 keep;		/* FCGI_KEEP_CONN */
	struct buf		 params;	/* names and values so far */
	struct buf		 few;	/* of a record read as a whole */
	struct buf		 reply;		/* for the web server */
	const unsigned char	*piece;		/* INCOMING_BODY: borrowed */
	size_t			 npiece;
	/* The record that is under way, and what of it is still to come. */
	unsigned char		 head[INCOMING_RECORD];
	unsigned		 nhead;
	size_t			 content, padding;
};

/*
 * Read from *p on, up to "end" or to something else than INCOMING_MORE. Behind
 * an end, and before the next beginning, everything is passed over.
 */
enum incoming_state incoming_feed(struct incoming *, const unsigned char **p,
	    const unsigned char *end);
/* Has a request begun, or at least a record? */
bool	incoming_begun(const struct incoming *);
/*
 * A whole header as NULL-terminated "NAME=value", once. NULL: its lengths are
 * wrong.
 */
char	**incoming_env(struct incoming *);
void	incoming_env_free(struct incoming *, char **env);
/*
 * So many of the bytes that come next are the body's: whoever reads them
 * elsewhere says so.
 */
size_t	incoming_direct(const struct incoming *);
void	incoming_passed(struct incoming *, size_t n);
/* Is no record under way? */
bool	incoming_between(const struct incoming *);
/* The request is over, wherever it was. */
void	incoming_forget(struct incoming *);
void	incoming_finish(struct incoming *);

#endif
