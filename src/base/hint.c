/* How the program is called by whoever reads a message of it. */
#include "config.h"

#include <sys/stat.h>

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/util.h"

#define NAME		"copilot-api"
/* The path of sudo (secure_path), and of a shell without a profile. */
#define USUAL_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:" \
			"/sbin:/bin"
#define SYSTEM_UID	1000	/* below it nobody logs in (Debian's policy) */

/* Written by hint_init() alone. */
static char program[8192] = NAME;
static char options[8192];

void
hint_word(struct buf *out, const char *word)
{
	const char *p;

	for (p = word; isalnum((unsigned char)*p) ||
	    (*p != '\0' && strchr("/._-+:=@,~", *p) != NULL); p++)
		;
	if (*p == '\0' && p != word && word[0] != '~') {
		buf_puts(out, word);
		return;
	}
	buf_puts(out, "'");
	for (p = word; *p != '\0'; p++)
		if (*p == '\'')
			buf_puts(out, "'\\''");
		else
			buf_append(out, p, 1);
	buf_puts(out, "'");
}

char *
hint_option(const char *name, const char *value)
{
	struct buf out = { 0 };

	if (value != NULL) {
		buf_printf(&out, " --%s ", name);
		hint_word(&out, value);
	}
	return buf_steal(&out);
}

/* --- Where it is. */

/* Calls "found" for NAME in each directory of a PATH until it says yes. */
static bool
in_path(const char *path, const char *name, struct stat *st)
{
	char	*file;
	size_t	 n;
	bool	 there = false;

	for (; !there && *path != '\0'; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		file = xasprintf("%.*s/%s", (int)n, path, name);
		there = n > 0 && stat(file, st) == 0 && S_ISREG(st->st_mode) &&
		    access(file, X_OK) == 0;
		free(file);
	}
	return there;
}

/* By its name alone where a shell with this PATH finds the same file. */
static void
put_program(struct buf *out, const char *path)
{
	struct stat	first, self;
	char		real[4096];
	ssize_t		n = readlink("/proc/self/exe", real, sizeof(real) - 1);

	if (n <= 0 || stat("/proc/self/exe", &self) != 0 ||
	    (in_path(path, NAME, &first) && first.st_ino == self.st_ino &&
	    first.st_dev == self.st_dev)) {
		buf_puts(out, NAME);
		return;
	}
	real[n] = '\0';
	/* It was replaced while it ran: the new one has the same name. */
	if (util_ends(real, " (deleted)"))
		real[n - (ssize_t)strlen(" (deleted)")] = '\0';
	hint_word(out, real);
}

/* --- Whose it is. */

static void
put_user(struct buf *out, uid_t uid)
{
	char		 text[16384];
	struct passwd	 pw, *found = NULL;
	struct stat	 st;
	bool		 sudo = in_path(USUAL_PATH, "sudo", &st);

	buf_puts(out, sudo ? "sudo -u " : "runuser -u ");
	if (getpwuid_r(uid, &pw, text, sizeof(text), &found) == 0 &&
	    found != NULL)
		hint_word(out, pw.pw_name);
	else
		buf_printf(out, "'#%u'", (unsigned)uid);
	buf_puts(out, sudo ? " " : " -- ");
}

/* Did sudo make another user of the one who reads this? */
static bool
by_sudo(uid_t uid)
{
	const char	*s = getenv("SUDO_UID");
	int64_t		 was;

	return s != NULL && util_parse_int64(s, &was) && was != (int64_t)uid;
}

void
hint_init(const char *home, const char *enterprise_url)
{
	struct buf	 out = { 0 };
	const char	*path = getenv("PATH");
	char		*usual = files_usual_home();
	uid_t		 uid = geteuid();
	bool		 other;

	other = by_sudo(uid) || (uid != 0 && uid < SYSTEM_UID);
	if (other && uid == 0)
		buf_puts(&out, "sudo ");
	else if (other)
		put_user(&out, uid);
	put_program(&out, other || path == NULL ? USUAL_PATH : path);
	snprintf(program, sizeof(program), "%s", buf_str(&out));
	buf_truncate(&out, 0);
	if (strcmp(home, usual) != 0) {
		buf_puts(&out, " --api-home=");
		hint_word(&out, home);
	}
	if (enterprise_url != NULL && enterprise_url[0] != '\0') {
		buf_puts(&out, " --enterprise-url=");
		hint_word(&out, enterprise_url);
	}
	snprintf(options, sizeof(options), "%s", buf_str(&out));
	buf_finish(&out);
	free(usual);
}

char *
hint_owner(const char *dir)
{
	struct buf	out = { 0 };
	struct stat	st;

	if (access(dir, R_OK | W_OK | X_OK) == 0 || stat(dir, &st) != 0 ||
	    st.st_uid == geteuid())
		return NULL;
	if (st.st_uid == 0)
		buf_puts(&out, "sudo ");
	else
		put_user(&out, st.st_uid);
	put_program(&out, USUAL_PATH);
	return buf_steal(&out);
}

/* --- */

const char *
hint_program(void)
{
	return program;
}

const char *
hint_options(void)
{
	return options;
}

void
hint_text(char *out, size_t size, const char *text)
{
	struct buf	all = { 0 };
	size_t		n;

	while (*text != '\0') {
		n = strcspn(text, "{");
		buf_append(&all, text, n);
		text += n;
		if (*text == '\0')
			break;
		n = strcspn(text, "}");
		buf_printf(&all, "%s %.*s%s", program, (int)n - 1, text + 1,
		    options);
		text += n + (text[n] == '}');
	}
	snprintf(out, size, "%s", buf_str(&all));
	buf_finish(&all);
}
