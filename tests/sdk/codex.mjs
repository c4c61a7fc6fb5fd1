// The Codex CLI, with our server as its provider.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { config, environment, execute } from "./codex-run.mjs";
import { assert, fake, key, run, test } from "./lib.mjs";

const PATH = "/responses";
const program = [process.execPath, fileURLToPath(new URL(
    "node_modules/@openai/codex/bin/codex.js", import.meta.url))];

// A codex of its own directory for each test; "ask" is one codex exec.
function codex(name, options, body)
{
	test(name, async () => {
		const home = await mkdtemp(join(tmpdir(), "codex-"));

		await writeFile(join(home, "config.toml"), config({
		    model: "gpt-5.4", url: process.env.LOCKED + "/v1",
		    ...options }));
		const ask = async (prompt, ...more) => {
			const r = await execute(program, ["exec", ...more, "--json",
			    "--skip-git-repo-check", "-o", "last", prompt],
			    { cwd: home, env: { ...environment(home),
			    ...options.env } });
			const events = r.out.split("\n").filter(Boolean)
			    .map((line) => JSON.parse(line));

			return { ...r, events,
			    last: await readFile(join(home, "last"), "utf8"),
			    items: events.filter((e) =>
			    e.type === "item.completed").map((e) => e.item) };
		};
		try {
			await body(ask, home);
		} finally {
			await rm(home, { recursive: true, force: true });
		}
	});
}

const shell = (word) =>
    `call exec_command with {"cmd":"echo ${word}-$((6*7))"}`;
const sent = async () => (await fake.requests(PATH)).map((r) => r.json);
const types = (input) => input.map((i) => i.type);

codex("an answer", {}, async (ask) => {
	const { status, last, events } = await ask("Hi!");

	assert.equal(status, 0);
	assert.equal(last, "You said: Hi!");
	assert(events.at(-1).usage.output_tokens > 0);
});

for (const [name, url] of [["", "/v1"], [" (no /v1 in the address)", ""]]) {
	codex("a command is run and its output sent back" + name,
	    { url: process.env.LOCKED + url }, async (ask) => {
		const { status, last, items } = await ask(shell("one"));
		const [ran] = items.filter((i) =>
		    i.type === "command_execution");
		const requests = await sent();
		const { input } = requests[1];

		assert.equal(status, 0);
		assert.equal(ran.exit_code, 0);
		assert.equal(ran.aggregated_output, "one-42\n");
		assert.match(last, /^Tool result: [^]*one-42/);
		assert.equal(requests.length, 2);
		const call = input.find((i) => i.type === "function_call");
		const output = input.find((i) =>
		    i.type === "function_call_output");
		assert.equal(output.call_id, call.call_id);
		assert.match(output.output, /one-42/);
		assert(input.some((i) => i.type === "reasoning" &&
		    i.encrypted_content));
	});
}

codex("two commands in one turn", {}, async (ask) => {
	const { last } = await ask(`${shell("one")} and ${shell("two")}`);

	assert.match(last, /^Tool result: [^]*one-42[^]*two-42/);
	assert.equal((await sent()).length, 2);
});

codex("a conversation goes on", {}, async (ask) => {
	await ask(shell("one"));
	const { last } = await ask(shell("two"), "resume", "--last");
	const requests = await sent();

	assert.match(last, /^Tool result: [^]*two-42/);
	assert.equal(requests.length, 4);
	assert.deepEqual(types(requests[3].input).filter((t) =>
	    t.startsWith("function_call")), ["function_call",
	    "function_call_output", "function_call", "function_call_output"]);
	assert.match(JSON.stringify(requests[3].input), /one-42/);
});

codex("a conversation goes on whose thoughts can't be opened any more", {},
    async (ask) => {
	await ask(shell("one"));
	await fake.forget();
	const { status, last } = await ask(shell("two"), "resume", "--last");

	assert.equal(status, 0);
	assert.match(last, /^Tool result: [^]*two-42/);
	assert((await fake.requests(PATH)).some((r) => r.status === 400));
});

