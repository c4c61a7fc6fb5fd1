// The Vercel AI SDK's provider for Anthropic, over Messages.
import { createAnthropic } from "@ai-sdk/anthropic";
import { APICallError, generateText, isStepCount, Output, streamText, tool }
    from "ai";
import { z } from "zod";
import { all, assert, base, bothCalls, fake, key, lively, locked, perModel, run,
    test } from "./lib.mjs";

const anthropic = createAnthropic({ baseURL: base, apiKey: "any" });
const claude = "claude-sonnet-4-6";
const thinking = { anthropic: { thinking: { type: "adaptive" } } };
const tools = {
	weather: tool({ inputSchema: z.object({ city: z.string() }),
	    execute: async ({ city }) => `${city} is sunny` }),
	time: tool({ inputSchema: z.object({ zone: z.string() }),
	    execute: async ({ zone }) => `${zone} is noon` }),
};
const found = "Tool result: Paris is sunny; UTC is noon";
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk" +
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

perModel("generateText", async (model) => {
	const r = await generateText({ model: anthropic(model), prompt: "Hi!",
	    maxRetries: 0, instructions: "Be short." });

	assert.equal(r.text, "You said: Hi!");
	assert.equal(r.finishReason, "stop");
	assert(r.usage.inputTokens > 0 && r.usage.outputTokens > 0);
	assert(r.response.id);
});

perModel("streamText", async (model) => {
	const r = streamText({ model: anthropic(model), maxRetries: 0,
	    prompt: "one two three" });
	const pieces = await all(r.textStream);

	assert(pieces.length > 1);
	assert.equal(pieces.join(""), "You said: one two three");
	assert.equal(await r.finishReason, "stop");
	assert((await r.usage).outputTokens > 0);
});

for (const streamed of [false, true]) {
	const how = streamed ? ", streamed" : "";

	perModel("a loop of steps" + how, async (model) => {
		const { path } = await fake.pathOf(model);
		const settings = { model: anthropic(model), tools,
		    prompt: bothCalls, maxRetries: 0,
		    stopWhen: isStepCount(5) };
		const r = streamed ? streamText(settings) :
		    await generateText(settings);

		assert.equal(await r.text, found);
		const steps = await r.steps;

		assert.deepEqual(steps[0].toolCalls.map((c) =>
		    [c.toolName, c.input]), [["weather", { city: "Paris" }],
		    ["time", { zone: "UTC" }]]);
		assert.equal(steps.length, 2);
		assert.equal((await fake.requests(path)).length, 2);
	});

	perModel("thoughts over turns" + how, async (model) => {
		const messages = [];

		for (let turn = 0; turn < 2; turn++) {
			const settings = { model: anthropic(model), tools,
			    messages, maxRetries: 0, stopWhen: isStepCount(5),
			    providerOptions: thinking };

			messages.push({ role: "user", content: bothCalls });
			const r = streamed ? streamText(settings) :
			    await generateText(settings);

			assert.equal(await r.text, found);
			messages.push(...(await r.response).messages);
		}
		assert.match(JSON.stringify(messages), /"reasoning"/);
	});
}

test("the signature of a thought goes back to Claude", async () => {
	await generateText({ model: anthropic(claude), tools, maxRetries: 0,
	    prompt: bothCalls, stopWhen: isStepCount(5),
	    providerOptions: thinking });
	const { json } = await fake.last("/v1/messages");

	assert(json.messages[1].content.some((b) => b.type === "thinking" &&
	    b.signature));
});

// Of models that it doesn't know it asks for a call of the tool "json".
perModel("a structure", async (model) => {
	const schema = z.object({ city: z.string(), big: z.boolean() });
	const { output } = await generateText({ model: anthropic(model),
	    prompt: 'call json with {"city":"Paris","big":true}',
	    output: Output.object({ schema }), maxRetries: 0 });

	assert.match(output.city, /Paris/);
	assert.equal(typeof output.big, "boolean");
});

perModel("an image", async (model) => {
	const { path } = await fake.pathOf(model);

	await generateText({ model: anthropic(model), maxRetries: 0,
	    messages: [{ role: "user", content: [
	    { type: "text", text: "Look!" },
	    { type: "file", mediaType: "image/png", data: png }] }] });
	const last = await fake.last(path);

	assert.match(last.body, /iVBORw0KGgo/);
	assert.equal(new Headers(last.headers).get("copilot-vision-request"),
	    "true");
});

test("marks for the prompt cache", async () => {
	await generateText({ model: anthropic(claude), maxRetries: 0,
	    messages: [{ role: "user", content: [{ type: "text", text: "Hi!",
	    providerOptions: { anthropic: { cacheControl: { type: "ephemeral",
	    ttl: "1h" } } } }] }] });
	const last = await fake.last("/v1/messages");

	assert.match(last.body, /"cache_control":\{"type":"ephemeral","ttl":"1h"/);
});

perModel("an error", async (model) => {
	const { path } = await fake.pathOf(model);

	await fake.scenario(path, "rate_limited");
	await assert.rejects(generateText({ model: anthropic(model),
	    prompt: "Hi!", maxRetries: 0 }), (e) =>
	    APICallError.isInstance(e) && e.statusCode === 429 &&
	    e.data.error.type === "rate_limit_error");
});

perModel("an error in mid-stream", async (model) => {
	const { path } = await fake.pathOf(model);

	await fake.scenario(path, path === "/chat/completions" ?
	    "error_chunk" : "error_event");
	const r = streamText({ model: anthropic(model), maxRetries: 0,
	    prompt: "one two three four", onError: () => {} });

	assert((await all(r.fullStream)).some((p) => p.type === "error"));
});

perModel("leaving a stream closes upstream's", async (model) => {
	const { path } = await fake.pathOf(model);

	await fake.scenario(path, "stall_after_events", { n: 5 });
	const leave = new AbortController();
	const r = streamText({ model: anthropic(model), maxRetries: 0,
	    prompt: "one two three four", abortSignal: leave.signal,
	    onError: () => {} });

	setTimeout(() => leave.abort(), 300);
	await all(r.textStream).catch(() => {});
	await fake.closed(path);
});

test("pings in silence", async () => {
	await fake.silence("/v1/messages");
	const model = createAnthropic({ baseURL: lively, apiKey: "any" })
	    (claude);
	const r = streamText({ model, maxRetries: 0,
	    prompt: "one two three four five" });

	assert.equal((await all(r.textStream)).join(""),
	    "You said: one two three four five");
});

test("a wrong key", async () => {
	for (const apiKey of [key, "sk-wrong"]) {
		const answer = generateText({ prompt: "Hi!", maxRetries: 0,
		    model: createAnthropic({ baseURL: locked, apiKey })
		    (claude) });

		if (apiKey === key)
			assert.equal((await answer).text, "You said: Hi!");
		else
			await assert.rejects(answer, { statusCode: 401 });
	}
});

await run();
