/*
 * Upstream teaches about its models, beyond what its list says: parameters that
 * a model refuses, how many images it takes. The first request pays for it
 * with a call that fails, the next ones don't.
 *
 * Whoever writes a prompt can have upstream quote it in a refusal, and whoever
 * has a client key can provoke refusals. So three things limit a lesson:
 * - Upstream's "param" teaches, and a sentence of a fixed list from its
 *   beginning, in which nothing of the client's stands before the claim. A
 *   quotation further on teaches nothing. Nor does a parameter that the call
 *   did not have at that place.
 * - A sentence that may be about this value or this combination only changes
 *   the request that met it, no later one.
 * - A lesson that lasts belongs to one account (its list and rights differ), to
 *   one client key, and to one model, for a day. A model may refuse a
 *   temperature beside one effort and take it beside another: a key that
 *   provokes the refusal loses its own temperature, nobody else does.
 *
 * Any thread may call these; NULL is a table in which nothing is kept.
 */
#ifndef LESSONS_H
#define LESSONS_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

struct buf;
struct err;
struct lessons;

/*
 * Parameters that a request can do without: they tune an answer, and without
 * them it is still one to the question. No parameter that changes the meaning
 * of a request is in here.
 */
enum {
	LESSON_TEMPERATURE	= 1u << 0,
	LESSON_TOP_P		= 1u << 1,
	LESSON_ONE_SAMPLER	= 1u << 2,	/* top_p beside temperature */
	LESSON_PENALTIES	= 1u << 3,
	LESSON_SEED		= 1u << 4,
	LESSON_LOGPROBS		= 1u << 5,
	LESSON_USER		= 1u << 6,
	LESSON_PREDICTION	= 1u << 7,
	LESSON_VERBOSITY	= 1u << 8,
	LESSON_EFFORT		= 1u << 9,
	LESSON_SUMMARY		= 1u << 10,
	LESSON_CACHE_KEY	= 1u << 11,
	LESSON_TRUNCATION	= 1u << 12,
	LESSON_COMPACTION	= 1u << 13,
	LESSON_PARALLEL		= 1u << 14,	/* if true, the default */
	/* These aren't left out, but said in another way. */
	LESSON_MAX_TOKENS	= 1u << 15,	/* max_completion_tokens */
	LESSON_MAX_COMPLETION	= 1u << 16,	/* max_tokens */
	LESSON_FORMAT		= 1u << 17,	/* as an instruction */
	LESSON_STOP		= 1u << 18,	/* honoured here */
	LESSON_WEB_SEARCH	= 1u << 19,	/* the tool */
	LESSON_TOP_K		= 1u << 20,	/* Messages have it */
	LESSON_ALL		= (1u << 21) - 1
};

struct lesson {
	unsigned	without;
	int64_t		images;		/* most in a request; 0: not known */
};

struct lessons *lessons_create(void);
void	lessons_destroy(struct lessons *);

/*
 * Is this refusal of upstream's, in its own terms, one that the request, whose
 * body "sent" was, can evade? Then fill in how; "lasts" says that it is so for
 * every request to the model and not for this value only. The request was
 * checked as OpenAI does: what is said of a parameter here is about the model.
 */
bool	lesson_read(const struct err *, const struct buf *sent,
	    struct lesson *, bool *lasts);
/* Its subject, in a word of ours for the log. */
const char *lesson_name(const struct lesson *);
/* Add one to the other; false when it had nothing new. */
bool	lesson_add(struct lesson *to, const struct lesson *);

/*
 * Keep what a client key's request (NULL: there are no keys) learnt about a
 * model, and add what is known to "to". The key is kept as a hash.
 */
void	lessons_note(struct lessons *, const char *key, const char *model,
	    const struct lesson *);
void	lessons_recall(struct lessons *, const char *key, const char *model,
	    struct lesson *to);

/*
 * Hosts share lessons. From "secret" on, which only they have in common, a
 * client is told apart by a MAC of its key. NULL: by a hash, here only.
 */
void	lessons_secret(struct lessons *, const char *secret);
/*
 * The lessons that were learnt here and not told yet, as lines: a name without
 * spaces, a space, the rest. The result goes to lessons_told() when all hosts
 * can read them.
 */
uint64_t lessons_news(struct lessons *, struct buf *lines);
void	lessons_told(struct lessons *, uint64_t);
/* Such a line's rest, from any host; what it is not is left out. */
void	lessons_hear(struct lessons *, const char *rest, size_t n);

/*
 * The parameters of chat completions and Responses that have to be left out.
 * False behind the last one; start with *i == 0. "inner" is the member of
 * "member" that is meant, NULL: all of it. Only what "body" has.
 */
bool	lesson_next(const struct lesson *, json_object *body, size_t *i,
	    const char **member, const char **inner);
/* Remove them from a body. */
void	lesson_apply(const struct lesson *, json_object *body);

#endif
