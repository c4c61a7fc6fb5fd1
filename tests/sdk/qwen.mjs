// Qwen Code, which knows us as OpenAI's API.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, fake, key, run, test } from "./lib.mjs";

const program = fileURLToPath(new URL("node_modules/@qwen-code/qwen-code/cli.js",
    import.meta.url));
const PATH = "/v1/messages";	// of Claude

// All of it below "home"; it finds nobody but us.
function environment(home)
{
	return { PATH: process.env.PATH, HOME: home, TMPDIR: home,
	    OPENAI_API_KEY: key, OPENAI_BASE_URL: process.env.LOCKED + "/v1",
	    QWEN_TELEMETRY_ENABLED: "0", NO_PROXY: "127.0.0.1",
	    HTTPS_PROXY: "http://127.0.0.1:9",
	    HTTP_PROXY: "http://127.0.0.1:9" };
}

function execute(args, options)
{
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [program, ...args], {
		    ...options, stdio: ["ignore", "pipe", "pipe"],
		    timeout: 45000, killSignal: "SIGKILL" });
		let out = "", err = "";

		child.stdout.on("data", (piece) => { out += piece; });
		child.stderr.on("data", (piece) => { err += piece; });
		child.on("error", reject);
		child.on("close", (status) => resolve({ status, out, err }));
	});
}

function qwen(name, model, body)
{
	test(name, async () => {
		const home = await mkdtemp(join(tmpdir(), "qwen-"));
		const work = join(home, "work");

		await mkdir(work);
		try {
			await body((prompt) => execute(["--auth-type", "openai",
			    "--model", model, "--yolo", prompt],
			    { cwd: work, env: environment(home) }));
		} finally {
			await rm(home, { recursive: true, force: true });
		}
	}, 60000);
}

// What else it asks for, a title for instance, has no tools.
const turns = async () => (await fake.requests(PATH))
    .filter((r) => r.json.tools);

for (const model of ["gpt-5.4", "claude-sonnet-4.6",
    "gemini-3.1-pro-preview"]) {
	qwen(`a command with ${model}`, model, async (ask) => {
		const { status, out, err } = await ask(
		    "call run_shell_command with " + JSON.stringify({
		    command: "echo one-$((6*7))", is_background: false }));

		assert.equal(status, 0, err);
		assert.match(out, /Tool result: .*Exit Code: 0/s);
	});
}

// It shows nothing of an answer that repeats its own reminders, as upstream's
// does here. A call that was cut it completes with the next stream's.
for (const scenario of ["cut_after_events", "reset_after_events"]) {
	qwen(`a stream that breaks is tried again (${scenario})`,
	    "claude-sonnet-4.6", async (ask) => {
		await fake.scenario(PATH, scenario, { n: 5 });
		const { status, err } = await ask("one two three four");

		assert.equal(status, 0, err);
		assert((await turns()).length >= 2);
	});
}

await run();
