// Cline's command, which knows us as OpenAI's API: by chat completions and by
// responses (more/package.json).
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, fake, key, pathOf, run, test } from "./lib.mjs";

const program = fileURLToPath(new URL("more/@cline/cli-linux-x64/bin/cline",
    import.meta.url));

// All of it below "home"; it finds nobody but us.
const environment = (home) => ({ PATH: process.env.PATH, HOME: home,
    NO_PROXY: "127.0.0.1", HTTPS_PROXY: "http://127.0.0.1:9",
    HTTP_PROXY: "http://127.0.0.1:9", CLINE_NO_AUTO_UPDATE: "1" });

function execute(args, options)
{
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, { ...options,
		    stdio: ["ignore", "pipe", "pipe"], timeout: 90000,
		    killSignal: "SIGKILL" });
		let out = "", err = "";

		child.stdout.on("data", (piece) => { out += piece; });
		child.stderr.on("data", (piece) => { err += piece; });
		child.on("error", reject);
		child.on("close", (status) => resolve({ status, out, err }));
	});
}

// A command leaves a daemon behind, which waits for more of them.
async function endDaemon(home)
{
	for (const pid of (await readdir("/proc")).filter((n) => +n > 0)) {
		const line = await readFile(`/proc/${pid}/cmdline`, "utf8")
		    .catch(() => "");

		if (line.includes(home + "/"))
			process.kill(+pid, "SIGKILL");
	}
}

for (const [provider, how] of [["openai-compatible", "chat"],
    ["openai-native", "responses"]])
	for (const model of ["gpt-5.4", "claude-sonnet-4.6",
	    "gemini-3.1-pro-preview"])
		test(`a command by ${how} (${model})`, async () => {
			const home = await mkdtemp(join(tmpdir(), "cline-"));
			const options = { cwd: join(home, "work"),
			    env: environment(home) };

			await mkdir(options.cwd);
			try {
				await command(provider, model, options);
			} finally {
				await endDaemon(home);
				await rm(home, { recursive: true, force: true,
				    maxRetries: 5 });
			}
		}, 200000);

async function command(provider, model, options)
{
	const setup = await execute(["auth", "-p", provider, "-k", key, "-m",
	    model, "-b", process.env.LOCKED + "/v1"], options);

	assert.equal(setup.status, 0, setup.out + setup.err);
	const { status, out, err } = await execute(["--json", "-P", provider,
	    "-m", model, "call run_commands with " + JSON.stringify({
	    commands: ["echo one-$((6*7))"] })], options);

	assert.equal(status, 0, out + err);
	const result = out.split("\n").filter((l) => l.startsWith("{"))
	    .map((l) => JSON.parse(l)).find((e) => e.type === "run_result");

	assert.equal(result.finishReason, "completed");
	assert.match(result.text, /^Tool result: [^]*one-42/);
	const made = await fake.requests(pathOf(model));

	assert(made.filter((r) => r.json.tools).length >= 2);
	assert(made.every((r) => r.status === 200));
}

await run();
