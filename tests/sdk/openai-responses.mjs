// The official openai package: responses.
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { all, assert, base, bothCalls, constant, fake, lively, run, schemas,
    test } from "./lib.mjs";

const PATH = "/responses";
const client = new OpenAI({ baseURL: base, apiKey: "any", maxRetries: 0 });
const { responses } = client;
const model = "gpt-5-mini";
const tools = Object.entries(schemas).map(([name, parameters]) =>
    ({ type: "function", name, parameters, strict: true }));
const call = (i) => [i.name, JSON.parse(i.arguments)];
const bothCalled = [["weather", { city: "Paris" }], ["time", { zone: "UTC" }]];
const ofType = (response, type) =>
    response.output.filter((i) => i.type === type);

function create(input, more)
{
	return responses.create({ model, input, store: false, ...more });
}

function stream(input, more)
{
	return responses.stream({ model, input, store: false, ...more });
}

// The same two ways of asking, whole and streamed, for one test.
function bothWays(name, body)
{
	test(name, () => body(create));
	test(name + ", streamed", () => body((...args) =>
	    stream(...args).finalResponse()));
}

// What a client sends next: all that was said, and what the tools found.
function continued(input, response, outputs)
{
	return [...input, ...response.output, ...outputs];
}

function results(response)
{
	return ofType(response, "function_call").map((c) => ({
	    type: "function_call_output", call_id: c.call_id,
	    output: c.name + " found" }));
}

function said(text)
{
	return [{ role: "user", content: text }];
}

// ---- answers

for (const name of ["gpt-5-mini", "gpt-5.4", "gpt-5.3-codex"]) {
	bothWays(`an answer of ${name}`, async (ask) => {
		const r = await ask("Hi!", { model: name });

		assert.match(r.id, /^resp_/);
		assert.equal(r.object, "response");
		assert.equal(r.status, "completed");
		assert.equal(r.error, null);
		assert.equal(r.output_text, "You said: Hi!");
		assert.equal(r.model, name);
		assert.equal(r.usage.total_tokens,
		    r.usage.input_tokens + r.usage.output_tokens);
		assert.equal(typeof r.usage.input_tokens_details.cached_tokens,
		    "number");
		for (const item of r.output)
			assert(item.id.length <= 64);
	});
}

test("the events of a stream", async () => {
	const events = await all(await create(bothCalls,
	    { tools, stream: true }));
	const responsesSeen = events.map((e) => e.response).filter(Boolean);
	const items = new Map();

	events.forEach((e, i) => assert.equal(e.sequence_number, i));
	constant(responsesSeen, "id", "object", "created_at", "model");
	assert.equal(events[0].type, "response.created");
	assert.equal(events.at(-1).type, "response.completed");
	for (const e of events.filter((e) => "output_index" in e)) {
		const id = e.item_id ?? e.item.id;

		assert(id.length <= 64);
		if (!items.has(e.output_index))
			items.set(e.output_index, id);
		assert.equal(id, items.get(e.output_index), e.type);
	}
	assert.deepEqual(events.at(-1).response.output.map((i) => i.id),
	    [...items.entries()].sort(([a], [b]) => a - b).map(([, id]) => id));
});

test("the pieces of a text are the text", async () => {
	const helper = stream("one two three");
	let text = "";

	helper.on("response.output_text.delta", ({ delta, snapshot }) => {
		text += delta;
		assert.equal(snapshot, text);
	});
	assert.equal((await helper.finalResponse()).output_text, text);
	assert.equal(text, "You said: one two three");
});

test("instructions, a system's message and an image", async () => {
	const r = await create([{ role: "developer", content: "Be short." },
	    { role: "user", content: [{ type: "input_text", text: "Look" },
	    { type: "input_image", detail: "original",
	    image_url: "data:image/png;base64,iVBORw0KGgo=" }] }],
	    { instructions: "Be kind." });

	assert.equal(r.output_text, "You said: Look [1 image]");
});

test("what upstream refuses does no harm", async () => {
	const r = await create("Hi!", { service_tier: "auto",
	    max_output_tokens: 16, safety_identifier: "someone",
	    metadata: { a: "b" }, user: "someone", truncation: "auto" });

	assert.equal(r.output_text, "You said: Hi!");
});

// ---- tools

