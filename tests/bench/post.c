#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "post.h"

#define CALL_ID "call_9fK2"	/* and four digits */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * What coding clients send over and over: prose, source with its quotes and
 * line ends escaped, a tool's answer that is JSON inside JSON, other scripts
 * both as UTF-8 and as \u. A parser pays for each kind in another way. The
 * middle of each may be repeated, for messages of hundreds to thousands of
 * bytes.
 */
static const struct turn {
	const char	*head;
	const char	*middle;
	const char	*tail;
} turns[] = {
	{ "{\"role\":\"user\",\"content\":\"",
	  "The parser in src/config.c accepts a trailing comma, and the tests "
	  "don\\u2019t notice. Please find the place, explain in two sentences "
	  "why it happens, and make the smallest change that refuses it.\\n\\n"
	  "Constraints:\\n- keep the public functions as they are\\n- no new "
	  "dependency\\n",
	  "\"}," },
	{ "{\"role\":\"assistant\",\"content\":\"I'll look at the function "
	  "that reads the list first:\\n\\n```c\\n",
	  "static bool\\nlist_next(struct list *l, char *out, size_t n)\\n{\\n"
	  "\\tif (*l->p == ',')\\n\\t\\tl->p++;\\n\\tif (*l->p == '\\\"')\\n"
	  "\\t\\treturn string_read(l, out, n);\\n\\treturn l->p[0] != ']' && "
	  "number_read(l, out, n);\\n}\\n",
	  "```\\n\\nThe comma is skipped before a value is known to exist.\"}," },
	{ "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"
	  "\"call_9fK2....\",\"type\":\"function\",\"function\":{\"name\":"
	  "\"run_command\",\"arguments\":\"{\\\"command\\\":[\\\"grep\\\"",
	  ",\\\"-e\\\",\\\"list_next\\\"",
	  "],\\\"timeout_ms\\\":10000,\\\"workdir\\\":\\\"/home/user/src\\\"}\""
	  "}}]}," },
	{ "{\"role\":\"tool\",\"tool_call_id\":\"call_9fK2....\",\"content\":"
	  "\"{\\\"exit_code\\\":0,\\\"path\\\":\\\"C:\\\\\\\\src\\\"}\\n",
	  "src/config.c:214:list_next(struct list *l, char *out, size_t n)\\n"
	  "src/config.c:301:\\twhile (list_next(&l, word, sizeof(word)))\\n"
	  "src/rules.c:88:\\tif (!list_next(&r->args, buf, n))\\n",
	  "\"}," },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
	  "\"Schön, danke! 次のファイルも同じように直してください。 "
	  "Проверь ещё строки 301–340. \\ud83d\\ude80 \\u00e9t\\u00e9\\n\"},"
	  "{\"type\":\"text\",\"text\":\"<file path=\\\"src/rules.c\\\">\\n",
	  "for (i = 0; i < n; i++) {\\n\\tif (a[i] == '\\\\0' || a[i] == "
	  "'\\\\n')\\n\\t\\tbreak;\\n\\tprintf(\\\"%s\\\\t%d\\\\n\\\", "
	  "names[i], values[i]);\\n}\\n",
	  "</file>\"}]}," },
};

static const char	 filler[] =
	"One more remark about the change: it should stay readable. ";
static const char	 last_head[] = "{\"role\":\"user\",\"content\":\"";
static const char	 last_tail[] = "\"}]}";

static void
out_of_memory(void)
{
	perror("load: request");
	exit(2);
}

/* Write one turn with its middle repeated, if "room" allows; its length. */
static size_t
turn_write(FILE *f, const struct turn *t, size_t repeat, size_t room)
{
	size_t	 n = strlen(t->head) + repeat * strlen(t->middle) +
		     strlen(t->tail);

	if (n > room)
		return 0;
	fputs(t->head, f);
	while (repeat-- > 0)
		fputs(t->middle, f);
	fputs(t->tail, f);
	return n;
}

/* Messages until the body is about "bytes" long, and a last one that fits. */
static void
messages(FILE *f, size_t bytes)
{
	size_t	 at = (size_t)ftello(f), i, n;
	size_t	 need = sizeof(last_head) - 1 + sizeof(last_tail) - 1;

	for (i = 0; at + need < bytes; i++) {
		const struct turn	*t = &turns[i % COUNT(turns)];
		size_t			 room = bytes - at - need;

		n = turn_write(f, t, 1 + i * 7 % 16, room);
		if (n == 0)
			n = turn_write(f, t, 1, room);
		if (n == 0)
			break;
		at += n;
	}
	fputs(last_head, f);
	at += need;
	for (i = 0; at < bytes; i++, at++)
		fputc(filler[i % (sizeof(filler) - 1)], f);
	fputs(last_tail, f);
}

/* Each call has an id of its own, and its result the same one. */
static void
number_calls(char *p)
{
	char	 digits[8];
	size_t	 n;

	for (n = 0; (p = strstr(p, CALL_ID)) != NULL; n++) {
		p += sizeof(CALL_ID) - 1;
		snprintf(digits, sizeof(digits), "%04zu", n / 2 % 10000);
		memcpy(p, digits, 4);
	}
}

static bool
is_stream(const struct plan *plan)
{
	return plan->streaming || plan->answer_chunks > 0;
}

/* The JSON body: a chat request for the fake upstream's benchmark model. */
static struct post
body_create(const struct plan *plan)
{
	struct post	 t = { 0 };
	FILE		*f = open_memstream(&t.p, &t.len);

	if (f == NULL)
		out_of_memory();
	fprintf(f, "{\"model\":\"bench-%" PRIu64 "-%" PRIu64 "-%" PRIu64 "\","
	    "\"stream\":%s,\"messages\":[{\"role\":\"system\",\"content\":"
	    "\"You are a careful engineer.\\n\"},",
	    plan->streaming ? plan->chunks : plan->answer_chunks > 0 ?
	    plan->answer_chunks : 1, plan->interval_ms, plan->chunk_bytes,
	    is_stream(plan) ? "true" : "false");
	fflush(f);
	messages(f, plan->body_bytes);
	if (fclose(f) != 0)
		out_of_memory();
	number_calls(t.p);
	return t;
}

struct post
post_create(const struct plan *plan)
{
	struct post	 body = body_create(plan), t = { 0 };
	FILE		*f = open_memstream(&t.p, &t.len);

	if (f == NULL)
		out_of_memory();
	fprintf(f, "POST %s HTTP/1.1\r\nHost: %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n"
	    "Accept: %s\r\n%s%s\r\n", plan->path, plan->host, body.len,
	    is_stream(plan) ? "text/event-stream" : "application/json",
	    plan->keep_alive ? "" : "Connection: close\r\n", plan->headers);
	fwrite(body.p, 1, body.len, f);
	if (fclose(f) != 0)
		out_of_memory();
	post_finish(&body);
	return t;
}

void
post_finish(struct post *t)
{
	free(t->p);
	*t = (struct post){ 0 };
}
