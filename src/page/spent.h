/* The usage, from the ledger: sums, a chart by day, keys, models. */
#ifndef PAGE_SPENT_H
#define PAGE_SPENT_H

struct buf;
struct exchange;

/* As a section of the page. Takes the disk. */
void	spent_print(const struct exchange *, struct buf *out);

#endif