// With the models it knows best, it edits by a tool that takes any text.
codex("a patch is applied", { model: "gpt-5.5" }, async (ask, home) => {
	const { last, items } = await ask("call apply_patch with " +
	    "*** Begin Patch\n*** Add File: new.txt\n+one\n+two\n" +
	    "*** End Patch");
	const requests = await sent();

	assert.equal(await readFile(join(home, "new.txt"), "utf8"),
	    "one\ntwo\n");
	assert.equal(items.find((i) => i.type === "file_change").status,
	    "completed");
	assert.match(last, /^Tool result: [^]*new\.txt/);
	assert(types(requests[1].input).includes("custom_tool_call"));
	assert(types(requests[1].input).includes("custom_tool_call_output"));
});

// Models that upstream serves by chat completions only.
for (const model of ["gpt-4o", "claude-sonnet-4.6",
    "gemini-3.1-pro-preview"]) {
	codex(`commands and a conversation with ${model}`, { model },
	    async (ask) => {
		const first = await ask(`${shell("one")} and ${shell("two")}`);
		const { last } = await ask(shell("three"), "resume", "--last");

		assert.equal((await sent()).length, 0);
		assert.match(first.last, /^Tool result: [^]*one-42[^]*two-42/);
		assert.match(last, /^Tool result: [^]*three-42/);
	});
}

// Only of a provider of this name it wants compaction_trigger.
for (const model of ["gpt-5.4", "claude-sonnet-4.6",
    "gemini-3.1-pro-preview"]) {
	codex(`a session goes on behind compactions (${model})`, { model,
	    name: "OpenAI", top: "model_auto_compact_token_limit = 2000" },
	    async (ask) => {
		await ask(shell("one"));
		for (let n = 0; n < 4; n++) {
			const { status, last } = await ask(`turn ${n}`,
			    "resume", "--last");

			assert.equal(status, 0);
			assert.equal(last, `You said: turn ${n}`);
		}
		const all = [];

		for (const path of [PATH, "/chat/completions", "/v1/messages"])
			all.push(...await fake.requests(path));
		assert(all.some((r) => /Write a summary/.test(r.body)));
		assert(all.some((r) => /This is the summary/.test(r.body)));
		assert(all.every((r) => r.status === 200));
	});
}

// It asks for our models if it is told where (model_catalog_url), or if a
// command says its key; else it makes do with those it was born with.
const catalogs = {
	"model_catalog_url": { provider:
	    `model_catalog_url = "${process.env.LOCKED}/v1/models"` },
	"a command for the key": { noKey: true, provider:
	    `[model_providers.ours.auth]\ncommand = "echo"\nargs = ["${key}"]` },
};

const stranger = /metadata for .* not found/;

// What it wrote down of the turn.
async function windowOf(home)
{
	const files = await readdir(join(home, "sessions"),
	    { recursive: true });
	const name = files.find((f) => f.endsWith(".jsonl"));
	const text = await readFile(join(home, "sessions", name), "utf8");

	return Number(/"model_context_window":(\d+)/.exec(text)[1]);
}

for (const [how, options] of Object.entries(catalogs)) {
	for (const [model, path, prompt] of [
	    ["claude-sonnet-4.6", "/v1/messages", 168000],
	    ["gpt-4o", "/chat/completions", 64000],
	    ["gpt-5.3-codex", PATH, 272000]]) {
		codex(`${model} is no stranger (${how})`, { ...options, model },
		    async (ask, home) => {
			const { out, last } = await ask(shell("one"));
			const [first] = await fake.requests(path);

			assert.match(last, /^Tool result: [^]*one-42/);
			assert.doesNotMatch(out, stranger);
			// It keeps a twentieth for itself.
			assert.equal(await windowOf(home), prompt * 0.95);
			assert.match(first.body,
			    /You are a coding agent in Codex, which runs/);
			assert.match(first.body, /"apply_patch"/);
		});
	}
}

codex("without either it guesses", { model: "claude-sonnet-4.6" },
    async (ask) => {
	assert.match((await ask("Hi!")).out, stranger);
});

