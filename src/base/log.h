/*
 * The program's log: one line a call, one write unless it is held, control
 * bytes escaped.
 * Under a web server it goes to standard error, which lighttpd
 * (server.breakagelog), spawn-fcgi -n and systemd keep. Never a secret, at any
 * level: headers and bodies are counted, not printed.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG__MAX };

/*
 * To be called first. Where standard error is the journal, lines have its
 * priorities ("<4>") in place of a time and a level.
 */
void	log_init(void);
/*
 * A program that is started from here on and has "fd" as its standard error
 * shall write as we do: its lines come to our standard error.
 */
void	log_pass(int fd);
bool	log_in_journal(void);		/* does standard error end there? */
void	log_set_level(enum log_level);
bool	log_level_find(const char *name, enum log_level *);	/* "info" */
bool	log_enabled(enum log_level);

/*
 * From here on the lines of this thread go out several at a time: by
 * log_flush(), and with each warning and error. Until log_release().
 */
void	log_hold(void);
void	log_flush(void);
void	log_release(void);

void	log_err(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_warn(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void	log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));
/* A line that is put together already; no more than a line has (2 kB). */
void	log_info_text(const char *);

#endif
