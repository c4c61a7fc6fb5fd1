/* URLs of the web. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/url.h"
#include "base/util.h"

static char *
part(CURLU *u, CURLUPart what)
{
	char *s = NULL, *copy;

	if (curl_url_get(u, what, &s, 0) != CURLUE_OK || s == NULL)
		return NULL;
	copy = xstrdup(s);
	curl_free(s);
	return copy;
}

/* "[::1]" -> "::1"; the final dot of a name says nothing. */
static char *
bare_host(char *host)
{
	size_t n;

	if (host == NULL)
		return NULL;
	n = strlen(host);
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		memmove(host, host + 1, n - 1);
	} else if (n > 1 && host[n - 1] == '.')
		host[n - 1] = '\0';
	return host;
}

static enum url_read
read_parts(CURLU *u, struct url *url)
{
	char *scheme = part(u, CURLUPART_SCHEME);

	url->tls = scheme != NULL && strcasecmp(scheme, "https") == 0;
	if (!url->tls && (scheme == NULL || strcasecmp(scheme, "http") != 0)) {
		free(scheme);
		return URL_SCHEME;
	}
	free(scheme);
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	url->text = part(u, CURLUPART_URL);
	url->host = bare_host(part(u, CURLUPART_HOST));
	url->path = part(u, CURLUPART_PATH);
	if (url->text == NULL || url->host == NULL || url->path == NULL ||
	    strlen(url->text) > URL_MAX)
		return URL_MALFORMED;
	return URL_READ;
}

enum url_read
url_read(const char *base, const char *text, struct url *url)
{
	const unsigned	 flags = CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME |
			    CURLU_DISALLOW_USER;
	CURLU		*u = curl_url();
	CURLUcode	 code = CURLUE_OK;
	enum url_read	 said;

	*url = (struct url){ 0 };
	if (u == NULL)
		die("out of memory");
	if (base != NULL)
		code = curl_url_set(u, CURLUPART_URL, base, flags);
	if (code == CURLUE_OK && strlen(text) <= URL_MAX)
		code = curl_url_set(u, CURLUPART_URL, text, flags);
	else
		code = CURLUE_MALFORMED_INPUT;
	if (code == CURLUE_OK)
		said = read_parts(u, url);
	else
		said = code == CURLUE_USER_NOT_ALLOWED ? URL_USER :
		    URL_MALFORMED;
	curl_url_cleanup(u);
	if (said != URL_READ)
		url_finish(url);
	return said;
}

void
url_finish(struct url *url)
{
	free(url->text);
	free(url->host);
	free(url->path);
	*url = (struct url){ 0 };
}
