// LangChain's @langchain/openai: chat completions and responses.
import { AIMessageChunk, HumanMessage, SystemMessage, ToolMessage }
    from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { z } from "zod";
import { all, assert, base, bothCalls, breakOf, fake, key, lively, locked,
    pathOf, run, styles, test } from "./lib.mjs";

const common = { apiKey: "any", configuration: { baseURL: base },
    maxRetries: 0 };
// With zdrEnabled it asks the server to store nothing.
const models = [
    ["responses", "/responses", { model: "gpt-5-mini",
    useResponsesApi: true, zdrEnabled: true }],
    ["responses with thoughts", "/responses", { model: "gpt-5.4",
    useResponsesApi: true, zdrEnabled: true,
    include: ["reasoning.encrypted_content"] }]];
for (const [style, model] of Object.entries(styles))
	models.push([`chat, ${style}`, pathOf(model),
	    { model, useResponsesApi: false }]);

const tools = [
    tool(({ city }) => `${city} is sunny`, { name: "weather",
    description: "The weather", schema: z.object({ city: z.string() }) }),
    tool(({ zone }) => `${zone} is noon`, { name: "time",
    description: "The time", schema: z.object({ zone: z.string() }) })];
const bothCalled = [["weather", { city: "Paris" }], ["time", { zone: "UTC" }]];
const called = (m) => m.tool_calls.map((c) => [c.name, c.args]);

function perModel(name, body)
{
	for (const [form, path, fields] of models)
		test(`${name} (${form})`, () => body(
		    new ChatOpenAI({ ...common, ...fields }), path));
}

async function gathered(stream)
{
	return (await all(stream)).reduce((a, b) => a.concat(b),
	    new AIMessageChunk(""));
}

perModel("invoke", async (model) => {
	const m = await model.invoke([new SystemMessage("Be short."),
	    new HumanMessage("Hi!")]);

	assert.equal(m.text, "You said: Hi!");
	assert(m.usage_metadata.input_tokens > 0);
	assert(m.usage_metadata.output_tokens > 0);
	assert(m.id);
});

perModel("stream", async (model) => {
	const pieces = await all(await model.stream("one two three"));
	const whole = pieces.reduce((a, b) => a.concat(b));

	assert(pieces.length > 3);
	assert.equal(whole.text, "You said: one two three");
	assert(whole.usage_metadata.output_tokens > 0);
});

for (const streamed of [false, true]) {
	const how = streamed ? ", streamed" : "";

	perModel("a turn with two tools" + how, async (model) => {
		const bound = model.bindTools(tools);
		const ask = async (messages) => streamed ?
		    gathered(await bound.stream(messages)) :
		    bound.invoke(messages);
		const messages = [new HumanMessage(bothCalls)];
		const first = await ask(messages);

		assert.deepEqual(called(first), bothCalled);
		messages.push(first);
		for (const c of first.tool_calls)
			messages.push(await tools.find((t) =>
			    t.name === c.name).invoke(c));
		assert(messages.at(-1) instanceof ToolMessage);
		const second = await ask(messages);
		assert.equal(second.text,
		    "Tool result: Paris is sunny; UTC is noon");
	});
}

perModel("withStructuredOutput", async (model) => {
	const Place = z.object({ city: z.string(), big: z.boolean() });

	const place = await model.withStructuredOutput(Place, { name: "place" })
	    .invoke("Paris");
	assert.equal(place.city, "Paris");
	assert.equal(typeof place.big, "boolean");
});

perModel("withStructuredOutput by a tool", async (model) => {
	const Place = z.object({ city: z.string() });

	assert.deepEqual(await model.withStructuredOutput(Place,
	    { name: "place", method: "functionCalling" })
	    .invoke('It is with {"city":"Paris"}'), { city: "Paris" });
});

test("embeddings", async () => {
	const e = new OpenAIEmbeddings({ ...common, dimensions: 256,
	    model: "text-embedding-3-small" });
	const many = await e.embedDocuments(["one", "two"]);

	assert.deepEqual(many.map((v) => v.length), [256, 256]);
	assert.deepEqual(many[1], await e.embedQuery("two"));
});

perModel("an error", async (model, path) => {
	await fake.scenario(path, "input_too_long", { times: -1 });
	await assert.rejects(model.invoke("Hi!"), (e) =>
	    e.name === "ContextOverflowError", "not seen as an overflow");
});

perModel("an error in mid-stream", async (model, path) => {
	await fake.scenario(path, breakOf(path));
	await assert.rejects(async () => all(await model.stream("one two")));
});

perModel("leaving a stream closes upstream's", async (model, path) => {
	await fake.scenario(path, "stall_after_events", { n: 5 });
	const signal = AbortSignal.timeout(300);

	await assert.rejects(async () =>
	    all(await model.stream("one two three", { signal })));
	await fake.closed(path);
});

for (const [model, path] of [["gpt-5-mini", "/responses"],
    ["claude-sonnet-4.6", "/v1/messages"]]) {
	test(`events in silence (${model})`, async () => {
		await fake.silence(path);
		const m = await gathered(await new ChatOpenAI({ ...common,
		    configuration: { baseURL: lively }, model,
		    useResponsesApi: true, zdrEnabled: true })
		    .stream("one two three four five"));

		assert.equal(m.text, "You said: one two three four five");
		assert(m.usage_metadata.output_tokens > 0);
	});
}

test("a wrong key", async () => {
	const configuration = { baseURL: locked };
	const ask = (apiKey) => new ChatOpenAI({ ...common, configuration,
	    apiKey, model: "gpt-5-mini" }).invoke("Hi!");

	assert.equal((await ask(key)).text, "You said: Hi!");
	await assert.rejects(ask("sk-wrong"),
	    { status: 401, lc_error_code: "MODEL_AUTHENTICATION" });
});

await run();
