/*
 * URLs of the web, read by the parser that libcurl itself uses for a transfer:
 * what is checked here is what will be asked.
 */
#ifndef URL_H
#define URL_H

#include <stdbool.h>

#define URL_MAX	8192	/* bytes; longer ones are refused */

struct url {
	char	*text;		/* normalised, without a fragment */
	char	*host;		/* an IPv6 address without its brackets */
	char	*path;
	bool	 tls;		/* https; else http */
};

enum url_read {
	URL_READ,
	URL_MALFORMED,
	URL_SCHEME,		/* neither http nor https */
	URL_USER		/* a user name or a password is in it */
};

/*
 * Read "text"; where it is relative, to "base", which was read before, or NULL.
 * The result is yours, but empty unless URL_READ.
 */
enum url_read url_read(const char *base, const char *text, struct url *);
void	url_finish(struct url *);

#endif
