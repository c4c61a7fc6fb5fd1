// What the tests of Codex share: its configuration, and how it is run.
import { spawn } from "node:child_process";
import { key } from "./lib.mjs";

// It finds nobody but us: whatever else it would like to reach is refused.
export const environment = (home) => ({ PATH: process.env.PATH, OUR_KEY: key,
    NO_PROXY: "127.0.0.1", HTTPS_PROXY: "http://127.0.0.1:9",
    HTTP_PROXY: "http://127.0.0.1:9", HOME: home, CODEX_HOME: home });

export function config({ model, url, noKey, provider = "", name = "ours",
    top = "" })
{
	return `model = "${model}"
model_provider = "ours"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
${top}
[analytics]
enabled = false
[model_providers.ours]
name = "${name}"
base_url = "${url}"
${noKey ? "" : 'env_key = "OUR_KEY"'}
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 1
${provider}
`;
}

// "program": a list, its first words.
export function execute(program, args, options)
{
	return new Promise((resolve, reject) => {
		const child = spawn(program[0], [...program.slice(1), ...args],
		    { ...options, stdio: ["ignore", "pipe", "pipe"] });
		let out = "", err = "";

		child.stdout.on("data", (piece) => { out += piece; });
		child.stderr.on("data", (piece) => { err += piece; });
		child.on("error", reject);
		child.on("close", (status) => resolve({ status, out, err }));
	});
}
