/* health: is the server of this machine well? For containers and monitors. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/http.h"
#include "base/util.h"
#include "cli/cli.h"

#define TIMEOUT_MS	5000	/* until the answer begins, and as long after */
#define ANSWER_MAX	65536

/* Where "start" listens, by the same options; every address is this machine. */
static char *
address(const struct cli *cli)
{
	const char	*host = cli->host != NULL ? cli->host : "localhost";
	const char	*port = cli->port != NULL ? cli->port : "4141";
	bool		 six = strchr(host, ':') != NULL;

	if (strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	return xasprintf("http://%s%s%s:%s%s", six ? "[" : "", host,
	    six ? "]" : "", port, cli->ready ? "/readyz" : "/healthz");
}

/* Exit status 0: it is. The answer, or why there is none, is printed. */
int
cli_health(struct cli *cli)
{
	struct http_request	 req = { .method = "GET" };
	struct http_reply	 rep = { 0 };
	struct conf		*conf;
	struct http		*http;
	struct err		 err;
	int			 rc = 0;

	if ((conf = conf_load(cli->home, &cli->override, &err)) == NULL)
		return cli_fail(&err);
	/* No proxy knows what "localhost" is here; curl(1), ENVIRONMENT. */
	setenv("no_proxy", "*", 1);
	http = http_create(NULL);
	req.url = address(cli);
	req.headers_timeout_ms = req.silence_timeout_ms = TIMEOUT_MS;
	req.body_max = ANSWER_MAX;
	if (!http_fetch(http, conf, &req, &rep, &err))
		rc = cli_fail(&err);
	else {
		rc = rep.status == 200 ? 0 : 1;
		fprintf(rc == 0 ? stdout : stderr, "%s%s",
		    buf_str(&rep.body), rep.body.len > 0 &&
		    rep.body.p[rep.body.len - 1] == '\n' ? "" : "\n");
	}
	http_reply_finish(&rep);
	http_request_finish(&req);
	http_destroy(http);
	conf_unref(conf);
	return rc;
}
