// The official openai package: chat completions.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { all, assert, base, bothCalls, breakOf, chatTools, constant, fake,
    pathOf, perStyle, run, schemas, test, user } from "./lib.mjs";

const CHAT = "/chat/completions";
const client = new OpenAI({ baseURL: base, apiKey: "any", maxRetries: 0 });
const { completions } = client.chat;
const call = (m) => [m.function.name, JSON.parse(m.function.arguments)];
const bothCalled = [["weather", { city: "Paris" }], ["time", { zone: "UTC" }]];

function stream(model, content, more)
{
	return completions.create({ model, messages: user(content),
	    stream: true, ...more });
}

function checkUsage(usage)
{
	assert(usage.prompt_tokens > 0 && usage.completion_tokens > 0);
	assert.equal(usage.total_tokens,
	    usage.prompt_tokens + usage.completion_tokens);
}

// ---- whole answers

perStyle("an answer", async (model) => {
	const c = await completions.create({ model, messages: user("Hi!") });

	assert.match(c.id, /./);
	assert.equal(c.object, "chat.completion");
	assert(Math.abs(c.created - Date.now() / 1000) < 3600 * 24 * 3660);
	assert.equal(c.choices.length, 1);
	const [{ index, message, finish_reason }] = c.choices;
	assert.equal(index, 0);
	assert.equal(message.role, "assistant");
	assert.equal(message.content, "You said: Hi!");
	assert.equal(finish_reason, "stop");
	checkUsage(c.usage);
});

perStyle("parallel tool calls", async (model) => {
	const c = await completions.create({ model, tools: chatTools,
	    messages: user(bothCalls) });

	assert.equal(c.choices.length, 1);
	const [{ message, finish_reason }] = c.choices;
	assert.equal(finish_reason, "tool_calls");
	assert.deepEqual(message.tool_calls.map(call), bothCalled);
	for (const { id, type } of message.tool_calls)
		assert(id && type === "function");
	assert.notEqual(message.tool_calls[0].id, message.tool_calls[1].id);
});

perStyle("max_tokens of either name ends it early", async (model) => {
	for (const limit of ["max_tokens", "max_completion_tokens"]) {
		const { choices } = await completions.create({ model,
		    messages: user("one two three four"), [limit]: 3 });

		assert.equal(choices[0].finish_reason, "length", limit);
	}
});

perStyle("a developer's message and a system's", async (model) => {
	for (const role of ["developer", "system"]) {
		const { choices } = await completions.create({ model,
		    messages: [{ role, content: "Be short." }, ...user("Hi!")] });

		assert.equal(choices[0].message.content, "You said: Hi!");
	}
});

test("several choices", async () => {
	const c = await completions.create({ model: "gpt-5-mini", n: 3,
	    messages: user("Hi!") });

	assert.deepEqual(c.choices.map((x) => x.index), [0, 1, 2]);
	for (const { message } of c.choices)
		assert.equal(message.content, "You said: Hi!");
});

test("an image", async () => {
	const url = "data:image/png;base64,iVBORw0KGgo=";
	const { choices } = await completions.create({ model: "gpt-5-mini",
	    messages: user([{ type: "text", text: "Look" },
	    { type: "image_url", image_url: { url } }]) });

	assert.equal(choices[0].message.content, "You said: Look [1 image]");
});

// ---- streams

perStyle("a stream", async (model) => {
	const chunks = await all(await stream(model, "one two three"));
	const choices = chunks.flatMap((c) => c.choices);
	const finished = choices.filter((c) => c.finish_reason);

	constant(chunks, "id", "object", "created", "model");
	assert.equal(chunks[0].object, "chat.completion.chunk");
	for (const c of chunks) {
		assert.equal(c.choices.length, 1);
		assert.equal(c.usage ?? null, null);
	}
	assert.equal(choices.map((c) => c.delta.content ?? "").join(""),
	    "You said: one two three");
	assert.equal(choices[0].delta.role, "assistant");
	assert.equal(choices.filter((c) => c.delta.role).length, 1);
	assert.deepEqual(finished.map((c) => c.finish_reason), ["stop"]);
	assert.equal(finished[0], choices.at(-1));
});

perStyle("usage at the end of a stream", async (model) => {
	const chunks = await all(await stream(model, "Hi!",
	    { stream_options: { include_usage: true } }));
	const last = chunks.pop();

	assert.deepEqual(last.choices, []);
	checkUsage(last.usage);
	for (const c of chunks) {
		assert.equal(c.usage, null);
		assert.equal(c.choices.length, 1);
	}
});

