/* /chat/completions: checked, planned, and written in the family's manner. */
#ifndef CHAT_H
#define CHAT_H

#include <stdbool.h>
#include <stdint.h>

#include "bill.h"
#include "catalog.h"
#include "fake.h"
#include "plan.h"

/* Everything that the writers of answers need. */
struct chat {
	struct call		*c;
	const struct model	*m;
	const char		*model;	/* as answers call it */
	struct plan		 plan;
	struct bill		 bill;
	int			 n;		/* choices wanted */
	char			*id;
	char			*opaque;	/* Gemini's reasoning */
	int64_t			 created;
	const char		*finish;	/* NULL: says none */
	bool			 usage, done;	/* are sent */
};

/* chat-check.c: refuses what Copilot refuses. */
bool	chat_check(struct call *, const struct model *);
/* The text of a message's content: a string, or parts. Counts the images. */
void	chat_content(json_object *content, struct buf *, int *images);

/* chat-gpt.c and chat-other.c: styles (a) to (d), streamed and whole. */
void	chat_stream_gpt4(struct chat *);
void	chat_stream_gpt(struct chat *);
void	chat_stream_claude(struct chat *);
void	chat_stream_gemini(struct chat *);
void	chat_whole_gpt(struct chat *);
void	chat_whole_claude(struct chat *);
void	chat_whole_gemini(struct chat *);

#define CHAT_THOUGHT_TOKENS 20		/* of Gemini */
/* ,'copilot_usage':{..} beside usage; Copilot of old said less. */
void	chat_copilot_usage(struct chat *, bool of_old, struct buf *);

#endif
