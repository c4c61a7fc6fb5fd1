/* An error as OpenAI prints it. */
#include "config.h"

#include "base/err-json.h"
#include "base/err.h"
#include "base/js.h"

json_object *
err_json_new(const struct err *e)
{
	json_object *obj = json_object_new_object();
	json_object *in = json_object_new_object();

	js_add_str(in, "message", e->msg);
	js_add_str(in, "type", e->type != NULL ? e->type : ERR_SERVER);
	js_add_str(in, "param", e->param[0] != '\0' ? e->param : NULL);
	js_add_str(in, "code", e->code[0] != '\0' ? e->code : NULL);
	js_add_take(obj, "error", in);
	return obj;
}

void
err_json(const struct err *e, struct buf *out)
{
	json_object *obj = err_json_new(e);

	js_print(obj, out);
	json_object_put(obj);
}
