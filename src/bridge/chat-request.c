/* A chat completion request carried over /responses: what is known of it. */
#include "config.h"

#include "bridge/chat-request.h"
#include "turn/stop.h"

void
bridge_chat_finish(struct bridge_chat *b)
{
	chat_stop_destroy(b->stop);
	terms_finish(&b->terms);
	*b = (struct bridge_chat){ 0 };
}