codex("it lists our models", catalogs.model_catalog_url, async (ask, home) => {
	const { out } = await execute(program, ["debug", "models"], {
	    cwd: home, env: environment(home) });
	const models = Object.fromEntries(JSON.parse(out).models
	    .map((m) => [m.slug, m]));
	const { data } = await (await fetch(process.env.LOCKED + "/v1/models",
	    { headers: { "x-api-key": key } })).json();

	assert.deepEqual(Object.keys(models).sort(), data.filter((m) =>
	    m.capabilities.supports.tool_calls).map((m) => m.id).sort());
	const claude = models["claude-sonnet-4.6"];
	assert.equal(claude.context_window, 168000);
	assert.equal(claude.visibility, "list");
	assert.deepEqual(claude.supported_reasoning_levels
	    .map((l) => l.effort), ["low", "medium", "high"]);
	assert.deepEqual(claude.input_modalities, ["text", "image"]);
});

codex("a patch is applied by a bridged model", { model: "claude-sonnet-4.6",
    ...catalogs.model_catalog_url }, async (ask, home) => {
	await ask("call apply_patch with " + JSON.stringify({ input:
	    "*** Begin Patch\n*** Add File: new.txt\n+one\n*** End Patch" }));
	assert.equal(await readFile(join(home, "new.txt"), "utf8"), "one\n");
});

// Its patience is for the time between events; comments are none.
const patience = { provider: "stream_idle_timeout_ms = 2500" };
const pause = { n: 5, pause_ms: 4000 };

for (const [model, path] of [["gpt-5.4", PATH],
    ["claude-sonnet-4.6", "/v1/messages"]]) {
	codex(`a long silence of ${model}`, { model, ...patience },
	    async (ask) => {
		await fake.scenario(path, "pause_after_events", pause);
		const { last } = await ask("one two three four five");

		assert.equal(last, "You said: one two three four five");
		assert.equal((await fake.requests(path)).length, 1);
	});
}

codex("a silence that is not filled is tried again", { ...patience,
    url: process.env.SERVER + "/v1" }, async (ask) => {
	await fake.scenario(PATH, "pause_after_events", pause);
	const { last } = await ask("one two three four five");

	assert.equal(last, "You said: one two three four five");
	assert.equal((await sent()).length, 2);
});

codex("a search of the web", {}, async (ask) => {
	const { status, items } = await ask("search for news");

	assert.equal(status, 0);
	assert(items.some((i) => i.type === "web_search"));
});

for (const scenario of ["cut_after_events", "reset_after_events", "eof"]) {
	codex(`a stream that breaks is tried again (${scenario})`, {},
	    async (ask) => {
		await fake.scenario(PATH, scenario, scenario === "eof" ? {} :
		    { n: 6 });
		const { status, last } = await ask("one two three four five");

		assert.equal(status, 0);
		assert.equal(last, "You said: one two three four five");
		assert.equal((await sent()).length, 2);
	});
}

codex("a context that is too long is not tried again", {}, async (ask) => {
	await fake.scenario(PATH, "error_event", { times: -1,
	    code: "context_length_exceeded", message: "Too long." });
	const { status, out } = await ask("one two three");

	assert.notEqual(status, 0);
	assert.match(out, /context window/);
	assert.equal((await sent()).length, 1);
});

// The API's own insufficient_quota, not ChatGPT's usage_limit_reached.
for (const [when, scenario, more] of [
    ["before", "quota_exceeded_seconds", {}],
    ["inside of", "error_event", { code: "quota_exceeded",
    message: "You have no quota" }]]) {
	codex(`a quota that is used up is said at once (${when} the answer)`,
	    {}, async (ask) => {
		await fake.scenario(PATH, scenario, { times: -1, ...more });
		const { status, out } = await ask("one two three");

		assert.notEqual(status, 0);
		assert.match(out, /Quota exceeded/);
		assert.equal((await sent()).length, 1);
	});
}

codex("a wrong key", { env: { OUR_KEY: "sk-wrong" } }, async (ask) => {
	const { status, out } = await ask("Hi!");

	assert.notEqual(status, 0);
	assert.match(out, /401|API key/);
	assert.equal((await sent()).length, 0);
});

await run();
