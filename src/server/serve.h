/*
 * The parts of the program wired together, and run as what the environment
 * says we are: FastCGI responder, or CGI for one request.
 */
#ifndef SERVE_H
#define SERVE_H

struct conf_override;

/* Where it lives, and what beats its configuration. */
struct serve_options {
	const char			*home;
	const struct conf_override	*override;
	const char			*github_token; /* or NULL */
};

/* 0 or an exit status. */
int	serve_main(const struct serve_options *);

#endif
