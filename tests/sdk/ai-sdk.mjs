// The Vercel AI SDK: @ai-sdk/openai, for responses (its default) and for chat,
// and @ai-sdk/openai-compatible.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embed, embedMany, generateObject, generateText,
    isStepCount, Output, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { all, assert, base, bothCalls, breakOf, fake, key, lively, locked,
    pathOf, run, styles, test } from "./lib.mjs";

const openai = createOpenAI({ baseURL: base, apiKey: "any" });
const compatible = createOpenAICompatible({ name: "copilot", baseURL: base,
    apiKey: "any", includeUsage: true, supportsStructuredOutputs: true });
// By default each step refers to the items of the last one by their ids, which
// asks the server to store them.
const providerOptions = { openai: { store: false } };

const models = [
    ["responses", openai("gpt-5-mini"), "/responses"],
    ["responses with thoughts", openai("gpt-5.4"), "/responses"],
    // Upstream has these on the other endpoint only.
    ["chat, bridged", openai.chat("gpt-5.4"), "/responses"],
    ["compatible, bridged", compatible("gpt-5.4"), "/responses"],
    ["responses, bridged claude", openai("claude-sonnet-4.6"),
	"/v1/messages"],
    ["responses, bridged gemini", openai("gemini-3.1-pro-preview"),
	"/chat/completions"]];
for (const [style, name] of Object.entries(styles)) {
	models.push([`chat, ${style}`, openai.chat(name), pathOf(name)]);
	models.push([`compatible, ${style}`, compatible(name), pathOf(name)]);
}

const tools = {
	weather: tool({ inputSchema: z.object({ city: z.string() }),
	    execute: async ({ city }) => `${city} is sunny` }),
	time: tool({ inputSchema: z.object({ zone: z.string() }),
	    execute: async ({ zone }) => `${zone} is noon` }),
};
const found = "Tool result: Paris is sunny; UTC is noon";
const called = (r) => r.toolCalls.map((c) => [c.toolName, c.input]);
const bothCalled = [["weather", { city: "Paris" }], ["time", { zone: "UTC" }]];

function perModel(name, body, except = () => false)
{
	for (const [form, model, path] of models)
		if (!except(form))
			test(`${name} (${form})`, () => body(model, path));
}

perModel("generateText", async (model) => {
	const r = await generateText({ model, prompt: "Hi!", maxRetries: 0,
	    instructions: "Be short.", providerOptions });

	assert.equal(r.text, "You said: Hi!");
	assert.equal(r.finishReason, "stop");
	assert(r.usage.inputTokens > 0 && r.usage.outputTokens > 0);
	assert(r.response.id);
	assert(Math.abs(r.response.timestamp - Date.now()) < 1e12);
});

perModel("streamText", async (model) => {
	const r = streamText({ model, prompt: "one two three", maxRetries: 0,
	    providerOptions });
	const pieces = await all(r.textStream);

	assert(pieces.length > 1);
	assert.equal(pieces.join(""), "You said: one two three");
	assert.equal(await r.finishReason, "stop");
	assert((await r.usage).outputTokens > 0);
});

perModel("one step with two tools", async (model) => {
	const r = await generateText({ model, tools, prompt: bothCalls,
	    maxRetries: 0, providerOptions });

	assert.deepEqual(called(r), bothCalled);
	assert.equal(r.finishReason, "tool-calls");
});

perModel("one streamed step with two tools", async (model) => {
	const r = streamText({ model, tools, prompt: bothCalls, maxRetries: 0,
	    providerOptions });

	await r.consumeStream();
	assert.deepEqual((await r.toolCalls).map((c) => [c.toolName, c.input]),
	    bothCalled);
	assert.equal(await r.finishReason, "tool-calls");
});

perModel("a loop of steps", async (model, path) => {
	const r = await generateText({ model, tools, prompt: bothCalls,
	    maxRetries: 0, stopWhen: isStepCount(5), providerOptions });

	assert.equal(r.text, found);
	assert.equal(r.steps.length, 2);
	assert.equal((await fake.requests(path)).length, 2);
});

perModel("a streamed loop of steps", async (model, path) => {
	const r = streamText({ model, tools, prompt: bothCalls, maxRetries: 0,
	    stopWhen: isStepCount(5), providerOptions });

	assert.equal((await all(r.textStream)).join("").slice(-found.length),
	    found);
	assert.equal((await r.steps).length, 2);
	assert.equal((await fake.requests(path)).length, 2);
});

// The default settings: what was said before is referred to by the ids of its
// items.
for (const name of ["gpt-5-mini", "gpt-5.4", ...Object.values(styles)]) {
	for (const streamed of [false, true]) {
		const how = streamed ? ", streamed" : "";

		test(`three turns of steps, by reference (${name}${how})`,
		    () => byReference(openai(name), streamed));
	}
	test(`two turns by previousResponseId (${name})`,
	    () => byPrevious(openai(name)));
}

