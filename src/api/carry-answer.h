/*
 * Answers that are read in one protocol and written in another: which reader,
 * stages and writer make one.
 */
#ifndef CARRY_ANSWER_H
#define CARRY_ANSWER_H

#include <stddef.h>

struct answer;
struct carry_note;
struct chat_wanted;
struct usage;

/*
 * One that a chat completion is made of: writer, terms and stages, in front of
 * which the reader's own stages and the reader are still to come. The note,
 * which becomes the answer's, is valid as long as that.
 */
struct answer *carry_answer_to_chat(const struct chat_wanted *,
	    struct carry_note *take);

/* A chat completion of a Responses answer. Takes over what is in "take". */
struct answer *carry_answer_chat(const struct chat_wanted *,
	    struct carry_note *take, struct usage *);

/*
 * A Responses answer of a chat completion; "max" bounds the bytes of upstream's
 * answer.
 */
struct answer *carry_answer_responses(struct carry_note *take, size_t max,
	    struct usage *);

/*
 * A summary of the conversation (responses/compact.h), which is what the note's
 * responses ask for, of a Responses answer.
 */
struct answer *carry_answer_summary(struct carry_note *take, struct usage *);

#endif
