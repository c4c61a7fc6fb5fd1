/*
 * An HTTP/1.1 answer, read as its bytes arrive, however they are cut: body
 * with a length, chunked, or ended by the close of the connection.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWER_LINE_MAX	8192	/* one header line, or a chunk's size line */
#define ANSWER_HEAD_MAX	65536	/* all header lines, trailers included */

enum answer_result {
	ANSWER_MORE,		/* not complete yet */
	ANSWER_DONE,
	ANSWER_BAD		/* not HTTP, or bytes behind its end */
};

enum answer_state {
	ANSWER_STATUS,
	ANSWER_HEADER,
	ANSWER_BODY_LENGTH,
	ANSWER_BODY_CLOSE,
	ANSWER_CHUNK_SIZE,
	ANSWER_CHUNK_DATA,
	ANSWER_CHUNK_END,
	ANSWER_TRAILER,
	ANSWER_END
};

struct answer {
	enum answer_state state;
	int		 status;
	bool		 keep_alive;	/* may the connection be used again? */
	bool		 chunked;
	bool		 has_length;
	uint64_t	 left;		/* of the body, or of this chunk */
	size_t		 head;		/* header bytes so far */
	size_t		 len;
	char		 line[ANSWER_LINE_MAX];
};

/* Called with each piece of the body, which is gone after the call. */
typedef void answer_body(void *arg, const char *p, size_t n);

void	 answer_init(struct answer *);
bool	 answer_begun(const struct answer *);	/* has any byte come? */
enum answer_result answer_feed(struct answer *, const char *p, size_t n,
	    answer_body *, void *arg);
/* The connection was closed: was that the end of the answer? */
enum answer_result answer_eof(struct answer *);

#endif
