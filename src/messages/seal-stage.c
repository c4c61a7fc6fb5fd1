/* A stage of an answer: Anthropic's signatures for other protocols' clients. */
#include "config.h"

#include <stdlib.h>

#include "base/util.h"
#include "messages/seal-stage.h"
#include "messages/signature.h"
#include "turn/sink.h"

static bool
seal(struct sink *s, size_t item, enum sink_seal form, json_object *text,
    struct buf *out, struct err *err)
{
	json_object	*opaque;
	bool		 ok;

	if (form != SINK_SIGNATURE && form != SINK_REDACTED)
		return sink_seal(s->next, item, form, text, out, err);
	opaque = messages_opaque(form == SINK_REDACTED, text);
	ok = sink_seal(s->next, item, SINK_OPAQUE, opaque, out, err);
	json_object_put(opaque);
	return ok;
}

static void
destroy(struct sink *s)
{
	free(s);
}

static const struct sink_ops ops = { .seal = seal, .destroy = destroy };

struct sink *
messages_seal_stage(void)
{
	struct sink *s = xcalloc(1, sizeof(*s));

	s->ops = &ops;
	return s;
}
