/*
 * Signing an account in from the page: its key's owner gets a code, enters it
 * at GitHub, and the account is the key's. Only for keys with "signIn".
 */
#ifndef PAGE_SIGNIN_H
#define PAGE_SIGNIN_H

#include "api/exchange.h"

/* The section of the page; nothing for other keys. Looks at the disk. */
void	signin_print(const struct exchange *, struct buf *out);

/* Do what a button of it posted: "start", "check" or "cancel". */
enum handled signin_posted(struct exchange *, const char *what);

#endif
