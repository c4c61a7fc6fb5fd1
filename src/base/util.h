/*
 * Memory, time, random ids and small string helpers, open to every module.
 *
 * Ownership, here and in every header of this program: a returned pointer is
 * yours unless it is const; a function keeps no argument unless its name says
 * _take.
 */
#ifndef UTIL_H
#define UTIL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* The struct of which "p" is that member. */
#define CONTAINER(p, type, member) \
	((type *)(void *)((char *)(p) - offsetof(type, member)))

/* No memory and broken invariants end the process; its manager restarts it. */
void	 die(const char *, ...) __attribute__((format(printf, 1, 2), noreturn));

void	*xmalloc(size_t);
void	*xcalloc(size_t, size_t);
void	*xrealloc(void *, size_t);
/* Room for one more of n elements: it doubles at each power of two. */
void	*util_grow(void *list, size_t n, size_t size);
/* The same up to an index: what is new is zero, and counted in *n. */
void	*util_reach(void *list, size_t *n, size_t at, size_t size);
char	*xstrdup(const char *);
char	*xstrndup(const char *, size_t);
char	*xasprintf(const char *, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds since boot, time asleep included (CLOCK_BOOTTIME). */
int64_t	 util_now_ms(void);
/*
 * For pthread_cond_timedwait(): a condition, and a time so many milliseconds
 * from now. By CLOCK_MONOTONIC, so that nobody waits for an hour because the
 * clock was set back by one.
 */
void	 util_cond_init(pthread_cond_t *);
struct timespec util_after_ms(int64_t);
/* Names this boot: ids and clocks of another mean nothing. "" if unknown. */
const char *util_boot_id(void);

#define UTIL_UUID_SIZE 37
void	 util_random(void *, size_t);
void	 util_uuid(char[static UTIL_UUID_SIZE]); /* RFC 4122, version 4 */
/* These bytes in the form of one. */
void	 util_print_uuid(const unsigned char[static 16],
	    char[static UTIL_UUID_SIZE]);
void	 util_random_hex(char *, size_t);	/* n hex digits and a NUL */

/* Equal? Takes a time that depends on the lengths only. */
bool	 util_equal_secret(const char *, const char *);
/* FNV-1a, 64 bits: tells one secret from another, hides nothing. */
uint64_t util_hash(const char *);
#define UTIL_HASH_BASIS 0xcbf29ce484222325u
/* The same in pieces; "h" is the basis, or what came before. */
uint64_t util_hash_more(uint64_t h, const void *, size_t);

bool	 util_starts(const char *s, const char *prefix);
bool	 util_starts_nocase(const char *s, const char *prefix);
bool	 util_ends(const char *s, const char *suffix);
/* Letters of ASCII, digits, _ and -, one at least? */
bool	 util_is_name(const char *, size_t n);
bool	 util_parse_int64(const char *s, int64_t *n);	/* all of s, base 10 */
/* In base 10, with a NUL; returns the length. For what is printed often. */
#define UTIL_INT_SIZE 21
size_t	 util_print_int(int64_t, char[static UTIL_INT_SIZE]);

/* ISO 8601 of a Unix time in UTC: "2026-11-22T14:00:00Z". */
#define UTIL_TIME_SIZE 21
void	 util_time_utc(int64_t, char[static UTIL_TIME_SIZE]);

#endif
