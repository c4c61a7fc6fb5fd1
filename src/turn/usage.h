/* What an answer cost, filled in by whoever reads it once that is known. */
#ifndef TURN_USAGE_H
#define TURN_USAGE_H

#include <stdint.h>

struct usage {
	int64_t	input;		/* tokens; -1: not known */
	int64_t	output;
};

#endif
