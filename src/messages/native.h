/* A Messages request: from the client's form to Copilot's /v1/messages. */
#ifndef MESSAGES_NATIVE_H
#define MESSAGES_NATIVE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "copilot/lessons.h"

struct body;
struct buf;
struct err;
struct model;

struct messages_request {
	/* Filled in by the caller; "obj" passed messages_check(). */
	json_object		*obj;
	const char		*model;		/* as upstream knows it */
	const struct model	*info;		/* NULL: not known */
	const char		*betas;		/* the client's, or NULL */
	struct lesson		 lesson;
	bool			 counts;	/* only tokens */
	bool			 cache;	/* the prompt shall be cached */
	bool			 unsealed;	/* leave out the thoughts */
	bool			 edited; /* "messages" differ from the text */
	bool			 usual;		/* see messages/usual.h */
	bool			 marked;	/* they have a cache mark */
	/* The result. */
	bool			 vision;
	char			*header;	/* anthropic-beta, or NULL */
};

/*
 * Append upstream's body: the bytes of "text", which "obj" was read from and
 * which is lent to it, but for what upstream refuses. Changes the tree. False
 * with "err" set to a 400.
 */
bool	messages_body(struct messages_request *, const char *text, size_t n,
	    struct body *out, struct err *);
void	messages_request_finish(struct messages_request *);

#endif
