/*
 * A stored response as the events that it could have come in: the same from
 * each time to the next, numbered from 0. One that ran in the background always
 * has its last event, numbered behind "after".
 */
#ifndef STORED_REPLAY_H
#define STORED_REPLAY_H

#include <stdint.h>

#include <json-c/json.h>

struct buf;

/* Append the events behind number "after" (-1: all). Edits the response. */
void	responses_replay(json_object *response, int64_t after, struct buf *out);

#endif
