/* What a run of the load generator does; filled in from the arguments. */
#ifndef PLAN_H
#define PLAN_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS	1000000ull
#define NS_PER_S	1000000000ull

struct plan {
	struct sockaddr_storage addr;	/* always a loopback address */
	socklen_t	 addrlen;
	char		*host;		/* "127.0.0.1:4141", for Host */
	const char	*path;
	char		*headers; /* more header lines, each ends in CRLF */
	bool		 keep_alive;

	bool		 streaming;	/* else a closed loop of requests */
	size_t		 conns;		/* streams, or the concurrency */
	uint64_t	 requests;	/* how many, unless time runs out */
	size_t		 body_bytes;	/* of one non-streamed request */
	uint64_t	 duration;	/* ns: steady streaming, or the loop */
	uint64_t	 timeout; /* ns: then whatever is open has failed */
	uint64_t	 ramp;		/* streams opened in a second */
	uint64_t	 interval_ms;	/* between the chunks of a stream */
	uint64_t	 chunk_bytes;
	uint64_t	 answer_chunks;	/* a request's; 0: no stream */
	uint64_t	 chunks;	/* that a stream must bring */
};

#endif
