/*
 * Messages and tools as the family of a model takes them. OpenAI's own API
 * answers all of these requests; Claude, Gemini and Copilot's gateway refuse
 * some with a 400, and then a conversation is over, since its history is sent
 * with each turn. Nothing that says something is lost.
 */
#ifndef CHAT_FIT_H
#define CHAT_FIT_H

#include <stdbool.h>

#include <json-c/json.h>

struct model;

/* In place of an output that is only an image. */
#define CHAT_FIT_IMAGE_BELOW "(an image, see the next message)"

/*
 * Fit the member "messages" of a request that was checked. "native": for
 * /chat/completions; else what only Claude, Gemini or that endpoint refuse
 * stays. "model" may be NULL. False: nothing had to be changed.
 */
bool	chat_fit_messages(json_object *req, const struct model *, bool native);

/* The same of "tools"; what is new replaces it in the request. */
bool	chat_fit_tools(json_object *req, const struct model *);

#endif
