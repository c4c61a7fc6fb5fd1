/* Images that clients send inline: does the model take them? */
#ifndef TURN_IMAGES_H
#define TURN_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

struct err;
struct model;

/*
 * Size and type of an image, which is the string "url"; an address is not
 * looked at. "param" is where it is. False with "err" set to a 400. "model"
 * may be NULL.
 */
bool	images_check(json_object *url, const struct model *, const char *param,
	    struct err *);
/*
 * The number of images that a request to the model may have, where upstream
 * insists on what its list says; 0: it doesn't.
 */
int64_t	images_max(const struct model *);

#endif
