/*
 * A GitHub App in place of a person: its private key signs a JWT, for which
 * GitHub gives a token of the App's installation in an organisation, which
 * pays for Copilot. Pure functions, but for the files that are read.
 */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct err;
struct http_request;

#define APP_FILE	"github_app.json"	/* in the data directory */

/* The content of that file; the key itself stays where it is. */
struct app {
	char	*id;		/* "12345" or a client id: "Iv23.." */
	char	*key;		/* the PEM file's absolute path */
	char	*installation;	/* "678"; NULL: not known yet */
};

/* *there is false when there is no file. */
bool	app_load(const char *home, struct app *, bool *there, struct err *);
bool	app_store(const char *home, const struct app *, struct err *);
void	app_finish(struct app *);

/*
 * The JWT of "now", Unix seconds by GitHub's clock. False when the key can't be
 * used: not RSA, or readable for others.
 */
bool	app_jwt(const struct app *, int64_t now, char **jwt, struct err *);

/* GitHub's clock minus ours, by the Date header of an answer; 0 without. */
int64_t	app_skew(const char *date, int64_t now);

/* The installations that the App has, and a token of one. */
void	app_list_request(struct http_request *, const struct conf *,
	    const char *jwt);
void	app_token_request(struct http_request *, const struct conf *,
	    const struct app *, const char *jwt);

/*
 * Find the only installation; when there are several, "err" names them. *who is
 * the organisation's name, or NULL. All of it is yours.
 */
bool	app_list_read(int status, const char *body, size_t n,
	    char **installation, char **who, struct err *);

/* The token and how many seconds it lives. "date", "retry_after": headers. */
bool	app_token_read(int status, const char *body, size_t n,
	    const char *date, const char *retry_after, char **token,
	    int64_t *seconds, struct err *);

#endif
