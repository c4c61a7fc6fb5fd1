/* The parts of the program that serves, wired together by server/serve.c. */
#ifndef PARTS_H
#define PARTS_H

#include <stdbool.h>

struct accounts;
struct budget;
struct conf_file;
struct follow;
struct http;
struct ledger;
struct metrics;
struct loop;
struct process;
struct recent;
struct relay;
struct remote;
struct stored;
struct reasoning;
struct workers;

struct server {
	struct loop		*loop;
	struct http		*http;
	struct remote		*remote;	/* what clients name */
	struct conf_file	*conf_file;
	struct accounts		*accounts;
	struct stored		*stored;	/* NULL: there is none */
	struct ledger		*ledger;	/* likewise */
	struct reasoning		*thoughts;
	struct metrics		*metrics;
	struct recent		*recent;
	struct budget		*budget;
	struct workers		*workers; /* NULL: do jobs at once (CGI) */
	struct relay		*relays; /* answers under way on the loop */
	int			 requests; /* that are carried out */
	struct follow		*follows; /* clients that follow others */
	int			 runs;	/* answers in the background */
	void			(*quiet)(struct server *); /* the last ended */
	struct process		*process;	/* quiet()'s; NULL: CGI */
	bool			 draining;
};

#endif