bothWays("a turn with two tools", async (ask) => {
	const input = said(bothCalls);
	const first = await ask(input, { tools });
	const calls = ofType(first, "function_call");

	assert.deepEqual(calls.map(call), bothCalled);
	const second = await ask(continued(input, first, results(first)),
	    { tools });
	assert.equal(second.output_text,
	    "Tool result: weather found; time found");
});

bothWays("three turns with thoughts, sent back whole", async (ask) => {
	const more = { model: "gpt-5.4", tools,
	    include: ["reasoning.encrypted_content"],
	    reasoning: { effort: "high", summary: "auto" } };
	let input = said('call weather with {"city":"Paris"}');
	const first = await ask(input, more);

	assert(ofType(first, "reasoning")[0].encrypted_content);
	input = continued(input, first, results(first));
	const second = await ask(input, more);
	assert.equal(second.output_text, "Tool result: weather found");
	input = continued(input, second, said('call time with {"zone":"UTC"}'));
	const third = await ask(input, more);
	assert.deepEqual(ofType(third, "function_call").map(call),
	    [["time", { zone: "UTC" }]]);
	const sent = (await fake.last(PATH)).json.input;
	assert.equal(sent.filter((i) => i.encrypted_content).length, 2);
});

bothWays("a custom tool", async (ask) => {
	const more = { model: "gpt-5.4",
	    tools: [{ type: "custom", name: "apply_patch" }] };
	const input = said("call apply_patch with *** Begin Patch");
	const first = await ask(input, more);
	const [made] = ofType(first, "custom_tool_call");

	assert.equal(made.input, "*** Begin Patch");
	const second = await ask(continued(input, first, [{
	    type: "custom_tool_call_output", call_id: made.call_id,
	    output: "Done" }]), more);
	assert.equal(second.output_text, "Tool result: Done");
});

bothWays("a search of the web", async (ask) => {
	const more = { tools: [{ type: "web_search" }] };
	const input = said("search for news");
	const first = await ask(input, more);

	assert.equal(ofType(first, "web_search_call")[0].status, "completed");
	assert.match(first.output_text, /search for news/);
	const second = await ask(continued(input, first, said("Thanks")), more);
	assert.equal(second.output_text, "You said: Thanks");
});

bothWays("a structure", async (ask) => {
	const Place = z.object({ city: z.string() });
	const r = await ask("Paris", { text: { format:
	    zodTextFormat(Place, "place") } });

	assert.deepEqual(JSON.parse(r.output_text), { city: "Paris" });
});

test("parse", async () => {
	const Place = z.object({ city: z.string() });
	const text = { format: zodTextFormat(Place, "place") };
	const r = await responses.parse({ model, input: "Paris", text,
	    store: false });
	const s = await stream("Paris", { text }).finalResponse();

	assert.deepEqual(r.output_parsed, { city: "Paris" });
	assert.deepEqual(s.output_parsed, { city: "Paris" });
});

for (const model of ["gpt-4o", "claude-opus-4.5", "gemini-3.1-pro-preview"])
	test(`parse, without structured outputs (${model})`, async () => {
		const Place = z.object({ city: z.string(), big: z.boolean(),
		    near: z.array(z.object({ name: z.string() })) });
		const more = { model, input: "Paris",
		    text: { format: zodTextFormat(Place, "place") } };
		const r = await responses.parse(more);
		const s = await responses.stream(more).finalResponse();

		for (const { output_parsed, output_text } of [r, s]) {
			assert.equal(output_parsed.city, "Paris");
			assert.equal(output_parsed.near[0].name, "Paris");
			assert.equal(output_text[0], "{");
		}
	});

for (const model of ["gpt-5-mini", "gpt-5.3-codex"])
	test(`what ${model} refuses does no harm`, async () => {
		for (let i = 0; i < 2; i++) {
			const r = await responses.create({ model, input: "Hi!",
			    top_p: 0.5 });
			assert.equal(r.output_text, "You said: Hi!");
		}
		await assert.rejects(responses.create({ model, input: "Hi!",
		    top_p: 7 }), OpenAI.BadRequestError);
	});

// ---- ends that are not good