perStyle("the stream helper", async (model) => {
	const helper = completions.stream({ model, messages: user("Hi!") });
	let text = "";

	helper.on("content.delta", ({ delta }) => { text += delta; });
	const final = await helper.finalChatCompletion();
	assert.equal(text, "You said: Hi!");
	assert.equal(final.object, "chat.completion");
	assert.equal(final.choices[0].message.content, text);
	assert.equal(final.choices[0].finish_reason, "stop");
});

perStyle("parallel tool calls, streamed", async (model) => {
	const helper = completions.stream({ model, tools: chatTools,
	    messages: user(bothCalls) });
	const done = [];

	helper.on("tool_calls.function.arguments.done", ({ index, name }) =>
	    done.push([index, name]));
	const [choice] = (await helper.finalChatCompletion()).choices;
	assert.deepEqual(choice.message.tool_calls.map(call), bothCalled);
	assert.equal(choice.finish_reason, "tool_calls");
	assert.deepEqual(done, [[0, "weather"], [1, "time"]]);
});

perStyle("pieces of tool calls can be put together by hand", async (model) => {
	const chunks = await all(await stream(model, bothCalls,
	    { tools: chatTools }));
	const calls = [];

	for (const { choices: [{ delta }] } of chunks) {
		for (const piece of delta.tool_calls ?? []) {
			const c = calls[piece.index] ??=
			    { ...piece, function: { name: "", arguments: "" } };

			assert.equal(c.id, piece.id ?? c.id);
			c.function.name += piece.function?.name ?? "";
			c.function.arguments += piece.function?.arguments ?? "";
		}
	}
	assert.deepEqual(calls.map(call), bothCalled);
	for (const c of calls)
		assert(c.id && c.type === "function");
	assert.equal(chunks.at(-1).choices[0].finish_reason, "tool_calls");
});

test("several choices, streamed", async () => {
	const final = await completions.stream({ model: "gpt-5-mini", n: 2,
	    messages: user("Hi!") }).finalChatCompletion();

	assert.deepEqual(final.choices.map((c) => c.message.content),
	    ["You said: Hi!", "You said: Hi!"]);
});

for (const deviation of ["byte_by_byte", "missing_finish_reason", "no_usage"]) {
	perStyle(`a stream with ${deviation}`, async (model) => {
		await fake.scenario(CHAT, deviation);
		const final = await completions.stream({ model,
		    messages: user("Hi!") }).finalChatCompletion();

		assert.equal(final.choices[0].message.content, "You said: Hi!");
		assert.equal(final.choices[0].finish_reason, "stop");
	});
}

// ---- loops and structures

for (const streamed of [false, true]) {
	const how = streamed ? ", streamed" : "";

	perStyle("a loop that sends the answer back" + how, async (model) => {
		const messages = user(bothCalls);
		const ask = () => streamed ? completions.stream({ model,
		    messages, tools: chatTools }).finalChatCompletion() :
		    completions.create({ model, messages, tools: chatTools });
		const [{ message }] = (await ask()).choices;

		messages.push(message);
		for (const { id, function: f } of message.tool_calls)
			messages.push({ role: "tool", tool_call_id: id,
			    content: f.name + f.arguments });
		assert.equal((await ask()).choices[0].message.content,
		    'Tool result: weather{"city":"Paris"}; ' +
		    'time{"zone":"UTC"}');
	});

	// runTools leaves out the signature of thoughts that Gemini 3 wants.
	for (const model of ["gpt-5-mini", "gpt-4o", "claude-sonnet-4.6",
	    "gemini-2.5-pro", "gemini-3.1-pro-preview"]) {
		test(`runTools${how} (${model})`, () => runTools(model, streamed));
	}
}

async function runTools(model, stream)
{
	const tools = Object.entries(schemas).map(([name, parameters]) => ({
	    type: "function", function: { name, parameters, parse: JSON.parse,
	    function: (args) => `${name}=${Object.values(args)}` } }));
	const runner = completions.runTools({ model, stream, tools,
	    messages: user(bothCalls) });

	assert.equal(await runner.finalContent(),
	    "Tool result: weather=Paris; time=UTC");
	assert.equal((await fake.requests(pathOf(model))).length, 2);
}

perStyle("parse, with a plain JSON schema", async (model) => {
	const { choices: [{ message }] } = await completions.parse({ model,
	    messages: user("Paris"), response_format: { type: "json_schema",
	    json_schema: { name: "place", strict: true,
	    schema: schemas.weather } } });

	assert.deepEqual(message.parsed, { city: "Paris" });
});

perStyle("parse, with zod, streamed", async (model) => {
	const Place = z.object({ city: z.string(), big: z.boolean() });
	const { choices: [{ message }] } = await completions.stream({ model,
	    messages: user("Paris"),
	    response_format: zodResponseFormat(Place, "place") })
	    .finalChatCompletion();

	assert.equal(message.parsed.city, "Paris");
	assert.equal(typeof message.parsed.big, "boolean");
});

