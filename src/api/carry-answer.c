/* Answers that are read in one protocol and written in another. */
#include "config.h"

#include <stdlib.h>

#include "api/carry-answer.h"
#include "base/util.h"
#include "bridge/chat-request.h"
#include "chat/answer-write.h"
#include "chat/answer.h"
#include "chat/opaque.h"
#include "responses/answer-read.h"
#include "turn/answer.h"
#include "turn/stages.h"

/* --- A chat completion of a Responses answer. */

static void
reword(void *self, struct err *err)
{
	struct bridge_chat *b = self;

	terms_apply(&b->terms, err);
}

static void
forget(void *self)
{
	bridge_chat_finish(self);
	free(self);
}

static const struct answer_terms terms = { reword, forget };

struct answer *
carry_answer_chat(const struct chat_wanted *wanted, struct bridge_chat *take,
    struct usage *usage)
{
	struct bridge_chat	*b = xmalloc(sizeof(*b));
	struct answer		*a;

	*b = *take;
	*take = (struct bridge_chat){ 0 };
	a = answer_create(chat_write_create(wanted));
	answer_terms(a, &terms, b);
	if (wanted->thoughts.keep != NULL)
		answer_stage(a, stage_thought_create(&wanted->thoughts));
	if (wanted->told)
		answer_stage(a, stage_object_create());
	if (b->stop != NULL)
		answer_stage(a, stage_stop_create(b->stop));
	b->stop = NULL;
	answer_stage(a, chat_opaque_stage());
	answer_read(a, &responses_reader,
	    responses_reader_create(answer_first(a), usage));
	return a;
}
