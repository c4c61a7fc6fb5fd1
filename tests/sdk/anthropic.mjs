// Anthropic's SDK for JavaScript: every method that a server like ours has.
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import * as z from "zod";
import { all, assert, fake, key, perModel, run, schemas, test, user }
    from "./lib.mjs";

const PATH = "/v1/messages";
const client = new Anthropic({ baseURL: process.env.LOCKED, apiKey: key,
    maxRetries: 0 });
const claude = "claude-sonnet-4-6";
const ask = (content, more) => ({ model: claude, max_tokens: 2000,
    messages: user(content), ...more });
const tools = Object.entries(schemas).map(([name, input_schema]) =>
    ({ name, input_schema }));
const both = 'call weather with {"city":"Paris"} and call time with ' +
    '{"zone":"UTC"}';
const text = (message) => message.content.filter((b) => b.type === "text")
    .map((b) => b.text).join("");

perModel("create", async (model) => {
	const m = await client.messages.create(ask("Hi", { model }));

	assert.equal(m.type, "message");
	assert.equal(m.role, "assistant");
	assert.equal(text(m), "You said: Hi");
	assert.equal(m.stop_reason, "end_turn");
	assert(m.usage.input_tokens > 0 && m.usage.output_tokens > 0);
	assert.match(m._request_id, /^req_/);
});

perModel("a plain stream", async (model) => {
	const events = await all(await client.messages.create(ask("Hi",
	    { model, stream: true })));

	assert.equal(events[0].type, "message_start");
	assert.equal(events.at(-1).type, "message_stop");
	assert.equal(events.filter((e) => e.type === "content_block_delta" &&
	    e.delta.type === "text_delta").map((e) => e.delta.text).join(""),
	    "You said: Hi");
});

perModel("the stream helper", async (model) => {
	const stream = client.messages.stream(ask(both, { model, tools }));
	let json = "", said = "";

	stream.on("inputJson", (piece) => { json += piece; });
	stream.on("text", (piece) => { said += piece; });
	const m = await stream.finalMessage();
	const calls = m.content.filter((b) => b.type === "tool_use");

	assert.deepEqual(calls.map((b) => [b.name, b.input]),
	    [["weather", { city: "Paris" }], ["time", { zone: "UTC" }]]);
	assert.match(json, /Paris/);
	assert.equal(text(m), said);
	assert.equal(m.stop_reason, "tool_use");
});

perModel("the tool runner", async (model) => {
	const ran = [];
	const tool = (name, member) => betaZodTool({ name, description: name,
	    inputSchema: z.object({ [member]: z.string() }),
	    run: (input) => { ran.push(input[member]); return name + "!"; } });
	const m = await client.beta.messages.toolRunner(ask(both, { model,
	    tools: [tool("weather", "city"), tool("time", "zone")] }));

	assert.deepEqual(ran, ["Paris", "UTC"]);
	assert.match(text(m), /^Tool result: weather!; ?time!$/);
});

perModel("a stream is aborted", async (model) => {
	const { path } = await fake.pathOf(model);

	await fake.scenario(path, "stall_after_events", { n: 9 });
	const stream = client.messages.stream(ask("a b c d e f g h i j k l", { model }));

	stream.on("error", () => {});
	stream.on("abort", () => {});
	stream.on("streamEvent", () => stream.abort());
	await assert.rejects(stream.finalMessage(),
	    Anthropic.APIUserAbortError);
	await fake.closed(path);
});

test("thoughts over turns", async () => {
	const more = { thinking: { type: "adaptive" }, tools };
	const first = await client.messages.create(ask(both, more));
	const results = first.content.filter((b) => b.type === "tool_use")
	    .map((b) => ({ type: "tool_result", tool_use_id: b.id,
	    content: "fine" }));

	assert.deepEqual(first.content.map((b) => b.type),
	    ["thinking", "text", "tool_use", "tool_use"]);
	const second = await client.messages.create({ ...ask("", more),
	    messages: [...user(both), { role: "assistant",
	    content: first.content }, { role: "user", content: results }] });

	assert.equal(text(second), "Tool result: fine; fine");
});

test("tokens are counted", async () => {
	const { input_tokens } = await client.messages.countTokens({
	    model: claude, messages: user("Hi"), tools });

	assert(input_tokens > 10);
});

test("the list of models, page by page, and one", async () => {
	const ids = [];

	for await (const m of client.models.list({ limit: 3 }))
		ids.push(m.id);
	assert(ids.includes("claude-sonnet-4.6") && ids.includes("gpt-5.4"));
	assert.equal(new Set(ids).size, ids.length);
	assert.equal((await client.models.retrieve(claude)).id,
	    "claude-sonnet-4.6");
});

test("batches are refused by name", async () => {
	const refused = (e) => e instanceof Anthropic.NotFoundError &&
	    /Message Batches are not available/.test(e.message);

	await assert.rejects(client.messages.batches.create({ requests: [] }),
	    refused);
	await assert.rejects(client.messages.batches.retrieve("b"), refused);
	await assert.rejects(all(client.messages.batches.list()), refused);
});

test("errors are the SDK's own", async () => {
	const wrong = new Anthropic({ baseURL: process.env.LOCKED,
	    apiKey: "sk-wrong", maxRetries: 0 });

	await assert.rejects(wrong.messages.create(ask("Hi")),
	    Anthropic.AuthenticationError);
	await assert.rejects(client.messages.create(ask("Hi",
	    { model: "none" })), Anthropic.NotFoundError);
	await assert.rejects(client.messages.create({ ...ask("Hi"),
	    messages: [] }), Anthropic.BadRequestError);
	for (const [canned, kind] of [["rate_limited", "RateLimitError"],
	    ["unavailable", "InternalServerError"]]) {
		await fake.scenario(PATH, canned);
		await assert.rejects(client.messages.create(ask("Hi")),
		    Anthropic[kind]);
	}
	await fake.scenario(PATH, "error_event");
	await assert.rejects(client.messages.stream(ask("Hi")).finalMessage(),
	    (e) => e instanceof Anthropic.APIError &&
	    /Overloaded/.test(e.message));
});

test("the Authorization header does as well", async () => {
	const bearer = new Anthropic({ baseURL: process.env.LOCKED,
	    apiKey: null, authToken: key, maxRetries: 0 });

	assert.equal(text(await bearer.messages.create(ask("Hi"))),
	    "You said: Hi");
});

await run();
