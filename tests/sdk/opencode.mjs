// OpenCode, with our server as its provider, by either of its packages.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, fake, key, run, test } from "./lib.mjs";

// The program itself, which the package opencode-ai would only look for.
const program = fileURLToPath(new URL(
    "node_modules/opencode-linux-x64/bin/opencode", import.meta.url));

// It has these inside; others it would fetch.
const chat = { npm: "@ai-sdk/openai-compatible", path: "/chat/completions" };
const responses = { npm: "@ai-sdk/openai", path: "/responses" };

function config({ npm, model, apiKey = key })
{
	return JSON.stringify({
		autoupdate: false,
		share: "disabled",
		model: `ours/${model}`,
		small_model: `ours/${model}`,
		enabled_providers: ["ours"],
		permission: { bash: "allow", edit: "allow" },
		provider: { ours: { npm, name: "Ours",
		    options: { baseURL: process.env.LOCKED + "/v1",
		    apiKey }, models: { [model]: { tool_call: true } } } },
	});
}

// All of it below "home", what it unpacks for each run, too; it finds nobody but
// us: whatever else it would like to reach is refused, or switched off. Reading its
// own catalogue of all providers' models would take it a third of each run.
function environment(home)
{
	return { PATH: process.env.PATH, HOME: home, TMPDIR: home,
	    XDG_CONFIG_HOME: join(home, "config"),
	    XDG_DATA_HOME: join(home, "data"),
	    XDG_CACHE_HOME: join(home, "cache"),
	    XDG_STATE_HOME: join(home, "state"),
	    OPENCODE_CONFIG: join(home, "opencode.json"),
	    OPENCODE_DISABLE_AUTOUPDATE: "1",
	    OPENCODE_DISABLE_MODELS_FETCH: "1",
	    OPENCODE_MODELS_PATH: join(home, "models.json"),
	    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
	    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
	    NO_PROXY: "127.0.0.1", HTTPS_PROXY: "http://127.0.0.1:9",
	    HTTP_PROXY: "http://127.0.0.1:9" };
}

// The prompt goes by standard input: as an argument it would be quoted. It waits
// for hours where it is told to, so that there is an end to it.
function execute(args, prompt, options)
{
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, { ...options,
		    timeout: 45000, killSignal: "SIGKILL" });
		let out = "", err = "";

		child.stdout.on("data", (piece) => { out += piece; });
		child.stderr.on("data", (piece) => { err += piece; });
		child.on("error", reject);
		child.on("close", (status) => resolve({ status, out, err }));
		child.stdin.end(prompt);
	});
}

// An OpenCode of its own directory for each test; "ask" is one opencode run.
function opencode(name, options, body)
{
	test(name, async () => {
		const home = await mkdtemp(join(tmpdir(), "opencode-"));
		const work = join(home, "work");

		await mkdir(work);
		await writeFile(join(home, "opencode.json"), config(options));
		await writeFile(join(home, "models.json"), "{}");
		const ask = async (prompt, ...more) => {
			const r = await execute(["run", "--format", "json",
			    ...more], prompt, { cwd: work,
			    env: environment(home) });
			const parts = r.out.split("\n").filter(Boolean)
			    .map((line) => JSON.parse(line).part);

			return { ...r, of: (type) => parts.filter((p) =>
			    p?.type === type) };
		};
		try {
			await body(ask, work);
		} finally {
			await rm(home, { recursive: true, force: true });
		}
	}, 100000);
}

const shell = (word) => "call bash with " + JSON.stringify({
    command: `echo ${word}-$((6*7))`, description: "says a word" });
const bodies = async (path) => (await fake.requests(path)).map((r) => r.json);
// It asks for a title as well, without tools.
const turns = async (path) => (await bodies(path)).filter((b) => b.tools);

for (const [model, { npm, path }, upstream] of [
    ["gpt-5-mini", chat, chat.path],
    ["claude-sonnet-4.6", chat, "/v1/messages"],
    ["gemini-3.1-pro-preview", chat, chat.path],
    ["gpt-5.4", chat, responses.path],
    ["gpt-5.4", responses, responses.path],
    ["claude-sonnet-4.6", responses, "/v1/messages"]]) {
	opencode(`commands and a conversation with ${model} by ${npm}`,
	    { npm, model }, async (ask) => {
		const first = await ask(`${shell("one")} and ${shell("two")}`);
		const second = await ask(shell("three"), "--continue");
		const output = (r) => r.of("tool").map((p) => p.state.output);

		assert.equal(first.status, 0, first.err);
		// Beside each other: either may end first.
		assert.deepEqual(output(first).sort(),
		    ["one-42\n", "two-42\n"]);
		assert.match(first.of("text").at(-1).text,
		    /^Tool result: one-42\n; two-42\n$/);
		assert.equal(second.status, 0, second.err);
		assert.deepEqual(output(second), ["three-42\n"]);
		assert.equal((await turns(upstream)).length, 4);
		assert.match(JSON.stringify((await turns(upstream))[3]),
		    /one-42.*two-42.*three-42/);
	});
}

// GPT gets apply_patch in the place of this tool.
opencode("a file is written", { ...responses, model: "claude-sonnet-4.6" },
    async (ask, work) => {
	const path = join(work, "new.txt");
	const { status, of } = await ask("call write with " +
	    JSON.stringify({ filePath: path, content: "one\ntwo\n" }));

	assert.equal(status, 0);
	assert.equal(of("tool")[0].state.status, "completed");
	assert.equal(await readFile(path, "utf8"), "one\ntwo\n");
});

for (const { npm, path } of [chat, responses]) {
	opencode(`a stream that breaks is tried again by ${npm}`,
	    { npm, model: "gpt-5-mini" }, async (ask) => {
		// Its title is asked for beside it.
		await fake.scenario(path, "cut_after_events",
		    { n: 4, times: 2 });
		const { status, of, err } = await ask("one two three four");

		assert.equal(status, 0, err);
		assert.equal(of("text").at(-1).text,
		    "You said: one two three four");
		assert((await turns(path)).length >= 2);
	});
	opencode(`a wrong key is said at once by ${npm}`,
	    { npm, model: "gpt-5-mini", apiKey: "sk-wrong" }, async (ask) => {
		const { out, err } = await ask("Hi!");

		assert.match(out + err, /Incorrect API key provided/);
		assert.equal((await bodies(path)).length, 0);
	});
}

await run();
