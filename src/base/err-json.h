/* An error as OpenAI prints it. */
#ifndef ERR_JSON_H
#define ERR_JSON_H

struct buf;
struct err;

/* Appends {"error":{"message","type","param","code"}}. */
void	err_json(const struct err *, struct buf *);

#endif
