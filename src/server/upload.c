/* The body of a FastCGI request, read as it comes, within limits. */
#include "config.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/util.h"
#include "server/incoming.h"
#include "server/upload.h"

#define PIECE		16384	/* read behind what is known to be the body's */
#define BEHIND		64	/* likewise, if that is more: the next head */
#define DROP_MAX	(1 << 20)	/* of a refused body, in here */
#define STEP_MAX	(1u << 20)	/* of memory for a body */
#define TURN_MAX	(256u << 10)	/* then others get their turn */

/*
 * How slow an upload may be: how long nothing may come, and, when it has gone
 * on for a while, at what rate.
 */
#define SILENCE_MS	30000
#define GRACE_MS	30000
#define RATE		4	/* bytes a millisecond */

void
upload_begin(struct upload *u, int fd, struct incoming *in, int64_t length,
    int64_t now)
{
	*u = (struct upload){
		.fd = fd, .in = in, .left = length, .begun = now, .heard = now
	};
}

/*
 * It is whole with the record in which its length is reached. A short one is
 * one whose client has left.
 */
static enum upload_state
state_of(const struct upload *u)
{
	if (!incoming_between(u->in))
		return UPLOAD_COMES;
	if (u->ended)
		return u->left > 0 && u->body != NULL ? UPLOAD_BROKEN :
		    UPLOAD_WHOLE;
	return u->left == 0 ? UPLOAD_WHOLE : UPLOAD_COMES;
}

void
upload_keep(struct upload *u, struct buf *body, size_t most,
    struct budget_account *memory)
{
	u->body = body;
	u->most = most;
	u->memory = memory;
	if (u->left > 0)
		buf_reserve(body, (size_t)u->left);
}

void
upload_drop(struct upload *u)
{
	if (u->left < 0 && u->body == NULL)
		u->left = 0;
	u->body = NULL;
	u->most = u->bytes + DROP_MAX;
}

/* Room for so many bytes more, charged in steps. */
static bool
make_room(struct upload *u, size_t n)
{
	size_t step = u->body->len < STEP_MAX ? u->body->len + n : STEP_MAX;

	if (u->body->len + n > u->charged) {
		if (!budget_more(u->memory, step))
			return false;
		u->charged += step;
	}
	buf_reserve(u->body, n);
	return true;
}

/* Of the "n" bytes that come next, those that are wanted. */
static size_t
wanted(const struct upload *u, size_t n)
{
	if (u->body == NULL)
		return 0;
	return u->left >= 0 && (size_t)u->left < n ? (size_t)u->left : n;
}

/* So many of them have come, and are where they belong. */
static enum upload_state
count(struct upload *u, size_t n)
{
	u->bytes += n;
	if (u->left >= 0)
		u->left -= (int64_t)n < u->left ? (int64_t)n : u->left;
	return u->bytes > u->most ? UPLOAD_LARGE : UPLOAD_COMES;
}

static void
extend(struct upload *u, size_t n)
{
	u->body->len += n;
	u->body->p[u->body->len] = '\0';
}

static enum upload_state
take(struct upload *u, const unsigned char *p, size_t n)
{
	const size_t		mine = wanted(u, n);
	enum upload_state	state = count(u, n);

	if (mine > 0 && !make_room(u, mine))
		return UPLOAD_FULL;
	if (mine > 0) {
		memcpy(u->body->p + u->body->len, p, mine);
		extend(u, mine);
	}
	return state;
}

enum upload_state
upload_feed(struct upload *u, const unsigned char *p, const unsigned char *end,
    int64_t now)
{
	enum upload_state state = UPLOAD_COMES, took;

	u->heard = now;
	/* What isn't wanted, or there is no room for, is read on, too. */
	while (p < end)
		switch (incoming_feed(u->in, &p, end)) {
		case INCOMING_MORE:
			break;
		case INCOMING_BODY:
			if (u->ended)
				return UPLOAD_BROKEN;
			took = take(u, u->in->piece, u->in->npiece);
			state = state == UPLOAD_COMES ? took : state;
			break;
		case INCOMING_END:
			u->ended = true;
			break;
		default:
			return UPLOAD_BROKEN;
		}
	return state == UPLOAD_COMES ? state_of(u) : state;
}

enum upload_state
upload_read(struct upload *u, int64_t now)
{
	unsigned char		piece[PIECE];
	enum upload_state	state = state_of(u), next;
	size_t			total = 0, direct, n;
	struct iovec		to[2];
	struct msghdr		m = { .msg_iov = to, .msg_iovlen = COUNT(to) };
	ssize_t			got;

	while (state == UPLOAD_COMES) {
		if (total >= TURN_MAX)
			return UPLOAD_LIES;
		direct = wanted(u, incoming_direct(u->in));
		if (direct > 0 && !make_room(u, direct))
			return UPLOAD_FULL;
		to[0] = (struct iovec){ direct > 0 ? u->body->p + u->body->len :
		    NULL, direct };
		to[1] = (struct iovec){ piece, direct > PIECE ? BEHIND :
		    sizeof(piece) };
		got = recvmsg(u->fd, &m, MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 && errno == EAGAIN ? UPLOAD_COMES :
			    UPLOAD_BROKEN;
		total += (size_t)got;
		n = (size_t)got < direct ? (size_t)got : direct;
		if (n > 0) {
			extend(u, n);
			incoming_passed(u->in, n);
			state = count(u, n);
		}
		next = upload_feed(u, piece, piece + (size_t)got - n, now);
		state = state == UPLOAD_COMES ? next : state;
	}
	return state;
}

int64_t
upload_patience(const struct upload *u, int64_t now)
{
	const int64_t late = now - u->begun - GRACE_MS;
	const int64_t more = u->heard + SILENCE_MS - now;

	if (late > 0 && u->bytes < (size_t)late * RATE)
		return 0;
	return more > 0 ? more : 0;
}
