// Claude Code itself, in print mode: the newest and an older major.
import { spawn } from "node:child_process";
import { mkdtemp, mkdir, readFile, realpath, rm, writeFile }
    from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, breakOf, eventually, fake, key, messagesModels, pathOf, run,
    test } from "./lib.mjs";

const PATH = "/v1/messages";
const packages = fileURLToPath(new URL("node_modules/", import.meta.url));
const versions = {
	"2": [join(packages, "claude-code-2/claude")],
	"1": [process.execPath, join(packages, "claude-code-1/cli.js")],
};
const SECONDS = 40;

// It finds nobody but us: whatever else it would like to reach is refused.
const env = { PATH: process.env.PATH, ANTHROPIC_BASE_URL: process.env.LOCKED,
    ANTHROPIC_AUTH_TOKEN: key, NO_PROXY: "127.0.0.1", IS_SANDBOX: "1",
    HTTPS_PROXY: "http://127.0.0.1:9", HTTP_PROXY: "http://127.0.0.1:9",
    DISABLE_AUTOUPDATER: "1", CLAUDE_CODE_MAX_RETRIES: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" };

function start(version, args, options)
{
	const [program, ...first] = versions[version];

	return spawn(program, [...first, "-p", ...args, "--output-format",
	    "json", "--permission-mode", "bypassPermissions"],
	    { ...options, stdio: ["ignore", "pipe", "pipe"] });
}

function finished(child)
{
	return new Promise((resolve, reject) => {
		let out = "", err = "";

		child.stdout.on("data", (piece) => { out += piece; });
		child.stderr.on("data", (piece) => { err += piece; });
		child.on("error", reject);
		child.on("close", (status) => resolve({ status, out, err }));
	});
}

// A home of its own for each test; "ask" is one claude -p.
function claude(name, versions, body)
{
	for (const version of versions)
		test(`${version}.x: ${name}`, async () => {
			const home = await realpath(await mkdtemp(join(
			    tmpdir(), "claude-")));
			const options = { cwd: join(home, "work"),
			    env: { ...env, HOME: home } };
			const ask = async (prompt, ...args) => {
				const r = await finished(start(version,
				    [prompt, ...args], options));

				assert(r.out, r.err);
				return { ...r, ...JSON.parse(r.out) };
			};

			await mkdir(options.cwd);
			try {
				await body(ask, options, version);
			} finally {
				await rm(home, { recursive: true,
				    force: true });
			}
		}, SECONDS * 1000);
}

const sent = async (path = PATH) => (await fake.requests(path))
    .map((r) => ({ ...r, headers: Object.fromEntries(r.headers
    .map(([k, v]) => [k.toLowerCase(), v])) }));
const call = (name, input) => `call ${name} with ${JSON.stringify(input)}`;
const both = ["2", "1"];

claude("an answer of the model that it asks for by itself", both,
    async (ask) => {
	const r = await ask("Hi!");

	assert.equal(r.status, 0);
	assert.equal(r.result, "You said: Hi!");
	const [first, ...more] = await sent();
	assert.match(first.json.model, /^claude-(opus|sonnet)-\d\.\d$/);
	assert.equal(first.headers["x-initiator"], "user");
	assert.equal(more.length, 0);
});

for (const model of ["opus", "sonnet", "haiku", "claude-sonnet-4.6[1m]"])
	claude("the model " + model, ["2"], async (ask) => {
		const r = await ask("Hi!", "--model", model);

		assert.equal(r.result, "You said: Hi!");
		assert.match((await sent())[0].json.model,
		    new RegExp("^claude-" + model.replace(/.*-(son\w+)-.*/,
		    "$1") + "-\\d\\.\\d$"));
	});

const models = { "2": messagesModels, "1": messagesModels.slice(0, 1) };

for (const version of both)
	for (const model of models[version])
		claude("a file is written and edited by " + model, [version],
		    async (ask, { cwd }) => {
			const path = join(cwd, "a.txt");
			const use = (name, input) => ask(call(name, input),
			    "--model", model, ...more);
			const file_path = path;
			let more = [];
			const first = await use("Write",
			    { file_path, content: "one\ntwo\n" });

			assert.equal(await readFile(path, "utf8"),
			    "one\ntwo\n");
			assert.match(first.result, /^Tool result: /);
			more = ["--resume", first.session_id];
			await use("Read", { file_path });
			await use("Edit", { file_path, old_string: "two",
			    new_string: "three" });
			assert.equal(await readFile(path, "utf8"),
			    "one\nthree\n");
			await use("Bash", { command: "echo four >>a.txt",
			    description: "append" });
			assert.match(await readFile(path, "utf8"), /four\n$/);
		});

claude("tool results are the agent's turns, and thoughts go back", ["2"],
    async (ask) => {
	await ask(call("Bash", { command: "echo forty-$((6*7))",
	    description: "x" }), "--model", "claude-sonnet-4-6");
	const [first, second, ...more] = await sent();

	assert.equal(more.length, 0);
	assert.equal(first.headers["x-initiator"], "user");
	assert.equal(second.headers["x-initiator"], "agent");
	const [, said, result] = second.json.messages;
	assert.equal(said.content[0].type, "thinking");
	assert(said.content[0].signature);
	assert.match(JSON.stringify(result.content), /forty-42/);
});

// The newest with each model, the older one with Claude.
function perModel(name, body)
{
	for (const model of messagesModels)
		claude(`${name} (${model})`, /claude/.test(model) ? both :
		    ["2"], (ask, options, version) => body((prompt, ...args) =>
		    ask(prompt, ...args, "--model", model), pathOf(model),
		    options, version, model));
}

perModel("a sub-agent", async (ask, path, options, version) => {
	const r = await ask(call(version === "2" ? "Agent" : "Task",
	    { description: "greet", prompt: "Say hello to me",
	    subagent_type: "general-purpose" }));
	const requests = await sent(path);

	assert.equal(r.status, 0);
	assert(requests.some((q) => !/"tool_use"|"function_call"|"tool_calls"/
	    .test(q.body) && q.body.includes("Say hello to me")));
	if (version === "2")
		assert.deepEqual(requests.map((q) => q.headers["x-initiator"]),
		    ["user", "agent", "agent", "agent"]);
});

// What is left of a conversation is what the model said of it.
perModel("compaction", async (ask, path) => {
	await ask("Hi! one");
	const before = (await sent(path)).length;
	const r = await ask("/compact", "--continue");
	const asked = (await sent(path)).slice(before);

	assert.equal(r.status, 0);
	assert(asked.some((q) => q.body.includes("detailed summary")));
	for (const q of asked)
		assert.equal(q.headers["x-initiator"], "agent");
	assert.equal((await ask("Ho! two", "--continue")).status, 0);
	const last = (await sent(path)).filter((q) =>
	    q.body.includes("Ho! two")).at(-1);

	assert.match(last.body, /session is being continued/);
	assert.equal(last.headers["x-initiator"], "user");
});

perModel("an image is read", async (ask, path, { cwd }) => {
	const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4" +
	    "2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

	await writeFile(join(cwd, "dot.png"), Buffer.from(png, "base64"));
	await ask(call("Read", { file_path: join(cwd, "dot.png") }));
	const last = (await sent(path)).at(-1);

	assert.match(last.body, /"type":"(image|image_url|input_image)"/);
	assert.equal(last.headers["copilot-vision-request"], "true");
});

claude("a schema for the answer", ["2"], async (ask) => {
	const schema = { type: "object", properties: { a: { type: "string" } },
	    required: ["a"] };
	const r = await ask(call("StructuredOutput", { a: "b" }),
	    "--json-schema", JSON.stringify(schema), "--model",
	    "claude-sonnet-4-6");

	assert.deepEqual(r.structured_output, { a: "b" });
});

claude("a model that nobody has", both, async (ask) => {
	const r = await ask("Hi!", "--model", "gpt-nine");

	assert.notEqual(r.status, 0);
	assert.match(r.result, /gpt-nine/);
	assert.equal((await sent()).length, 0);
});

claude("a full window", ["2"], async (ask) => {
	for (let i = 0; i < 4; i++)
		await fake.scenario(PATH, "prompt_too_long");
	const r = await ask("Hi!", "--model", "claude-sonnet-4-6");

	assert.match(r.result, /[Pp]rompt is too long/);
});

claude("upstream is overloaded, then not", ["2"], async (ask) => {
	await fake.scenario(PATH, "unavailable");
	const r = await ask("Hi!", "--model", "claude-sonnet-4-6");

	assert.equal(r.result, "You said: Hi!");
	assert.equal((await sent()).length, 2);
});

for (const model of messagesModels)
	claude(`an error in the stream is asked again (${model})`, ["2"],
	    async (ask) => {
		const path = pathOf(model);

		await fake.scenario(path, breakOf(path),
		    path === "/responses" && { at: 9, code: "server_error" });
		const r = await ask("Hi!", "--model", model);

		// It goes on from what it has got.
		assert.match(r.result, /^You said: /);
		assert.equal((await sent(path)).length, 2);
	});

// Upstream accepts a request, and only its first event says no.
const early = (message) => "event: response.created\ndata: " + JSON.stringify({
    type: "response.created", sequence_number: 0, response: { id: "resp_x",
    object: "response", status: "in_progress", output: [] } }) +
    "\n\nevent: error\ndata: " + JSON.stringify({ type: "error",
    sequence_number: 1, code: "rate_limit_exceeded", message }) + "\n\n";

for (const words of ["Rate limit reached. Please try again in 1s.",
    "Sorry, you have exceeded your rate limit."])
	claude(`a rate limit that comes as an event is waited for (${words})`,
	    ["2"], async (ask) => {
		await fake.scenario("/responses", undefined,
		    { raw: early(words) });
		const r = await ask("Hi!", "--model", "gpt-5.4");

		assert.match(r.result, /^You said: /);
		assert.equal((await sent("/responses")).length, 2);
	});

perModel("who interrupts it ends the call",
    async (ask, path, options, version, model) => {
	await fake.scenario(path, "stall_after_events", { n: 4 });
	const child = start(version, ["Hi there, go on", "--model", model],
	    options);
	const end = finished(child);

	await eventually(async () => (await sent(path)).length > 0, "a call");
	child.kill("SIGINT");
	await end;
	await fake.closed(path);
});

await run();
