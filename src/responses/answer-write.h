/*
 * A sink that prints a Responses answer, as events or whole.
 */
#ifndef RESPONSES_ANSWER_WRITE_H
#define RESPONSES_ANSWER_WRITE_H

#include <stdbool.h>

struct responses;
struct sink;

/*
 * One that writes what "r" asks for: an answer, or a summary (compact.h).
 * Thoughts: "encrypted", the client wants to give them back; "vendor" is whose
 * model it is, or "". All of it outlives the writer.
 */
struct sink *responses_write_create(const struct responses *, bool encrypted,
	    const char *vendor);

#endif
