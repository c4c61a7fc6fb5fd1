/* Usage as Responses have it. */
#ifndef RESPONSES_USAGE_H
#define RESPONSES_USAGE_H

#include <json-c/json.h>

struct usage;

/*
 * Make a usage object, upstream's or an empty one, OpenAI's: these counts, and
 * what they cost if the client is told. Its other members stay.
 */
void	responses_usage_write(json_object *, const struct usage *);
/* One of its own; NULL: upstream said nothing. */
json_object *responses_usage_new(const struct usage *);

/* Note what an event, or a whole response in its place, says. */
void	responses_usage_read(struct usage *, json_object *event,
	    json_object *response);

#endif
