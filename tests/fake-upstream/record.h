/* What has been received and what became of it. Bounded; may be off. */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

struct buf;
struct req;
struct entry;

#define RECORD_MAX		5000			/* requests */
#define RECORD_BYTES_MAX	((size_t)128 << 20)	/* of bodies */
#define RECORD_BODY_SHOWN	((size_t)64 << 10)	/* without ?full=1 */

struct record {
	bool		  off;
	struct entry	**entry;	/* a ring of RECORD_MAX */
	uint64_t	  first, next;	/* ids; 0 is none */
	size_t		  bytes;
};

/* The id of the new entry, 0 when the record is off. */
uint64_t record_add(struct record *, const struct req *);
/* An id that has been dropped meanwhile, or 0, is passed over. */
void	 record_status(struct record *, uint64_t id, int status);
void	 record_end(struct record *, uint64_t id, const char *outcome,
	    uint64_t bytes, uint64_t events);
void	 record_clear(struct record *);

/* {"requests":[..]}; "path" NULL for all. */
void	 record_print(const struct record *, const char *path, bool full,
	    struct buf *out);

#endif
