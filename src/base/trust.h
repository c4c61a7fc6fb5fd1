/*
 * The certificates that the system trusts: a file of all of them, and often the
 * same in a directory, by the hash of their names (see openssl-rehash(1)).
 * OpenSSL 3 takes 236 million instructions to read the file, and looks into the
 * directory for the one or two that it needs.
 */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>

/*
 * Has the directory as many certificates as the file? False when either can't
 * be read: somebody may have added one to the file alone.
 */
bool	trust_has_all(const char *dir, const char *file);

#endif
