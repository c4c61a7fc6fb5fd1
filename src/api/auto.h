/* Auto is told of a request. */
#ifndef API_AUTO_H
#define API_AUTO_H

#include "api/exchange.h"

/*
 * Behind the handler, which has made a call: does it need a session of Auto's
 * first? Then HANDLED_AUTO, and the wish is in x->wish. Or a refusal: an
 * account that has Auto only, and a model that was named.
 */
enum handled auto_check(struct exchange *, enum handled);

/* The session came: the exchange's next call is for the model it is of. */
void	auto_apply(struct exchange *, const struct auto_session *);

#endif
