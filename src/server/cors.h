/*
 * Cross-origin requests from web pages (fetch.spec.whatwg.org, section CORS).
 *
 * With client keys a page must know one, so any origin may ask. Without keys
 * any page that the user visits could spend the user's quota: then only pages
 * of this machine, apps with a scheme of their own, and cors.allowOrigins may.
 */
#ifndef CORS_H
#define CORS_H

#include <stdbool.h>

struct conf;
struct err;
struct exchange;

bool	cors_origin_allowed(const struct conf *, const char *origin);

/*
 * Adds the headers that let a page read the reply, errors included. False with
 * a 403 in "err" when the request comes from a page that may not ask at all.
 */
bool	cors_check(struct exchange *, struct err *);

/* Fill in the reply to a preflight (OPTIONS). */
void	cors_preflight(struct exchange *, const char *methods);

#endif
