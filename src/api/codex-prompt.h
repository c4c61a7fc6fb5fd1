/* A model in Codex is told about its work. */
#ifndef CODEX_PROMPT_H
#define CODEX_PROMPT_H

/* The instructions of all models; the caller frees them. */
char	*codex_prompt(void);

#endif
