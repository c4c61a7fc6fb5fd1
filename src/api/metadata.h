/* Metadata of what is stored: up to sixteen pairs of strings. */
#ifndef METADATA_H
#define METADATA_H

#include <json-c/json.h>

struct err;

/*
 * The member "metadata" of an object, empty when there is none; yours. NULL
 * with "err" set when OpenAI would refuse it.
 */
json_object *metadata_read(json_object *obj, struct err *);

#endif
