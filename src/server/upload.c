/* The body of a FastCGI request, read within limits. */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/util.h"
#include "base/workers.h"
#include "server/upload.h"

#define PIECE		16384
#define DISCARD_MAX	(1 << 20)	/* of a refused body, in here */
#define STEP_MAX	(1u << 20)	/* of memory for a body */
#define SOAK_MAX	64		/* reads behind the end of a body */

/*
 * How slow an upload may be: how long nothing may come, and, when it has gone
 * on for a while, at what rate. When most threads are taken by uploads, the
 * next ones have to be quick, so that some threads are left for everybody else.
 */
struct pace {
	struct timeval	silence;
	int64_t		grace_ms;
	size_t		rate;		/* bytes a millisecond */
};

static const struct pace patient = { { 30, 0 }, 30000, 4 };
static const struct pace hurried = { { 0, 500000 }, 1000, 100 };

#define PATIENT_MAX	(WORKERS_MAX * 3 / 5)

static atomic_int uploads;	/* under way in this process */

static void
set_pace(struct upload *u, const struct pace *pace)
{
	if (u->pace == pace || u->there)
		return;
	u->pace = pace;
	setsockopt(u->fd, SOL_SOCKET, SO_RCVTIMEO, &pace->silence,
	    sizeof(pace->silence));
}

void
upload_init(struct upload *u, int fd)
{
	*u = (struct upload){ .fd = fd };
}

static bool
too_slow(const struct pace *pace, int64_t since, size_t bytes)
{
	int64_t late = util_now_ms() - since - pace->grace_ms;

	return late > 0 && bytes < (size_t)late * pace->rate;
}

void
upload_begin(struct upload *u, FCGX_Stream *in, int64_t length,
    struct budget_account *memory)
{
	u->in = in;
	u->left = length;
	u->memory = memory;
	u->charged = 0;
	u->begun = false;
	u->slow = false;
	u->there = false;
}

/* Room for so many bytes: no more than is there, which could take for ever. */
static int
piece(const struct upload *u)
{
	const int64_t	there = u->in->stop - u->in->rdNext;
	int64_t		n = there < 1 ? 1 : there < PIECE ? there : PIECE - 1;

	return (int)(u->left >= 0 && u->left < n ? u->left : n);
}

/* Room for the next piece, charged in steps. */
static bool
make_room(struct upload *u, struct buf *body)
{
	size_t step = body->len < STEP_MAX ? body->len + PIECE : STEP_MAX;

	if (body->len + PIECE > u->charged) {
		if (!budget_more(u->memory, step))
			return false;
		u->charged += step;
	}
	/* A small body is given little room: streams keep it long. */
	buf_reserve(body, u->left >= 0 && u->left < PIECE ? (size_t)u->left :
	    PIECE);
	return true;
}

static enum upload_end
read_on(struct upload *u, struct buf *body, size_t most)
{
	int64_t	since = u->there ? 0 : util_now_ms();
	size_t	before = body->len;
	int	n;

	while (u->left != 0) {
		if (!make_room(u, body))
			return UPLOAD_FULL;
		n = FCGX_GetStr(body->p + body->len, piece(u), u->in);
		if (n <= 0)
			break;
		body->len += (size_t)n;
		body->p[body->len] = '\0';
		if (u->left > 0)
			u->left -= n;
		if (body->len > most)
			return UPLOAD_MORE;
		if (!u->there && too_slow(u->pace, since, body->len - before))
			return UPLOAD_SLOW;
	}
	if (FCGX_GetError(u->in) == 0)
		return UPLOAD_WHOLE;
	return FCGX_GetError(u->in) == EAGAIN ? UPLOAD_SLOW : UPLOAD_BROKEN;
}

enum upload_end
upload_read(struct upload *u, struct buf *body, size_t most)
{
	enum upload_end end;

	u->begun = true;
	set_pace(u, atomic_fetch_add(&uploads, 1) < PATIENT_MAX ? &patient :
	    &hurried);
	end = read_on(u, body, most);
	atomic_fetch_sub(&uploads, 1);
	u->slow = end == UPLOAD_SLOW;
	/* The answer still goes out; with the error libfcgi would hang up. */
	if (u->slow)
		FCGX_ClearError(u->in);
	return end;
}

bool
upload_refuse(const struct upload *u, struct err *err)
{
	if (u->pace == &patient)
		return err_set(err, 408, ERR_REQUEST, "request_timeout", NULL,
		    "The request body arrived too slowly.");
	err_set(err, 503, ERR_SERVER, "server_overloaded", NULL,
	    "This server is receiving too many slow uploads. Try again in a "
	    "moment.");
	snprintf(err->retry_after, sizeof(err->retry_after), "1");
	return false;
}

/* Read what has come already behind the body: its end, as a rule. */
static void
soak(struct upload *u)
{
	struct pollfd	p = { u->fd, POLLIN, 0 };
	char		piece[256];
	int		i;

	set_pace(u, &hurried);
	for (i = 0; i < SOAK_MAX; i++)
		if ((u->in->rdNext == u->in->stop && !u->there &&
		    poll(&p, 1, 0) != 1) ||
		    FCGX_GetStr(piece, u->in->rdNext < u->in->stop ?
		    (int)sizeof(piece) : 1, u->in) <= 0)
			break;
	if (FCGX_GetError(u->in) == EAGAIN)
		FCGX_ClearError(u->in);
}

bool
upload_discard(struct upload *u)
{
	struct budget_account	*memory = u->memory, uncounted = { 0 };
	struct buf		 body = { 0 };
	bool			 whole;

	if (u->left < 0 && !u->begun)
		u->left = 0;
	u->memory = &uncounted;
	whole = !u->slow && upload_read(u, &body, DISCARD_MAX) == UPLOAD_WHOLE;
	u->memory = memory;
	buf_finish(&body);
	if (whole)
		soak(u);
	return whole;
}

bool
upload_ended(const struct upload *u)
{
	return FCGX_HasSeenEOF(u->in) != 0 && FCGX_GetError(u->in) == 0;
}
