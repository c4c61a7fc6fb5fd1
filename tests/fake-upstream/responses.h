/* /responses: checked, planned, and written as items. */
#ifndef RESPONSES_H
#define RESPONSES_H

#include <stdbool.h>
#include <stdint.h>

#include "bill.h"
#include "catalog.h"
#include "fake.h"
#include "plan.h"

/* How the answer ends. */
enum ending {
	END_COMPLETED, END_MAX_TOKENS, END_CONTENT_FILTER, END_FAILED,
	END_ERROR_EVENT, END_EOF
};

struct resp {
	struct call		*c;
	const struct model	*m;
	struct plan		 plan;
	struct bill		 bill;
	enum ending		 ending;
	int64_t			 created;
	char			*sealed;	/* encrypted_content, or NULL */
	bool			 whole;		/* not streamed */
	bool			 summary;	/* of the reasoning is wanted */
	int			 seq;		/* sequence_number */
	int			 index;		/* output_index */
};

/* responses-check.c: refuses what Copilot refuses. */
bool	responses_check(struct call *, const struct model *);

/*
 * responses-item.c: the items as JSON text. Ids are new each time: Copilot
 * encrypts them again for every event.
 */
#define ITEM_ID_SIZE 409
const char *item_id(char[static ITEM_ID_SIZE]);
/* "done" false: as in output_item.added; "cut": status incomplete. */
void	item_reasoning(struct resp *, bool done, struct buf *);
void	item_search(struct resp *, const char *status, struct buf *);
void	item_message(struct resp *, bool done, struct buf *);
void	item_call(struct resp *, const struct plan_call *, bool done,
	    struct buf *);
#define RESPONSES_THOUGHT_TOKENS 20
/* The response object with the items, when "items" is set. */
void	item_response(struct resp *, const char *status, bool items,
	    struct buf *);
bool	item_is_cut(const struct resp *);

/* responses-stream.c */
void	responses_stream(struct resp *);
/* 'copilot_quota_snapshots':{..},'copilot_usage':{..} */
void	responses_copilot_members(struct resp *, struct buf *);

#endif
