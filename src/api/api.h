/* The endpoints: one prototype, one file (api-NAME.c), one row in route.c. */
#ifndef API_H
#define API_H

#include "api/exchange.h"

exchange_handler api_chat;		/* POST /v1/chat/completions */
exchange_handler api_completions;	/* POST /v1/completions */
exchange_handler api_chat_list;		/* GET /v1/chat/completions */
exchange_handler api_chat_get;		/* GET /v1/chat/completions/{id} */
exchange_handler api_chat_update;	/* POST /v1/chat/completions/{id} */
exchange_handler api_chat_delete;	/* DELETE /v1/chat/completions/{id} */
exchange_handler api_chat_messages;	/* GET .../{id}/messages */
exchange_handler api_responses;		/* POST /v1/responses */
exchange_handler api_responses_compact;	/* POST /v1/responses/compact */
exchange_handler api_stored_get;	/* GET /v1/responses/{id} */
exchange_handler api_stored_delete;	/* DELETE /v1/responses/{id} */
exchange_handler api_stored_items;	/* GET /v1/responses/{id}/input_items */
exchange_handler api_stored_cancel;	/* POST /v1/responses/{id}/cancel */
/* POST /v1/responses/input_tokens */
exchange_handler api_input_tokens;
exchange_handler api_conv_create;	/* POST /v1/conversations */
exchange_handler api_conv_get;		/* GET /v1/conversations/{id} */
exchange_handler api_conv_update;	/* POST /v1/conversations/{id} */
exchange_handler api_conv_delete;	/* DELETE /v1/conversations/{id} */
exchange_handler api_conv_list;		/* GET /v1/conversations/{id}/items */
exchange_handler api_conv_add;		/* POST /v1/conversations/{id}/items */
exchange_handler api_conv_item;		/* GET .../items/{item_id} */
exchange_handler api_conv_item_delete;	/* DELETE .../items/{item_id} */
exchange_handler api_messages;		/* POST /v1/messages */
exchange_handler api_messages_count;	/* POST /v1/messages/count_tokens */
exchange_handler api_messages_batches;	/* /v1/messages/batches */
exchange_handler api_embeddings;	/* POST /v1/embeddings */
exchange_handler api_images;	/* POST /v1/images/generations */
exchange_handler api_image_edits;	/* POST /v1/images/edits */
exchange_handler api_image_variations;	/* POST /v1/images/variations */
exchange_handler api_models;		/* GET /v1/models */
exchange_handler api_model;		/* GET /v1/models/{id} */
exchange_handler api_usage;		/* GET /usage */
exchange_handler api_costs;	/* GET /v1/organization/costs */
/* GET /v1/organization/usage/completions */
exchange_handler api_usage_completions;
exchange_handler api_metrics;		/* GET /metrics */
exchange_handler api_ready;		/* GET /readyz */
exchange_handler api_health;		/* GET /healthz */
exchange_handler api_root;		/* GET / */

#endif
