/*
 * Several answers of one request, put together: the choices of chat
 * completions, or of OpenAI's first protocol, that were asked for one by one.
 * Each is tapped before it is printed (chat/wanted.h).
 */
#ifndef JOIN_H
#define JOIN_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct buf;
struct chat_tap;
struct join;
struct join_part;
struct usage;

/* Of n answers; what they become goes on to that tap, if there is one. */
struct join *join_create(size_t n, bool stream, const struct chat_tap *);
void	join_destroy(struct join *);			/* NULL is fine */

/*
 * The tap of answer k, on any thread: its events go out with its index, and as
 * parts of the first answer; its end and usage are kept for that of all. A
 * whole is kept. NULL: no tap.
 */
struct join_part *join_part(struct join *, size_t k);
struct chat_tap join_tap(struct join_part *);

/* Answer k has ended. False: with an error, as its last event. */
bool	join_add(struct join *, size_t k);

/* Behind all of them: the end of the stream, or what all became. */
void	join_end(struct join *, const struct usage *sum, struct buf *out);

/* Does the tap keep it? Then, on a worker: it does. */
bool	join_keeps(const struct join *);
void	join_keep(struct join *);

#endif
