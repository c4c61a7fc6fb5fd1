/* The words of chat completions. */
#ifndef CHAT_TERMS_H
#define CHAT_TERMS_H

struct terms_side;

extern const struct terms_side chat_terms;
/* The same before there were tools: functions and function_call. */
extern const struct terms_side chat_functions_terms;

#endif
