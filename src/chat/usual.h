/*
 * Messages and tools of the usual form, in the text of a request: clients send
 * hardly any others, and nobody has to change them. A look at the text tells,
 * in a fraction of the time that their objects take (base/peek.h). It says yes
 * only where chat/check.h, messages.h, custom.h, fit.h and
 * turn/cache-marks.h would refuse nothing and change nothing; what it does not
 * know goes the general way. tests/usual-t compares both.
 */
#ifndef CHAT_USUAL_H
#define CHAT_USUAL_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct chat_usual {
	bool	strict;	/* nor for models that take less than OpenAI's */
	bool	agent;	/* the last turn is not the user's */
	bool	developer; /* there is a message of that role */
	bool	calls;	/* some call tools */
};

/* Are the messages of the usual form? */
bool	chat_usual_messages(json_object *messages, struct chat_usual *);

/*
 * How many tools there are, if all are of the usual form, else 0. For Gemini
 * their schemas still have to be looked at.
 */
size_t	chat_usual_tools(json_object *tools);

#endif
