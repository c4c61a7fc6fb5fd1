/*
 * What will be sent: status, headers, and either one body or the events of a
 * stream. Made whole by a handler, then sent by the player; only the benchmark
 * makes its events while they are due.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

struct answer {
	int		 status;	/* 0: nothing has been said yet */
	char		*type;
	struct buf	 headers;	/* "Name: value\r\n" each */
	bool		 stream;
	bool		 plain;		/* without Copilot's headers */
	struct buf	 text;		/* the body, or all events in a row */
	size_t		*ends;		/* where each event ends in text */
	size_t		 n, cap;

	/* Makes the next event; false when it was the last. Streams only. */
	bool		(*next)(void *arg, struct buf *out);
	void		 *arg;		/* free()d with the answer */
	int64_t		 every_ns;	/* the source's own pace */
};

void	answer_finish(struct answer *);
void	answer_header(struct answer *, const char *name, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* Forgets the body and starts one of that status and type. */
void	answer_begin(struct answer *, int status, const char *type);
void	answer_json(struct answer *, int status, json_object *);

/* Write an event to ans->text, then mark its end. */
void	answer_stream(struct answer *);		/* 200 text/event-stream */
void	answer_mark(struct answer *);
/* A chat event is jt() between these two. */
void	answer_data(struct answer *);		/* "data: " */
void	answer_data_end(struct answer *);	/* "\n\n" and the mark */

/*
 * What a scenario does to the events: error_chunk, bare_json_error_line,
 * comments, crlf.
 */
void	answer_spoil(struct answer *, json_object *scn);

#endif
