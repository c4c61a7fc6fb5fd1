/*
 * The format of an answer, told to models that can't be made to keep to one.
 *
 * Some models whose entry lacks structured_outputs refuse response_format, some
 * ignore it, and others aren't known. So it is not sent there; the schema is
 * told in a system message, and turn/object.c takes the object out of what the
 * model says.
 *
 * A function that the model is forced to call would stream as well, and is what
 * some proxies do, but it fails where it is needed: Gemini takes only part of
 * JSON Schema in a function's parameters and refuses what clients' libraries
 * generate, Claude refuses a forced call when it thinks, and the client's own
 * tools could no longer be called. An instruction has none of these limits.
 */
#ifndef TURN_FORMAT_H
#define TURN_FORMAT_H

#include <stdbool.h>

#include <json-c/json.h>

/* Does the request want its answer to be JSON? */
bool	format_is_json(json_object *request);
/*
 * Tell it in a request's messages: behind what the first one says, if that is
 * the system's; else in a new one before it, and true is returned.
 */
bool	format_tell(json_object *request);

#endif