for (const reason of ["max_output_tokens", "content_filter"]) {
	bothWays(`incomplete, for ${reason}`, async (ask) => {
		await fake.scenario(PATH, "incomplete_" +
		    reason.replace("_output", ""));
		const r = await ask("one two three");

		assert.equal(r.status, "incomplete");
		assert.equal(r.incomplete_details.reason, reason);
	});
}

test("a refusal", async () => {
	await fake.scenario(PATH, "refusal");
	const r = await stream("Hi!").finalResponse();
	const [message] = ofType(r, "message");

	assert.equal(message.content[0].type, "refusal");
	assert(message.content[0].refusal);
});

// OpenAI sends an error event ahead of response.failed, and the client throws.
test("failed, streamed", async () => {
	await fake.scenario(PATH, "failed", { times: 2 });
	await assert.rejects(async () => all(await create("Hi!",
	    { stream: true })), (e) => e instanceof OpenAI.APIError &&
	    e.code !== undefined && e.message !== "");
	await assert.rejects(stream("Hi!").finalResponse(), OpenAI.APIError);
});

// OpenAI says it with the status of HTTP when there is no stream.
test("failed", async () => {
	await fake.scenario(PATH, "failed");
	await assert.rejects(create("Hi!"), (e) =>
	    e instanceof OpenAI.InternalServerError && e.message !== "");
});

for (const [name, scenario] of Object.entries({
    "an error event": "error_event",
    "an end in mid-item": "eof",
    "a stream that is cut": "cut_after_events",
    "a stream that is reset": "reset_after_events" })) {
	test(`${name} is an error`, async () => {
		await fake.scenario(PATH, scenario, { times: 2 });
		await assert.rejects(async () => all(await create(
		    "one two three", { stream: true })), OpenAI.APIError);
		await assert.rejects(stream("one two three").finalResponse(),
		    OpenAI.APIError);
	});
}

test("an error before the first event is an error of HTTP", async () => {
	for (const streamed of [false, true]) {
		await fake.scenario(PATH, "input_too_long");
		await assert.rejects(create("Hi!", { stream: streamed }),
		    { status: 400, code: "context_length_exceeded" });
	}
});

test("a member of the wrong type is named", async () => {
	await assert.rejects(create(5), { status: 400, param: "input" });
});

// As OpenAI's own API bridges silence, by events that it does not document.
for (const [model, path] of [["gpt-5-mini", PATH],
    ["claude-sonnet-4.6", "/v1/messages"]]) {
	const { responses } = new OpenAI({ baseURL: lively, apiKey: "any",
	    maxRetries: 0 });
	const body = { model, input: "one two three four five" };

	test(`events in silence (${model})`, async () => {
		await fake.silence(path);
		const events = await all(await responses.create({ ...body,
		    stream: true }));
		const alive = events.filter((e) => e.type === "keepalive");

		assert(alive.length >= 2);
		assert.deepEqual(events.map((e) => e.sequence_number),
		    [...events.keys()]);
		assert.equal(events.at(-1).type, "response.completed");
	});

	test(`events in silence, the stream helper (${model})`, async () => {
		await fake.silence(path);
		const helper = responses.stream(body);
		let text = "";

		helper.on("response.output_text.delta", (e) => {
			text += e.delta;
			assert.equal(e.snapshot, text);
		});
		const events = await all(helper);
		assert(events.some((e) => e.type === "keepalive"));
		const r = await helper.finalResponse();
		assert.equal(r.output_text,
		    "You said: one two three four five");
		assert.equal(text, r.output_text);
	});
}

test("leaving a stream closes upstream's", async () => {
	await fake.scenario(PATH, "stall_after_events", { n: 5 });
	for await (const event of await create("one two", { stream: true }))
		if (event.type === "response.output_item.added")
			break;
	await fake.closed(PATH);
});

test("aborting the stream helper closes upstream's", async () => {
	await fake.scenario(PATH, "stall_after_events", { n: 5 });
	const helper = stream("one two");

	helper.once("response.created", () => helper.abort());
	await assert.rejects(helper.done(), OpenAI.APIUserAbortError);
	await fake.closed(PATH);
});

test("the headers of an answer", async () => {
	const { data, response } = await create("Hi!").withResponse();

	assert.equal(data._request_id, response.headers.get("x-request-id"));
	assert.match(response.headers.get("openai-processing-ms"), /^\d+$/);
});

await run();
