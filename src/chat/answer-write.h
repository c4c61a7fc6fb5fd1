/*
 * A sink that prints a chat completion, as chunks or whole. Gaps between texts,
 * the numbering of calls and their order are made here: a choice has one text,
 * and clients rely on call 0 being whole before call 1 begins.
 */
#ifndef CHAT_ANSWER_WRITE_H
#define CHAT_ANSWER_WRITE_H

struct chat_wanted;
struct sink;

/* The writer for a request that wants one choice. */
struct sink *chat_write_create(const struct chat_wanted *);

#endif
