/* Marks for the prompt cache, where the client of Messages placed none. */
#ifndef MESSAGES_CACHE_H
#define MESSAGES_CACHE_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * Mark the last tool, the last block of the system, the end of the turn before
 * this one, and the end of this one (turn/cache-marks.h). Contents that are
 * strings become blocks, all of them: one that is marked now isn't later, and
 * shall look the same. False: the client has its own marks.
 */
bool	messages_cache(json_object *request);

#endif
