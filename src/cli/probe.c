/* Does the server that "start" runs answer yet? It is asked as by a client. */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "cli/lighttpd.h"
#include "cli/probe.h"

#define ANSWER_MAX	65536
#define AGAIN_MS	1000	/* after an answer that is none of ours */

static const char question[] = "GET /healthz HTTP/1.0\r\n"
    "Host: localhost\r\n\r\n";
/* A member of each answer of ours, and of no page of lighttpd's. */
static const char ours[] = "\"status\"";

static int
connect_to(const struct lighttpd *l)
{
	struct sockaddr_in6	six = { .sin6_family = AF_INET6 };
	struct sockaddr_in	four = { .sin_family = AF_INET };
	const char		*a = l->addresses[0];
	bool			 is_six = strchr(a, ':') != NULL, ok;
	int			 fd;

	/* "Every address" includes the loopback's. */
	inet_pton(AF_INET, strcmp(a, "0.0.0.0") == 0 ? "127.0.0.1" : a,
	    &four.sin_addr);
	inet_pton(AF_INET6, strcmp(a, "::") == 0 ? "::1" : a, &six.sin6_addr);
	four.sin_port = six.sin6_port = htons((uint16_t)l->port);
	fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC,
	    0);
	if (fd < 0)
		return -1;
	ok = (is_six ? connect(fd, (struct sockaddr *)&six, sizeof(six)) :
	    connect(fd, (struct sockaddr *)&four, sizeof(four))) == 0;
	if (ok)
		return fd;
	close(fd);
	return -1;
}

static void
hang_up(struct probe *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

void
probe_init(struct probe *p)
{
	*p = (struct probe){ .fd = -1 };
}

void
probe_finish(struct probe *p)
{
	hang_up(p);
	buf_finish(&p->answer);
}

/* A few bytes fit into any socket. */
static void
ask(struct probe *p, const struct lighttpd *l)
{
	if (util_now_ms() < p->again || (p->fd = connect_to(l)) < 0)
		return;
	buf_truncate(&p->answer, 0);
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	if (send(p->fd, question, strlen(question), MSG_NOSIGNAL) !=
	    (ssize_t)strlen(question))
		hang_up(p);
}

bool
probe_step(struct probe *p, const struct lighttpd *l)
{
	char	text[4096];
	ssize_t	n;

	if (p->fd < 0)
		ask(p, l);
	if (p->fd < 0)
		return false;
	while ((n = recv(p->fd, text, sizeof(text), 0)) > 0 &&
	    p->answer.len < ANSWER_MAX)
		buf_append(&p->answer, text, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	hang_up(p);
	if (n == 0 && strstr(buf_str(&p->answer), ours) != NULL)
		return true;
	p->again = util_now_ms() + AGAIN_MS;
	return false;
}
