/* Each client has to be told of this server. */
#include "config.h"

#include "base/util.h"
#include "setup/clients.h"

/*
 * @URL@ ends with /v1, @BASE@ does not; @KEY@ is a client key; @MODEL@ and
 * @SMALL@ are models of the list, and @EACH@ is "each" for all of them, with
 * @ID@.
 */
const struct setup_client setup_clients[] = {
	{ .name = "aider", .file = ".aider.conf.yml", .form = SETUP_NEW_FILE,
	  .text = "openai-api-base: @URL@\nopenai-api-key: @KEY@\n"
	    "model: openai/@MODEL@\nweak-model: openai/@SMALL@\n" },
	{ .name = "claude-code", .file = ".claude/settings.json",
	  .form = SETUP_JSON, .prefer = "claude-sonnet",
	  .prefer_small = "claude-haiku",
	  .text = "{\"env\":{\"ANTHROPIC_BASE_URL\":\"@BASE@\","
	    "\"ANTHROPIC_AUTH_TOKEN\":\"@KEY@\","
	    "\"ANTHROPIC_MODEL\":\"@MODEL@\","
	    "\"ANTHROPIC_DEFAULT_HAIKU_MODEL\":\"@SMALL@\","
	    "\"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC\":\"1\"}}" },
	{ .name = "cline", .form = SETUP_WORDS,
	  .text = "API Provider      OpenAI Compatible\n"
	    "Base URL          @URL@\n"
	    "OpenAI API Key    @KEY@\n"
	    "Model ID          @MODEL@\n" },
	{ .name = "codex", .file = ".codex/config.toml", .form = SETUP_TOML,
	  .prefer = "gpt-5",
	  .head = "model = \"@MODEL@\"\nmodel_provider = \"copilot\"\n\n",
	  .text = "\n[model_providers.copilot]\nname = \"Copilot\"\n"
	    "base_url = \"@URL@\"\nwire_api = \"responses\"\n"
	    "experimental_bearer_token = \"@KEY@\"\n" },
	{ .name = "continue", .file = ".continue/config.yaml",
	  .form = SETUP_NEW_FILE,
	  .text = "name: Copilot\nversion: 1.0.0\nschema: v1\nmodels:\n@EACH@",
	  .each = "  - name: @ID@\n    provider: openai\n    model: @ID@\n"
	    "    apiBase: @URL@\n    apiKey: @KEY@\n"
	    "    roles: [chat, edit, apply]\n" },
	{ .name = "crush", .file = ".config/crush/crush.json",
	  .form = SETUP_JSON, .separator = ",",
	  .text = "{\"providers\":{\"copilot\":{\"type\":\"openai-compat\","
	    "\"name\":\"Copilot\",\"base_url\":\"@URL@\","
	    "\"api_key\":\"@KEY@\",\"models\":[@EACH@]}}}",
	  .each = "{\"id\":\"@ID@\",\"name\":\"@ID@\","
	    "\"context_window\":128000,\"default_max_tokens\":16000}" },
	{ .name = "cursor", .form = SETUP_WORDS,
	  .text = "Cursor calls this server from its own, so it has to have\n"
	    "an address on the internet, with HTTPS and client keys. In\n"
	    "Settings, Models, API Keys:\n\n"
	    "OpenAI API Key              @KEY@\n"
	    "Override OpenAI Base URL    @URL@\n" },
	{ .name = "llm", .file = ".config/io.datasette.llm/"
	    "extra-openai-models.yaml", .form = SETUP_NEW_FILE,
	  .text = "@EACH@",
	  .each = "- model_id: copilot-@ID@\n  model_name: @ID@\n"
	    "  api_base: @URL@\n  api_key_name: copilot\n  can_stream: true\n"
	    "  supports_tools: true\n",
	  .after = "llm keeps keys itself: llm keys set copilot" },
	{ .name = "open-webui", .form = SETUP_SHELL,
	  .text = "docker run -d -p 3000:8080 \\\n"
	    "    --add-host=host.docker.internal:host-gateway \\\n"
	    "    -e OPENAI_API_BASE_URL=@DOCKER@ \\\n"
	    "    -e OPENAI_API_KEY=@KEY@ \\\n"
	    "    -v open-webui:/app/backend/data --name open-webui \\\n"
	    "    ghcr.io/open-webui/open-webui:main\n\n"
	    "The container reaches this server by an address beyond loopback:\n"
	    "start --host needs client keys for that.\n" },
	{ .name = "openai", .form = SETUP_SHELL,
	  .text = "export OPENAI_BASE_URL=@URL@ OPENAI_API_KEY=@KEY@\n" },
	{ .name = "opencode", .file = ".config/opencode/opencode.json",
	  .form = SETUP_JSON, .separator = ",",
	  .text = "{\"provider\":{\"copilot-api\":{"
	    "\"npm\":\"@ai-sdk/openai-compatible\",\"name\":\"copilot-api\","
	    "\"options\":{\"baseURL\":\"@URL@\",\"apiKey\":\"@KEY@\"},"
	    "\"models\":{@EACH@}}},\"model\":\"copilot-api/@MODEL@\"}",
	  .each = "\"@ID@\":{}" },
	{ .name = "qwen-code", .form = SETUP_SHELL,
	  .text = "export OPENAI_BASE_URL=@URL@ OPENAI_API_KEY=@KEY@\n"
	    "qwen --auth-type openai --model @MODEL@\n" },
	{ .name = "zed", .file = ".config/zed/settings.json",
	  .form = SETUP_JSON, .separator = ",",
	  .text = "{\"language_models\":{\"openai_compatible\":{"
	    "\"copilot-api\":{\"api_url\":\"@URL@\","
	    "\"available_models\":[@EACH@]}}}}",
	  .each = "{\"name\":\"@ID@\",\"max_tokens\":128000}",
	  .after = "Zed asks for the key itself: Agent Settings, LLM "
	    "Providers, copilot-api." },
};

const size_t setup_nclients = COUNT(setup_clients);
