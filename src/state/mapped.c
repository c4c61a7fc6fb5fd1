/* Files as memory, which others cut. */
#include "config.h"

#include <sys/mman.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/util.h"
#include "state/mapped.h"

#define AREAS	16	/* of a process; one more is not guarded */

/* The signal's handler looks at them while others are added and go. */
static struct {
	_Atomic(char *)	begin;	/* NULL: free */
	_Atomic size_t	size;
} areas[AREAS];

static pthread_mutex_t	lock = PTHREAD_MUTEX_INITIALIZER;
static size_t		guarded;
static struct sigaction	former;

static bool
is_mapped(const char *at)
{
	const char	*begin;
	size_t		 i;

	for (i = 0; i < AREAS; i++) {
		begin = atomic_load(&areas[i].begin);
		if (begin != NULL && at >= begin &&
		    at < begin + atomic_load(&areas[i].size))
			return true;
	}
	return false;
}

static void
on_bus_error(int sig, siginfo_t *info, void *context)
{
	int		 error = errno;
	uintptr_t	 page = (uintptr_t)sysconf(_SC_PAGESIZE);
	void		*at = (void *)((uintptr_t)info->si_addr & ~(page - 1));

	(void)context;
	if (!is_mapped(info->si_addr) || mmap(at, page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		sigaction(sig, &former, NULL);	/* and it comes again */
	errno = error;
}

static void
guard(char *begin, size_t size)
{
	const struct sigaction sa = {
		.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO
	};
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < AREAS && atomic_load(&areas[i].begin) != NULL; i++)
		;
	if (i < AREAS) {
		atomic_store(&areas[i].size, size);
		atomic_store(&areas[i].begin, begin);
		if (guarded++ == 0)
			sigaction(SIGBUS, &sa, &former);
	}
	pthread_mutex_unlock(&lock);
}

static void
unguard(const char *begin)
{
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < AREAS && atomic_load(&areas[i].begin) != begin; i++)
		;
	if (i < AREAS) {
		atomic_store(&areas[i].begin, NULL);
		if (--guarded == 0)
			sigaction(SIGBUS, &former, NULL);
	}
	pthread_mutex_unlock(&lock);
}

void *
mapped_create(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	guard(p, size);
	return p;
}

void
mapped_destroy(void *p, size_t size)
{
	unguard(p);
	munmap(p, size);
}
