/* lighttpd for "copilot-api start": where it is and what it is told. */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/files.h"
#include "base/js.h"
#include "base/util.h"
#include "cli/lighttpd.h"

#define FILE_NAME	"lighttpd.conf"
#define PROGRAM_LINK	"copilot-api"
#define ERROR_PREFIX	"error-"
#define FILES_WANTED	16384
#define DIR_LEN_MAX	80		/* sun_path holds 108 bytes */
#define SLACK_KB	1024

/* lighttpd's own refusals, in the form that OpenAI clients understand. */
static const struct {
	int		 status;
	const char	*type, *code, *message;
} pages[] = {
	{ 400, ERR_REQUEST, NULL, "The request is malformed." },
	{ 411, ERR_REQUEST, NULL, "The request needs a Content-Length." },
	{ 413, ERR_REQUEST, "request_too_large",
	    "The request body is larger than maxRequestBodyBytes allows." },
	{ 414, ERR_REQUEST, NULL, "The URL is too long." },
	{ 431, ERR_REQUEST, NULL, "The request headers are too large." },
	{ 500, ERR_SERVER, NULL, "copilot-api is overloaded or has failed." },
	{ 501, ERR_REQUEST, NULL, "HTTP knows no such method." },
	{ 502, ERR_SERVER, NULL, "copilot-api gave no valid answer." },
	{ 503, ERR_SERVER, NULL, "copilot-api is not running; it is started "
	    "again in a moment." },
	{ 504, ERR_SERVER, NULL, "copilot-api gave no answer in time." },
	{ 505, ERR_REQUEST, NULL, "This version of HTTP is not supported." },
};

/* --- Finding things. */

static char *
find_program(void)
{
	static const char	 sbin[] = "/usr/sbin:/usr/local/sbin:/sbin";
	const char		*path = getenv("PATH"), *p;
	char			*all, *name;
	size_t			 n;

	/* Debian's users do not have /usr/sbin in their PATH. */
	all = xasprintf("%s:%s", path != NULL ? path : "", sbin);
	for (p = all; *p != '\0'; p += n + (p[n] == ':')) {
		if ((n = strcspn(p, ":")) == 0 || *p != '/')
			continue;
		name = xasprintf("%.*s/lighttpd", (int)n, p);
		if (access(name, X_OK) == 0) {
			free(all);
			return name;
		}
		free(name);
	}
	free(all);
	return NULL;
}

bool
lighttpd_find(struct lighttpd *l, struct err *err)
{
	return (l->program = find_program()) != NULL ||
	    err_set(err, 500, ERR_SERVER, NULL, NULL, "lighttpd is not "
	    "installed. Run: %sapt-get install lighttpd",
	    geteuid() == 0 ? "" : "sudo ");
}

static char *
make_dir(struct err *err)
{
	const char	*above[] = { getenv("XDG_RUNTIME_DIR"), "/tmp" };
	char		*dir;
	size_t		 i;

	for (i = 0; i < COUNT(above); i++) {
		if (above[i] == NULL || strlen(above[i]) > DIR_LEN_MAX ||
		    !uploads_plain_path(above[i]))
			continue;
		dir = xasprintf("%s/copilot-api.XXXXXX", above[i]);
		if (mkdtemp(dir) != NULL)	/* makes it 0700 */
			return dir;
		free(dir);
	}
	err_set(err, 500, ERR_SERVER, NULL, NULL,
	    "no runtime directory can be made in XDG_RUNTIME_DIR or /tmp: %s",
	    strerror(errno));
	return NULL;
}

/*
 * lighttpd splits bin-path at blanks, so it is given a link with a tame name
 * instead of whatever directory this program was built in.
 */
static bool
link_program(const char *dir, struct err *err)
{
	char	 self[PATH_MAX], *name;
	ssize_t	 n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	bool	 ok = false;

	name = xasprintf("%s/%s", dir, PROGRAM_LINK);
	if (n > 0) {
		self[n] = '\0';
		ok = access(self, X_OK) == 0 && symlink(self, name) == 0;
	}
	free(name);
	return ok || err_set(err, 500, ERR_SERVER, NULL, NULL,
	    "this program can't find its own file: %s", strerror(errno));
}

/* --- The configuration. */

