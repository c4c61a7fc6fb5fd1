/*
 * Stored turns, conversations and chat completions within their bounds: age and
 * bytes.
 */
#ifndef PRUNE_H
#define PRUNE_H

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct state_tx;
struct stored;

/*
 * All that is too old or too much, for the command line: how many went, -1 on
 * trouble, which is logged.
 */
int64_t	prune_all(struct stored *, const struct conf *);

/*
 * Private to state/. Within a transaction, after something was added: drop what
 * is too old, now and then, and the oldest of what is too much; but neither the
 * turns from this row on, with their conversations, nor the conversation in
 * that one, nor the transaction's chat completions: clients are about to hear
 * of them, whatever the clock said before. 0 spares none.
 */
bool	prune_bound(struct state_tx *, const struct conf *, int64_t turn,
	    int64_t conversation);

#endif
