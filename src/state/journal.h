/*
 * Files of lines. A process appends to one that is its own, which it holds as
 * memory: no call of the system, and an appended line survives the process, but
 * perhaps not the machine. Whoever comes takes the lines of all files over into
 * a database: each line once, whoever is killed and when.
 *
 * A file is HOME/NAME.GENERATION and begins with a line "#GENERATION"; whoever
 * has taken lines over remembers that and how far it was, in the transaction
 * that has the lines. Behind the lines are NULs. A file that nobody appends to,
 * and that has nothing more to be taken over, goes. HOME/NAME is one of an
 * older version.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a process appends with. Threads may share it. */
struct journal;

/* Files have this size. The first one is made by journal_tend(). */
struct journal *journal_create(const char *home, const char *name, size_t);
/* The file stays, for whoever takes its lines over. */
void	journal_destroy(struct journal *);

/*
 * Have a file with much room at hand: a new one, or one that a process left.
 * False with errno when there can't be any. Takes the disk.
 */
bool	journal_tend(struct journal *);
/* Append a line with its end. False when that takes journal_tend() first. */
bool	journal_append(struct journal *, const char *line, size_t n);
/* Is more than half of the room taken, or is there no file? */
bool	journal_is_low(struct journal *);
/* Bytes in the file. */
size_t	journal_used(struct journal *);

/* --- Taking over. */

#define JOURNAL_ID_SIZE 17

struct journal_place {
	char	generation[JOURNAL_ID_SIZE];
	int64_t	offset;
};

/* A file to be read, and how far it is: behind its first line, at first. */
struct journal_file {
	char			*path;
	int			 fd;
	struct journal_place	 at;
};

/* Zeroed memory is none. */
struct journal_files {
	struct journal_file	*list;
	size_t			 n;
};

/* Is there a file? */
bool	journal_exists(const char *home, const char *name);
/*
 * Open all that are there, but those without a whole first line. What is opened
 * can be read to its end, even if another process has it go meanwhile. False:
 * one can't be read.
 */
bool	journal_open(const char *home, const char *name,
	    struct journal_files *);
void	journal_close(struct journal_files *);

/*
 * Hand on the lines behind the place, without their ends, and move the place
 * behind them; it stays if there is nothing new. "line" may edit its text. What
 * lacks its end was never appended as far as its writer knows, and is left.
 * False when the file can't be read, or "line" says so: then nothing of what it
 * was told counts.
 */
bool	journal_read(struct journal_file *, bool (*line)(char *, void *),
	    void *arg);

/* It goes, if nobody appends to it and nothing is behind the place. */
void	journal_clear(struct journal_file *);

#endif
