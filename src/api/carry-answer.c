/* Answers that are read in one protocol and written in another. */
#include "config.h"

#include <stdlib.h>

#include "api/carry-answer.h"
#include "api/carry.h"
#include "base/util.h"
#include "chat/answer-read.h"
#include "chat/answer-write.h"
#include "chat/answer.h"
#include "chat/opaque.h"
#include "responses/answer-read.h"
#include "responses/answer-write.h"
#include "turn/answer.h"
#include "turn/stages.h"

/* --- A chat completion of a Responses answer. */

static void
reword(void *self, struct err *err)
{
	struct carry_note *b = self;

	terms_apply(&b->terms, err);
}

static void
forget(void *self)
{
	carry_note_finish(self);
	free(self);
}

static const struct answer_terms terms = { reword, forget };

struct answer *
carry_answer_chat(const struct chat_wanted *wanted, struct carry_note *take,
    struct usage *usage)
{
	struct carry_note	*b = xmalloc(sizeof(*b));
	struct answer		*a;

	*b = *take;
	*take = (struct carry_note){ 0 };
	a = answer_create(chat_write_create(wanted));
	answer_terms(a, &terms, b);
	if (wanted->thoughts.keep != NULL)
		answer_stage(a, stage_thought_create(&wanted->thoughts));
	if (wanted->format_in_prompt)
		answer_stage(a, stage_object_create());
	if (b->stop != NULL)
		answer_stage(a, stage_stop_create(b->stop));
	b->stop = NULL;
	answer_stage(a, chat_opaque_stage());
	answer_read(a, &responses_reader,
	    responses_reader_create(answer_first(a), usage));
	return a;
}

/* --- A Responses answer of a chat completion. */

static void
explain(void *self, struct err *err)
{
	const struct carry_note *b = self;

	terms_apply(&b->terms, err);
}

static void
forget_request(void *self)
{
	carry_note_finish(self);
	free(self);
}

static const struct answer_terms responses_terms = { explain, forget_request };

struct answer *
carry_answer_responses(struct carry_note *take, size_t max,
    struct usage *usage)
{
	struct carry_note	*b = xmalloc(sizeof(*b));
	struct answer		*a;

	*b = *take;
	*take = (struct carry_note){ 0 };
	a = answer_create(responses_write_create(&b->responses, b->encrypted,
	    b->vendor));
	answer_terms(a, &responses_terms, b);
	if (b->thoughts.keep != NULL)
		answer_stage(a, stage_thought_create(&b->thoughts));
	answer_read(a, &chat_reader, chat_reader_create(answer_first(a),
	    b->format_in_prompt, &b->tools, max, usage));
	return a;
}