for (const model of ["gpt-4o", "claude-opus-4.5", "gemini-3.1-pro-preview"])
	test(`parse, with zod, without structured outputs (${model})`,
	    async () => {
		const Place = z.object({ city: z.string(), big: z.boolean(),
		    near: z.array(z.object({ name: z.string() })) });
		const more = { model, messages: user("Paris"),
		    response_format: zodResponseFormat(Place, "place") };
		const whole = await completions.parse(more);
		const streamed = await completions.stream(more)
		    .finalChatCompletion();

		for (const { choices: [c] } of [whole, streamed]) {
			assert.equal(c.finish_reason, "stop");
			assert.equal(c.message.content[0], "{");
			assert.equal(c.message.parsed.near[0].name, "Paris");
		}
	});

test("a parameter that the model refuses does no harm", async () => {
	const model = "gpt-5-mini", messages = user("Hi!");

	for (let i = 0; i < 2; i++) {
		const c = await completions.create({ model, messages,
		    top_p: 0.5 });
		assert.equal(c.choices[0].message.content, "You said: Hi!");
	}
	await assert.rejects(completions.create({ model, messages, top_p: 7 }),
	    (e) => e instanceof OpenAI.BadRequestError && e.param === "top_p");
});

// ---- what goes wrong in a stream

for (const [name, scenario] of Object.entries({
    "an error in mid-stream": breakOf,
    "a stream that is cut": "cut_after_events",
    "a stream that is reset": "reset_after_events" })) {
	perStyle(`${name} is an error`, async (model) => {
		const path = pathOf(model);
		const what = scenario.call ? scenario(path) : scenario;

		await fake.scenario(path, what);
		await assert.rejects(async () =>
		    all(await stream(model, "one two three four five")),
		    (e) => e instanceof OpenAI.APIError && e.message !== "");
		await fake.scenario(path, what);
		await assert.rejects(completions.stream({ model,
		    messages: user("one two three four five") })
		    .finalChatCompletion(), OpenAI.APIError);
	});
}

perStyle("leaving a stream closes upstream's", async (model) => {
	await fake.scenario(pathOf(model), "stall_after_events", { n: 5 });
	for await (const chunk of await stream(model, "one two three four")) {
		assert(chunk.choices);
		break;
	}
	await fake.closed(pathOf(model));
});

test("aborting a stream closes upstream's", async () => {
	await fake.scenario(CHAT, "stall_after_events", { n: 3 });
	const s = await stream("gpt-5-mini", "one two three four");

	for await (const chunk of s) {
		assert(chunk.choices);
		s.controller.abort();
	}
	await fake.closed(CHAT);
});

test("aborting the stream helper closes upstream's", async () => {
	await fake.scenario("/v1/messages", "stall_after_events", { n: 5 });
	const helper = completions.stream({ model: "claude-sonnet-4.6",
	    messages: user("one two three four") });

	helper.once("content", () => helper.abort());
	await assert.rejects(helper.done(), OpenAI.APIUserAbortError);
	await fake.closed("/v1/messages");
});

for (const streamed of [false, true]) {
	test(`aborting before the answer ${streamed ? "streams" : "comes"}`,
	    async () => {
		await fake.scenario(CHAT, "delay_headers_ms", { n: 10000 });
		const signal = AbortSignal.timeout(300);

		await assert.rejects(completions.create({ model: "gpt-5-mini",
		    messages: user("Hi!"), stream: streamed }, { signal })
		    .then((s) => streamed && all(s).then(() =>
		    signal.throwIfAborted())));
		await fake.closed(CHAT);
	});
}

test("the client's own timeout closes upstream's", async () => {
	await fake.scenario(CHAT, "delay_headers_ms", { n: 10000 });
	await assert.rejects(completions.create({ model: "gpt-5-mini",
	    messages: user("Hi!") }, { timeout: 300 }),
	    OpenAI.APIConnectionTimeoutError);
	await fake.closed(CHAT);
});

test("a search of the web, where the model has one", async () => {
	const ask = (model) => client.chat.completions.create({ model,
	    messages: user("search for news"),
	    web_search_options: { search_context_size: "low" } });
	const { choices } = await ask("gpt-5.4");

	assert.match(choices[0].message.content, /^You said/);
	assert.deepEqual((await fake.last("/responses")).json.tools,
	    [{ type: "web_search", search_context_size: "low" }]);
	await assert.rejects(ask("claude-sonnet-4.6"), { status: 400,
	    param: "web_search_options" });
});

test("log probabilities are refused where there are none", async () => {
	await assert.rejects(client.chat.completions.create({
	    model: "claude-sonnet-4.6", messages: user("Hi!"),
	    logprobs: true, top_logprobs: 2 }), { status: 400,
	    param: "logprobs" });
});

await run();
