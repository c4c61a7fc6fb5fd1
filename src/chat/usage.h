/* Usage as chat completions have it. */
#ifndef CHAT_USAGE_H
#define CHAT_USAGE_H

#include <json-c/json.h>

struct buf;
struct peek;
struct usage;

/*
 * Make a usage object, upstream's or an empty one, OpenAI's: these counts, and
 * what they cost if the client is told. Its other members stay.
 */
void	chat_usage_write(json_object *, const struct usage *);
/*
 * The same of the text of one, printed: without a tree where it says these
 * counts already.
 */
void	chat_usage_print(const struct peek *, const struct usage *,
	    struct buf *);
/* A new one, with the details that OpenAI's completions have always. */
json_object *chat_usage_new(const struct usage *);

#endif
