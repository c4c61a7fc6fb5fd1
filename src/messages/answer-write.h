/* A sink that prints an answer as Anthropic's: events, or a whole Message. */
#ifndef MESSAGES_ANSWER_WRITE_H
#define MESSAGES_ANSWER_WRITE_H

#include <stdbool.h>

struct sink;

struct messages_writing {
	const char	*model;		/* as the client shall see it */
	const char	*vendor;	/* of the model, "" when not known */
	const char	*request_id;
	bool		 stream;
	bool		 thoughts;	/* the client wants them */
	bool		 shown;		/* it wants to see their text */
};

struct sink *messages_write_create(const struct messages_writing *);

#endif
