/*
 * What libcurl has the loop watch: its sockets, and when it wants to be called
 * though nothing came. Of http.c, and of nobody else.
 */
#ifndef HTTP_WATCH_H
#define HTTP_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "base/loop.h"

struct http_socket;

struct http_watch {
	struct loop		 *loop;
	CURLM			 *multi;	/* the caller's */
	struct loop_timer	  timer;
	struct http_socket	**sockets;	/* by descriptor */
	size_t			  nsockets;
	/* libcurl has had its turn: some of its transfers may be over. */
	void			(*acted)(struct http_watch *);
	/* Has this transfer its answer's head? */
	bool			(*has_answer)(CURL *);
};

/* Zeroed memory with "multi", "loop" and both functions begins to watch. */
void	http_watch_begin(struct http_watch *);
/* When "multi" is gone, or there never was one. */
void	http_watch_finish(struct http_watch *);

/* CURLOPT_CLOSESOCKETFUNCTION, with the watch as its data. */
int	http_watch_close(void *watch, curl_socket_t);

#endif
