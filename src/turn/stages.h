/* Stages between the reader and the writer of an answer, see sink.h. */
#ifndef TURN_STAGES_H
#define TURN_STAGES_H

struct stop;
struct sink;
struct thought_keeper;

/*
 * Text ends before the first of these strings, where upstream knows none. Taken
 * over.
 */
struct sink *stage_stop_create(struct stop *take);

/*
 * Only the JSON object of the text goes on. A text without one is told as it
 * is, unless a call says the rest.
 */
struct sink *stage_object_create(void);

/* Thoughts before a call are kept before the answer ends. */
struct sink *stage_thought_create(const struct thought_keeper *);

#endif
