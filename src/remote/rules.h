/*
 * Where may be fetched from: fetchImages of config.json, a NULL-terminated list
 * that is empty for "off". An entry is "public", a host, "*." and a domain, an
 * address or a range of them; with "http://" before it without TLS, too.
 */
#ifndef REMOTE_RULES_H
#define REMOTE_RULES_H

#include <sys/socket.h>

#include <stdbool.h>

/* May this host be asked? */
bool	remote_may_ask(char *const *rules, const char *host, bool tls);

/*
 * May it be at this address, which its name led to? Public ones always: only
 * what the list says may be elsewhere.
 */
bool	remote_may_connect(char *const *rules, const struct sockaddr *);

#endif
