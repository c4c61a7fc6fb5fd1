/* One request as a plain CGI program. */
#ifndef CGI_H
#define CGI_H

struct server;

int	cgi_run(struct server *);

#endif
