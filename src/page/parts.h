/* The other parts of the page, each a section. */
#ifndef PAGE_PARTS_H
#define PAGE_PARTS_H

struct buf;
struct err;
struct exchange;
struct github_usage;

/* Plan and quota as GitHub reports them. */
void	part_quota(const struct github_usage *, struct buf *out);
/* The latest failures. */
void	part_errors(const struct exchange *, struct buf *out);
/* The models that the key may use, and what they cost. */
void	part_models(const struct exchange *, struct buf *out);
/* How each client is set up for this server. */
void	part_clients(const struct exchange *, struct buf *out);

#endif
