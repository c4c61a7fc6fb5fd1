/*
 * The signature of a thought that another upstream's model had: what that one
 * wants back, with its name. Clients keep signatures and give them back in
 * every later turn, so nothing has to be kept here.
 */
#ifndef MESSAGES_SIGNATURE_H
#define MESSAGES_SIGNATURE_H

#include <stdbool.h>

#include <json-c/json.h>

struct turn_seal;

/*
 * One of "endpoint" (MODEL_CHAT, ..) and a vendor ("": unknown); a new string.
 */
json_object *messages_signature(unsigned endpoint, const char *vendor,
	    json_object *text);

/*
 * The reverse, for those who keep one opaque string of a thought: Anthropic's
 * signature, or the data of a redacted thought, as a new string.
 */
json_object *messages_opaque(bool redacted, json_object *text);
/* Is the seal such a string? Then it becomes MODEL_MESSAGES'. */
bool	messages_opaque_open(struct turn_seal *);

/* Fill in the seal: Anthropic's own signatures are MODEL_MESSAGES'. */
void	messages_signature_read(json_object *signature, struct turn_seal *);

#endif
