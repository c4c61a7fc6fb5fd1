// What the clients' tests share: TAP, where the servers are, what upstream saw.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

export { assert, sleep };

export const base = process.env.SERVER + "/v1";		// open to everybody
export const locked = process.env.LOCKED + "/v1";	// wants the key
export const lively = process.env.LIVELY + "/v1";	// events in silence
export const key = process.env.KEY;

// One model of each style that upstream has.
export const styles = {
	"gpt": "gpt-5-mini",
	"older gpt": "gpt-4o",
	"claude": "claude-sonnet-4.6",
	"gemini": "gemini-3.1-pro-preview",
};

export const messagesModels = ["claude-sonnet-4-6", "gpt-5.4",
    "gemini-3.1-pro-preview"];

// Where upstream is asked for a model by those who ask chat completions.
export const pathOf = (model) => /claude/.test(model) ? "/v1/messages" :
    /^gpt-5\.[3-9]|^gpt-6/.test(model) ? "/responses" : "/chat/completions";
// How an answer breaks there.
export const breakOf = (path) => path === "/chat/completions" ? "error_chunk" :
    "error_event";

// The fake upstream (tests/fake-upstream/README).
async function control(path, body)
{
	const reply = await fetch(process.env.FAKE + "/_control/" + path,
	    body && { method: "POST", body: JSON.stringify(body) });

	assert(reply.ok, await reply.clone().text());
	return reply.json();
}

// All that it does to a good answer, as long as a test asks for nothing else.
const odd = { times: -1, crlf: true, comments: true, odd_chunks: true };
const oddities = [
	{ path: "/chat/completions", ...odd, missing_done: true,
	    finish_stop_after_tools: true },
	{ path: "/responses", ...odd },
];
let isOdd;

async function fresh(list)
{
	await control("reset", {});
	for (const oddity of list)
		await control("scenario", oddity);
	isOdd = list.length > 0;
}

export const fake = {
	async scenario(path, scenario, more) {
		if (isOdd)
			await fresh([]);
		await control("scenario", { path, scenario, ...more });
	},
	// The requests for a path; "json" is the body.
	async requests(path) {
		const all = (await control("requests?full=1")).requests;

		return all.filter((r) => r.path === path)
		    .map((r) => ({ ...r, json: JSON.parse(r.body) }));
	},
	// Where upstream is asked for a model.
	async pathOf(model) {
		return { path: /claude/.test(model) ? "/v1/messages" :
		    /^gpt-5/.test(model) ? "/responses" : "/chat/completions" };
	},
	// So long a silence that our server sends some of these events.
	silence: (path) => fake.scenario(path, "pause_after_events",
	    { n: 5, pause_ms: 900 }),
	// What was sealed so far can't be opened any more.
	forget: () => control("forget", {}),
	last: async (path) => (await fake.requests(path)).at(-1),
	// Wait until upstream has seen its client going away.
	closed: (path) => eventually(async () =>
	    (await fake.last(path))?.outcome === "client_closed",
	    "upstream's connection closed"),
};

export async function eventually(condition, what)
{
	for (let i = 0; i < 200; i++) {
		if (await condition())
			return;
		await sleep(25);
	}
	assert.fail("not within 5 s: " + what);
}

// All that an asynchronous iterator gives.
export async function all(iterator)
{
	const found = [];

	for await (const one of iterator)
		found.push(one);
	return found;
}

// Two tools, as JSON schemas; each style asks for them in its own form.
export const schemas = {
	weather: { type: "object", properties: { city: { type: "string" } },
	    required: ["city"], additionalProperties: false },
	time: { type: "object", properties: { zone: { type: "string" } },
	    required: ["zone"], additionalProperties: false },
};
export const chatTools = Object.entries(schemas).map(([name, parameters]) =>
    ({ type: "function", function: { name, parameters } }));
export const bothCalls =
    'call weather with {"city":"Paris"} and call time with {"zone":"UTC"}';

export function user(content)
{
	return [{ role: "user", content }];
}

// Constant over all: that of the first, and there.
export function constant(list, ...members)
{
	for (const name of members) {
		assert(list[0][name], name);
		for (const one of list)
			assert.equal(one[name], list[0][name], name);
	}
}

// TAP. One test a behaviour; a test that hangs fails, and the next one runs.
const TIMEOUT = 60000;	// far more than the slowest machine takes
const tests = [];

export function test(name, body, timeout = TIMEOUT)
{
	tests.push([name, body, timeout]);
}

export function perStyle(name, body)
{
	for (const [style, model] of Object.entries(styles))
		test(`${name} (${style})`, () => body(model, style));
}

// Those that are asked over Anthropic's Messages.
export function perModel(name, body)
{
	for (const model of messagesModels)
		test(`${name} (${model})`, () => body(model));
}

async function limited(body, timeout)
{
	const timer = new AbortController();

	try {
		await Promise.race([body(), sleep(timeout, null, timer)
		    .then(() => assert.fail("hangs"))]);
	} finally {
		timer.abort();
	}
}

export async function run()
{
	let number = 0, failed = 0;

	console.log(`1..${tests.length}`);
	for (const [name, body, timeout] of tests) {
		await fresh(oddities);
		try {
			await limited(body, timeout);
			console.log(`ok ${++number} - ${name}`);
		} catch (why) {
			failed++;
			console.log(`not ok ${++number} - ${name}`);
			console.log(String(why?.stack ?? why)
			    .replace(/^/gm, "# "));
		}
	}
	process.exit(failed > 0 ? 1 : 0);
}
