/*
 * A service manager is told of this process: sd_notify(3)'s protocol, a
 * datagram to the socket that $NOTIFY_SOCKET names.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/*
 * Assignments such as "READY=1", one a line. Nothing happens where nobody wants
 * to know, and nobody is waited for.
 */
void	notify(const char *, ...) __attribute__((format(printf, 1, 2)));

#endif
