/* How much a model thinks: OpenAI's words for it, from little to much. */
#ifndef TURN_EFFORT_H
#define TURN_EFFORT_H

#include <stddef.h>

/*
 * The nearest effort in a model's list (NULL-terminated; may be NULL): the one
 * asked for when it is there or unknown to us; of two equally near ones the
 * lesser, which costs less. "none" only for who asked for it. NULL when nothing
 * in the list will do.
 */
const char *effort_nearest(const char *asked, char *const *list);

/*
 * The effort behind a model's name: in "gpt-5.5:high" that is "high", a static
 * string, and *n the length of the name before it. NULL: there is none.
 */
const char *effort_in_name(const char *name, size_t *n);

#endif
