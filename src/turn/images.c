/* Images that clients send inline. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"
#include "turn/images.h"

/* Both names are in use for the same thing. */
static bool
same_type(const char *type, size_t n, const char *known)
{
	if (n == 9 && strncasecmp(type, "image/jpg", n) == 0)
		return strcmp(known, "image/jpeg") == 0;
	return strlen(known) == n && strncasecmp(type, known, n) == 0;
}

static bool
refuse_type(const struct model *m, const char *param, struct err *err)
{
	struct buf	list = { 0 };
	size_t		i;

	for (i = 0; m->image_types[i] != NULL; i++)
		buf_printf(&list, "%s'%s'", i > 0 ? ", " : "",
		    m->image_types[i]);
	err_param(err, param, "invalid_image_format",
	    "Invalid '%s': unsupported image. This model takes images of these "
	    "types: %s.", param, buf_str(&list));
	buf_finish(&list);
	return false;
}

/* "type" of n bytes is what a data URL says. */
static bool
check_type(const char *type, size_t n, const struct model *m,
    const char *param, struct err *err)
{
	size_t i;

	if (m->image_types == NULL || m->image_types[0] == NULL || n == 0)
		return true;
	for (i = 0; m->image_types[i] != NULL; i++)
		if (same_type(type, n, m->image_types[i]))
			return true;
	return refuse_type(m, param, err);
}

bool
images_check(json_object *url, const struct model *m, const char *param,
    struct err *err)
{
	const char *s;

	if (m == NULL || !json_object_is_type(url, json_type_string))
		return true;
	s = json_object_get_string(url);
	if (!util_starts_nocase(s, "data:") || strchr(s, ',') == NULL)
		return true;
	return check_type(s + 5, strcspn(s + 5, ";,"), m, param, err);
}

/*
 * Only of Google's models: one more, and Google refuses the request for no
 * reason that is passed on. For others the list says one or five, and upstream
 * takes more of them (VS Code counts Gemini's and Claude's only:
 * microsoft/vscode issue 289484 and pull request 310437).
 */
int64_t
images_max(const struct model *m)
{
	return m != NULL && m->vendor != NULL &&
	    strcmp(m->vendor, "Google") == 0 ? m->max_prompt_images : 0;
}
