/* What Anthropic's Messages call things. */
#ifndef MESSAGES_TERMS_H
#define MESSAGES_TERMS_H

struct terms_side;

extern const struct terms_side messages_terms;

#endif
