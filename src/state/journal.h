/*
 * A file to which several processes append lines, and from which one of them
 * takes them over into a database: each line once, whoever is killed and when.
 *
 * A file begins with a line "#GENERATION"; whoever has taken lines over
 * remembers that and how far it was, in the transaction that has the lines.
 * An appended line survives the process, but perhaps not the machine.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;

/* The file is made with the first line. */
struct journal *journal_create(const char *home, const char *name);
void	journal_destroy(struct journal *);

/*
 * Append lines, each with its end. Returns how many of the bytes are on record,
 * whole lines of them, from the first one on; the others are not, and never
 * will be by themselves: when the disk refuses, with errno. An appended line is
 * never taken back, since a reader may have it. Waits a moment for a process
 * that begins the file anew; for none that appends, too.
 */
size_t	journal_append(struct journal *, const char *lines, size_t n);

#define JOURNAL_ID_SIZE 17

struct journal_place {
	char	generation[JOURNAL_ID_SIZE];	/* "": nothing is read yet */
	int64_t	offset;
};

/*
 * The beginning of the file that is there now; its generation is "" when there
 * is none. False: it can't be read.
 */
bool	journal_begin(struct journal *, struct journal_place *);

/*
 * Hand on the lines behind the place, without their ends, and move the place
 * behind them; it stays if there is nothing new. "line" may edit its text. A
 * line that lacks its end was never appended as far as its writer knows, and
 * is left. False when the file can't be read, when it was begun anew meanwhile,
 * or "line" says so: then nothing of what it was told counts.
 */
bool	journal_read(struct journal *, struct journal_place *,
	    bool (*line)(char *, void *), void *arg);

/* Begin a new file, if it has grown and nothing is behind the place. */
void	journal_cut(struct journal *, const struct journal_place *);

/* Bytes in the file; 0 when there is none. */
int64_t	journal_size(struct journal *);

#endif
