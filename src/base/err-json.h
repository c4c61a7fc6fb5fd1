/* An error as OpenAI prints it. */
#ifndef ERR_JSON_H
#define ERR_JSON_H

#include <json-c/json.h>

struct buf;
struct err;

/* {"error":{"message","type","param","code"}}, and that appended. */
json_object *err_json_new(const struct err *);
void	err_json(const struct err *, struct buf *);

#endif
