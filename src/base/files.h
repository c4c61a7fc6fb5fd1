/*
 * The data directory: small private files (0600) in a private directory
 * (0700), replaced atomically, and the locks between processes.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

/*
 * The data directory of the copilot-api family: "wanted" (--api-home) or
 * $COPILOT_API_HOME, else ~/.local/share/copilot-api. HOME counts only when it
 * belongs to the effective user (a web server's child often inherits /root),
 * else the password database is asked. Never NULL; need not exist yet.
 */
char	*files_home(const char *wanted);
/* The one without either of them. */
char	*files_usual_home(void);

/* Read a file. An absent one is empty and true. False: it can't be read. */
bool	 files_read(const char *home, const char *name, struct buf *,
	    struct err *);
/* Replace a file: a temporary one, fsync, rename. Makes the directory. */
bool	 files_write(const char *home, const char *name, const char *, size_t,
	    struct err *);
/* Could files be written there? Looks and changes nothing. */
bool	 files_writable(const char *home, struct err *);
/*
 * Look for files that others than the directory's user can read or write, the
 * directory itself first: "found" is told of each in a sentence that says how
 * to mend it.
 */
void	 files_exposed(const char *home, void (*found)(void *arg,
	    const char *said), void *arg);
bool	 files_remove(const char *home, const char *name, struct err *);

/*
 * Take the lock file "name" (flock). With "wait" false it returns -1 and sets
 * *busy when another process holds it. Also -1 when the directory can't be
 * written: then there is nobody to share with. Close the descriptor to unlock.
 */
int	 files_lock(const char *home, const char *name, bool wait, bool *busy);

#endif
