/* A service manager is told of this process. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/notify.h"

/* "/path", or "@name" for a socket that has none (unix(7)); 0: neither. */
static socklen_t
address(const char *name, struct sockaddr_un *to)
{
	size_t n = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || n < 2 ||
	    n >= sizeof(to->sun_path))
		return 0;
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, name, n + 1);
	if (name[0] == '@')
		to->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

void
notify(const char *fmt, ...)
{
	struct sockaddr_un	 to = { 0 };
	const char		*name = getenv("NOTIFY_SOCKET");
	char			 text[512];
	socklen_t		 n;
	va_list			 ap;
	int			 fd;

	if (name == NULL || (n = address(name, &to)) == 0)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL |
	    MSG_DONTWAIT, (struct sockaddr *)&to, n) < 0)
		log_warn("the service manager can't be told %s", text);
	if (fd >= 0)
		close(fd);
}
