/* What stands between the reader and the writer of an answer, see sink.h. */
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
 * Of the text, only the JSON object; what was said without one is told as it
 * is, unless a call says the rest.
 */
struct sink *stage_object_create(void);

/* What was thought before a call is kept before the answer ends. */
struct sink *stage_thought_create(const struct thought_keeper *);

#endif