/* Descriptors for lighttpd: what it may have, at most what it needs. */
static rlim_t
raise_files(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
		return 1024;
	if (rl.rlim_cur < FILES_WANTED) {
		rl.rlim_cur = rl.rlim_max < FILES_WANTED ? rl.rlim_max :
		    FILES_WANTED;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
	return rl.rlim_cur < FILES_WANTED ? rl.rlim_cur : FILES_WANTED;
}

static void
put_address(struct buf *out, const struct lighttpd *l, size_t i)
{
	const char	*a = l->addresses[i];
	bool		 six = strchr(a, ':') != NULL;

	if (i == 0)
		buf_printf(out, "server.bind = \"%s%s%s\"\nserver.port = %d\n",
		    six ? "[" : "", a, six ? "]" : "", l->port);
	else
		buf_printf(out, "$SERVER[\"socket\"] == \"%s%s%s:%d\" { }\n",
		    six ? "[" : "", a, six ? "]" : "", l->port);
}

static void
put_configuration(struct buf *out, const struct lighttpd *l,
    const struct conf *conf)
{
	unsigned long	files = (unsigned long)raise_files();
	size_t		i;

	buf_puts(out, "server.modules = ( \"mod_fastcgi\" )\n");
	buf_printf(out, "server.document-root = \"%s\"\n", l->dir);
	for (i = 0; i < l->naddresses; i++)
		put_address(out, l, i);
	buf_puts(out, "server.listen-backlog = 1024\n");
	buf_printf(out, "server.max-fds = %lu\nserver.max-connections = %lu\n",
	    files, files / 2);
	buf_printf(out, "server.max-request-size = %lld\n", (long long)
	    conf->max_request_body_bytes / 1024 + SLACK_KB);
	/*
	 * Events must arrive as they come, and answers may pause for long. 2:
	 * what a client does not read must not pile up in lighttpd.
	 */
	buf_puts(out, "server.stream-response-body = 2\n"
	    "server.stream-request-body = 0\n"
	    "server.max-write-idle = 3600\n"
	    "server.max-keep-alive-idle = 75\n");
	/*
	 * Bodies above 64 kB wait in files, before any key was looked at: in
	 * a directory that is ours alone and goes when we go, not in /var/tmp,
	 * which may be full, read-only or on a disk for good.
	 */
	buf_printf(out, "server.upload-dirs = ( \"%s\" )\n", l->uploads.dir);
	/* supervise.c ends it; newer ones would give up after 8 seconds. */
	buf_puts(out, "server.feature-flags = ( "
	    "\"server.graceful-shutdown-timeout\" => 86400 )\n");
	/* Or else what the responder says on standard error is lost. */
	buf_puts(out, "server.breakagelog = \"/dev/stderr\"\n");
	buf_printf(out, "server.errorfile-prefix = \"%s/%s\"\n"
	    "mimetype.assign = ( \".html\" => \"application/json\" )\n",
	    l->dir, ERROR_PREFIX);
	buf_printf(out,
	    "fastcgi.server = ( \"/\" => ((\n"
	    "\t\"socket\" => \"%s/socket\",\n"
	    "\t\"bin-path\" => \"%s/%s\",\n"
	    "\t\"max-procs\" => %d,\n"
	    "\t\"check-local\" => \"disable\",\n"
	    "\t\"fix-root-scriptname\" => \"enable\",\n"
	    "\t\"tcp-fin-propagate\" => \"enable\",\n"
	    "\t\"listen-backlog\" => 1024\n"
	    ")) )\n", l->dir, l->dir, PROGRAM_LINK, conf_responders(conf));
}

static bool
write_pages(const char *dir, struct err *err)
{
	struct err	page;
	struct buf	text = { 0 };
	char		name[32];
	size_t		i;
	bool		ok = true;

	for (i = 0; ok && i < COUNT(pages); i++) {
		err_set(&page, pages[i].status, pages[i].type, pages[i].code,
		    NULL, "%s", pages[i].message);
		buf_truncate(&text, 0);
		err_json(&page, &text);
		snprintf(name, sizeof(name), ERROR_PREFIX "%d.html",
		    pages[i].status);
		ok = files_write(dir, name, text.p, text.len, err);
	}
	buf_finish(&text);
	return ok;
}

bool
lighttpd_prepare(struct lighttpd *l, const struct conf *conf,
    const char *home, struct err *err)
{
	struct buf	text = { 0 };
	bool		ok;

	if ((l->dir = make_dir(err)) == NULL ||
	    !uploads_prepare(&l->uploads, l->dir, home,
	    conf->max_request_body_bytes, err))
		return false;
	l->file = xasprintf("%s/%s", l->dir, FILE_NAME);
	l->drain_ms = conf->drain_ms;
	put_configuration(&text, l, conf);
	ok = link_program(l->dir, err) && write_pages(l->dir, err) &&
	    files_write(l->dir, FILE_NAME, text.p, text.len, err);
	buf_finish(&text);
	return ok;
}

void
lighttpd_finish(struct lighttpd *l)
{
	size_t i;

	uploads_finish(&l->uploads);
	if (l->dir != NULL)
		uploads_remove_dir(l->dir);
	for (i = 0; i < l->naddresses; i++)
		free(l->addresses[i]);
	free(l->program);
	free(l->dir);
	free(l->file);
	memset(l, 0, sizeof(*l));
}
