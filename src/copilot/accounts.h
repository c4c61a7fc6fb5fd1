/*
 * The accounts of this server: a person, an organisation, whoever is signed in
 * under a name. Each has a directory, a token, a list of models, lessons and
 * sessions of its own; nothing of one is seen by another's keys.
 */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include <stdbool.h>

struct autos;
struct copilot;
struct copilot_parts;

#define ACCOUNT_DEFAULT	"default"	/* signed in without a name */

struct copilot_account {
	struct copilot_account	*next;
	char			*name;
	struct copilot		*copilot;
	struct autos		*autos;
	/* The loop's: does upstream bill this account by the token? */
	enum { BILL_UNKNOWN, BILL_TOKENS, BILL_NONE } bill;
};

struct accounts;

/* "parts" of the default account, in whose directory the others are. */
struct accounts *accounts_create(const struct copilot_parts *);
void	accounts_destroy(struct accounts *);

/*
 * From any thread: the account of that name, which stays; made when it is asked
 * for first, signed in or not. NULL: the default one.
 */
struct copilot_account *accounts_find(struct accounts *, const char *name);

/* Where an account's files are; NULL, or the default's name: "home" itself. */
char	*account_directory(const char *home, const char *name);
/* The names of all that are there, NULL-terminated, the default one first. */
char	**account_names(const char *home);
void	account_names_free(char **);

#endif
