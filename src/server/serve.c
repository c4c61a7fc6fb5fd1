/* The parts wired together. */
#include "config.h"

#include <sys/resource.h>

#include <signal.h>

#include "api/recent.h"
#include "base/budget.h"
#include "base/conf.h"
#include "base/files.h"
#include "base/http.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/workers.h"
#include "copilot/accounts.h"
#include "copilot/copilot.h"
#include "remote/remote.h"
#include "server/cgi.h"
#include "server/parts.h"
#include "server/process.h"
#include "server/serve.h"
#include "server/sharing.h"
#include "state/background.h"
#include "state/ledger.h"
#include "state/metrics.h"
#include "state/reasoning.h"
#include "state/stored.h"

#define FILES_WANTED 65536	/* two descriptors a stream */

/* The usual soft limit of 1024 descriptors is 500 streams. */
static void
raise_file_limit(void)
{
	struct rlimit	l;
	const rlim_t	wanted = FILES_WANTED;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= wanted)
		return;
	l.rlim_cur = l.rlim_max == RLIM_INFINITY || l.rlim_max > wanted ?
	    wanted : l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

static void
warn(void *arg, const char *said)
{
	(void)arg;
	log_warn("%s", said);
}

/* Keys with a budget are refused then, see api/allowance.c. */
static void
check_budgets(const struct server *s)
{
	struct conf		*c = conf_file_get(s->conf_file);
	struct ledger_spent	 sum;

	if (conf_has_budgets(c) && s->ledger == NULL)
		log_err("Keys have budgets, and this program was built without "
		    "SQLite: it can't tell what they have spent, and refuses "
		    "them.");
	else if (conf_has_budgets(c))
		ledger_spent(s->ledger, "", &sum);
	conf_unref(c);
}

/*
 * Where it is, is read once: another place takes another start. Returns what
 * hosts share of the upstream, NULL: there is one host.
 */
static struct copilot_shared *
open_state(struct server *s, const char *home)
{
	struct conf		*c = conf_file_get(s->conf_file);
	struct state_place	 at = state_place(home, c);
	struct copilot_shared	*shared = NULL;

	s->stored = stored_create(&at);
	s->ledger = ledger_create(&at);
	if (at.url[0] != '\0')
		shared = sharing_create(s, &at);
	if (at.url[0] != '\0' && s->stored == NULL)
		log_err("stateUrl is set, and this program was built without "
		    "%s: nothing is stored.", state_place_kind(c));
	conf_unref(c);
	return shared;
}

int
serve_main(const struct serve_options *o)
{
	struct server		 s = { 0 };
	struct copilot_shared	*shared;
	int			 rc = 0;

	s.conf_file = conf_file_create(o->home, o->override);
	signal(SIGPIPE, SIG_IGN);
	s.loop = loop_create();
	s.http = http_create(s.loop);
	shared = open_state(&s, o->home);
	s.accounts = accounts_create(&(struct copilot_parts){ s.loop, s.http,
	    s.conf_file, o->home, o->github_token,
	    o->override->enterprise_url != NULL, true, NULL, shared });
	s.metrics = metrics_create(o->home);
	s.recent = recent_create();
	s.thoughts = reasoning_create(s.stored);
	s.budget = budget_create();
	s.remote = remote_create(s.loop, s.budget);
	if (process_wanted()) {
		raise_file_limit();
		files_exposed(o->home, warn, NULL);
		s.workers = workers_create();
		ledger_start(s.ledger);
		check_budgets(&s);
		process_run(&s);
		workers_destroy(s.workers);
	} else
		rc = cgi_run(&s);
	remote_destroy(s.remote);
	budget_destroy(s.budget);
	reasoning_destroy(s.thoughts);
	recent_destroy(s.recent);
	metrics_destroy(s.metrics);
	ledger_destroy(s.ledger);
	background_quit(s.stored);
	stored_destroy(s.stored);
	accounts_destroy(s.accounts);
	sharing_destroy(shared);
	http_destroy(s.http);
	loop_destroy(s.loop);
	conf_file_destroy(s.conf_file);
	return rc;
}
