/* Answers that are read in one protocol and written in another. */
#include "config.h"

#include "api/carry-answer.h"
#include "api/carry.h"
#include "chat/answer-read.h"
#include "chat/answer-write.h"
#include "chat/answer.h"
#include "chat/opaque.h"
#include "responses/answer-read.h"
#include "responses/answer-write.h"
#include "turn/answer.h"
#include "turn/stages.h"

/* --- A chat completion of a Responses answer. */

struct answer *
carry_answer_to_chat(const struct chat_wanted *wanted, struct carry_note *take)
{
	struct answer *a = answer_create(chat_write_create(wanted));

	answer_terms(a, &carry_note_words, take);
	if (wanted->thoughts.keep != NULL)
		answer_stage(a, stage_thought_create(&wanted->thoughts));
	if (wanted->format_in_prompt)
		answer_stage(a, stage_object_create());
	if (take->stop != NULL)
		answer_stage(a, stage_stop_create(take->stop));
	take->stop = NULL;
	return a;
}

struct answer *
carry_answer_chat(const struct chat_wanted *wanted, struct carry_note *take,
    struct usage *usage)
{
	struct answer *a = carry_answer_to_chat(wanted, carry_note_take(take));

	answer_stage(a, chat_opaque_stage());
	answer_read(a, &responses_reader,
	    responses_reader_create(answer_first(a), usage));
	return a;
}

/* --- A Responses answer of a chat completion. */

struct answer *
carry_answer_responses(struct carry_note *take, size_t max,
    struct usage *usage)
{
	struct carry_note	*b = carry_note_take(take);
	struct answer		*a;

	a = answer_create(responses_write_create(&b->responses, b->encrypted,
	    b->vendor));
	answer_terms(a, &carry_note_words, b);
	if (b->thoughts.keep != NULL)
		answer_stage(a, stage_thought_create(&b->thoughts));
	answer_read(a, &chat_reader, chat_reader_create(answer_first(a),
	    b->format_in_prompt, &b->tools, max, usage));
	return a;
}

struct answer *
carry_answer_summary(struct carry_note *take, struct usage *usage)
{
	struct carry_note	*b = carry_note_take(take);
	struct answer		*a;

	a = answer_create(responses_write_create(&b->responses, false, ""));
	answer_terms(a, &carry_note_words, b);
	answer_read(a, &responses_reader,
	    responses_reader_create(answer_first(a), usage));
	return a;
}
