/* Does a person make this call, or a program that goes on by itself? */
#ifndef TURN_INITIATOR_H
#define TURN_INITIATOR_H

/* All but the first are X-Initiator: agent. */
enum initiator {
	INITIATOR_USER,
	INITIATOR_AGENT,	/* a tool's results, say */
	INITIATOR_SUBAGENT,	/* an agent that another one has begun */
	INITIATOR_BACKGROUND,	/* on the side: titles, summaries */
	INITIATOR__MAX
};

/* Its name in the ledger: "user" and so on; static. */
const char *initiator_name(enum initiator);

#endif
