/* Does a person make this call? */
#include "config.h"

#include "turn/initiator.h"

static const char *const names[INITIATOR__MAX] = {
	"user", "agent", "subagent", "background"
};

const char *
initiator_name(enum initiator i)
{
	return names[i];
}
