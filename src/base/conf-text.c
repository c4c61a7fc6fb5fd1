/* Values of config.json share this: their words, and how one is refused. */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf-row.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"

/* "FILE:LINE: KEY: what" as a refusal. Always false. */
bool
conf_refuse(const struct conf_source *src, const char *key, const char *what)
{
	const struct buf	*t = &src->text;
	char			*at = xstrdup(key);
	size_t			 n = strlen(at);
	int			 line = 0;

	/* The member, else what it is a member of. */
	while (n > 0 && (line = js_line_of(buf_str(t), t->len, at)) == 0) {
		while (n > 0 && at[n - 1] != '.' && at[n - 1] != '[')
			n--;
		at[n > 0 ? --n : 0] = '\0';
	}
	free(at);
	return err_set(src->err, 500, ERR_SERVER, "invalid_configuration",
	    NULL, "%s:%d: %s: %s", src->path, line > 0 ? line : 1, key, what);
}

bool
conf_has_control(json_object *string)
{
	const char	*s = json_object_get_string(string);
	size_t		 n = (size_t)json_object_get_string_len(string), i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return true;
	return false;
}

char *
conf_trimmed(json_object *string)
{
	const char	*s = json_object_get_string(string);
	size_t		 n = strlen(s);

	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	while (n > 0 && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	return xstrndup(s, n);
}

bool
conf_is_choice(const char *choices, const char *word)
{
	size_t n = strlen(word), len;

	for (; *choices != '\0'; choices += strspn(choices, ", ")) {
		len = strcspn(choices, ",");
		if (len == n && strncmp(choices, word, n) == 0)
			return true;
		choices += len;
	}
	return false;
}

bool
conf_account_ok(const char *name)
{
	size_t n;

	for (n = 0; name[n] != '\0'; n++)
		if (!isalnum((unsigned char)name[n]) &&
		    (n == 0 || strchr("._-", name[n]) == NULL))
			return false;
	return n > 0 && n <= CONF_NAME_MAX;
}