async function byReference(model, streamed)
{
	const messages = [];

	for (let turn = 0; turn < 3; turn++) {
		const settings = { model, tools, messages, maxRetries: 0,
		    stopWhen: isStepCount(5) };

		messages.push({ role: "user", content: bothCalls });
		const r = streamed ? streamText(settings) :
		    await generateText(settings);
		const text = await r.text;

		assert.equal(text, found);
		assert.equal((await r.steps).length, 2);
		messages.push(...(await r.response).messages);
	}
}

async function byPrevious(model)
{
	const first = await generateText({ model, prompt: "one",
	    maxRetries: 0 });
	const second = await generateText({ model, tools, maxRetries: 0,
	    prompt: bothCalls, stopWhen: isStepCount(5),
	    providerOptions: { openai: { previousResponseId:
	    first.providerMetadata.openai.responseId } } });

	assert.equal(second.text, found);
}

perModel("a structure", async (model) => {
	const schema = z.object({ city: z.string(), big: z.boolean() });
	const { object } = await generateObject({ model, schema,
	    prompt: "Paris", maxRetries: 0, providerOptions });
	const { output } = await generateText({ model, prompt: "Paris",
	    output: Output.object({ schema }), maxRetries: 0,
	    providerOptions });
	const streamed = streamObject({ model, schema, prompt: "Paris",
	    maxRetries: 0, providerOptions });

	assert.equal(object.city, "Paris");
	assert.deepEqual(output, object);
	assert.deepEqual((await all(streamed.partialObjectStream)).at(-1),
	    object);
});

for (const [name, model] of [
    ["openai", openai.embedding("text-embedding-3-small")],
    ["compatible", compatible.embeddingModel("text-embedding-3-small")]]) {
	test(`embed and embedMany (${name})`, async () => {
		const values = ["one", "two", "three"];
		const many = await embedMany({ model, values });

		assert(many.usage.tokens > 0);
		for (const [i, value] of values.entries()) {
			const one = await embed({ model, value });

			assert.equal(one.embedding.length, 1536);
			assert.deepEqual(many.embeddings[i], one.embedding);
		}
	});
}

perModel("thoughts, if any, are shown", async (model) => {
	const { reasoningText } = await generateText({ model, prompt: "Hi!",
	    maxRetries: 0, providerOptions: { openai: { store: false,
	    reasoningSummary: "auto" } } });

	assert.match(reasoningText, /./);
}, (form) => !["compatible, gemini", "responses with thoughts"].includes(form));

perModel("an error", async (model, path) => {
	await fake.scenario(path, "input_too_long");
	await assert.rejects(generateText({ model, prompt: "Hi!",
	    maxRetries: 0, providerOptions }), (e) =>
	    APICallError.isInstance(e) && e.statusCode === 400 &&
	    !e.isRetryable && e.data.error.code === "context_length_exceeded");
});

perModel("an error in mid-stream", async (model, path) => {
	await fake.scenario(path, breakOf(path));
	const r = streamText({ model, prompt: "one two three four",
	    maxRetries: 0, providerOptions, onError: () => {} });
	const parts = await all(r.fullStream);

	assert(parts.some((p) => p.type === "error"));
});

perModel("leaving a stream closes upstream's", async (model, path) => {
	await fake.scenario(path, "stall_after_events", { n: 5 });
	const leave = new AbortController();
	const r = streamText({ model, prompt: "one two three four",
	    maxRetries: 0, abortSignal: leave.signal, providerOptions,
	    onError: () => {} });

	setTimeout(() => leave.abort(), 300);
	await all(r.textStream).catch(() => {});
	await fake.closed(path);
});

for (const [name, path] of [["gpt-5.4", "/responses"],
    ["claude-sonnet-4.6", "/v1/messages"]]) {
	test(`events in silence (${name})`, async () => {
		await fake.silence(path);
		const model = createOpenAI({ baseURL: lively, apiKey: "any" })
		    (name);
		const parts = await all(streamText({ model, maxRetries: 0,
		    prompt: "one two three four five", providerOptions,
		    includeRawChunks: true }).stream);

		assert(parts.some((p) => p.type === "raw" &&
		    p.rawValue.type === "keepalive"));
		assert(!parts.some((p) => p.type === "error"));
		assert.equal(parts.filter((p) => p.type === "text-delta")
		    .map((p) => p.text).join(""),
		    "You said: one two three four five");
		assert.equal(parts.at(-1).finishReason, "stop");
	});
}

test("a wrong key", async () => {
	for (const apiKey of [key, "sk-wrong"]) {
		const model = createOpenAI({ baseURL: locked, apiKey })
		    ("gpt-5-mini");
		const answer = generateText({ model, prompt: "Hi!",
		    providerOptions });

		if (apiKey === key)
			assert.equal((await answer).text, "You said: Hi!");
		else
			await assert.rejects(answer, { statusCode: 401 });
	}
});

await run();
