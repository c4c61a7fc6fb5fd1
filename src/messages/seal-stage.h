/*
 * A stage of an answer: Anthropic's signatures in the one form that clients of
 * OpenAI's protocols keep and give back, chat's reasoning_opaque.
 */
#ifndef MESSAGES_SEAL_STAGE_H
#define MESSAGES_SEAL_STAGE_H

struct sink;

struct sink *messages_seal_stage(void);

#endif
