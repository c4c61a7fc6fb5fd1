// LangChain's @langchain/anthropic, over Messages.
import { ChatAnthropic } from "@langchain/anthropic";
import { AIMessageChunk, HumanMessage, SystemMessage, ToolMessage }
    from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { z } from "zod";
import { all, assert, bothCalls, fake, key, perModel, run, test }
    from "./lib.mjs";

const chat = (model, more) => new ChatAnthropic({ model, apiKey: key,
    anthropicApiUrl: process.env.LOCKED, maxRetries: 0, maxTokens: 2000,
    ...more });
const tools = [
    tool(({ city }) => `${city} is sunny`, { name: "weather",
    description: "The weather", schema: z.object({ city: z.string() }) }),
    tool(({ zone }) => `${zone} is noon`, { name: "time",
    description: "The time", schema: z.object({ zone: z.string() }) })];
const bothCalled = [["weather", { city: "Paris" }], ["time", { zone: "UTC" }]];

async function gathered(stream)
{
	return (await all(stream)).reduce((a, b) => a.concat(b),
	    new AIMessageChunk(""));
}

perModel("invoke", async (model) => {
	const m = await chat(model).invoke([new SystemMessage("Be short."),
	    new HumanMessage("Hi!")]);

	assert.equal(m.text, "You said: Hi!");
	assert(m.usage_metadata.input_tokens > 0);
	assert(m.usage_metadata.output_tokens > 0);
	assert(m.id);
});

perModel("stream", async (model) => {
	const pieces = await all(await chat(model).stream("one two three"));
	const whole = pieces.reduce((a, b) => a.concat(b));

	assert(pieces.length > 3);
	assert.equal(whole.text, "You said: one two three");
	assert(whole.usage_metadata.output_tokens > 0);
});

for (const streamed of [false, true]) {
	const how = streamed ? ", streamed" : "";

	perModel("a turn with two tools and thoughts" + how, async (model) => {
		const bound = chat(model, { thinking: { type: "adaptive" } })
		    .bindTools(tools);
		const ask = async (messages) => streamed ?
		    gathered(await bound.stream(messages)) :
		    bound.invoke(messages);
		const messages = [new HumanMessage(bothCalls)];
		const first = await ask(messages);

		assert.deepEqual(first.tool_calls.map((c) => [c.name, c.args]),
		    bothCalled);
		messages.push(first);
		for (const c of first.tool_calls)
			messages.push(await tools.find((t) =>
			    t.name === c.name).invoke(c));
		assert(messages.at(-1) instanceof ToolMessage);
		assert.equal((await ask(messages)).text,
		    "Tool result: Paris is sunny; UTC is noon");
	});
}

perModel("withStructuredOutput", async (model) => {
	const Place = z.object({ city: z.string() });

	assert.deepEqual(await chat(model).withStructuredOutput(Place,
	    { name: "place" }).invoke('It is with {"city":"Paris"}'),
	    { city: "Paris" });
});

perModel("an error", async (model) => {
	const { path } = await fake.pathOf(model);

	await fake.scenario(path, "rate_limited", { times: -1 });
	await assert.rejects(chat(model).invoke("Hi!"), { status: 429 });
});

perModel("an error in mid-stream", async (model) => {
	const { path } = await fake.pathOf(model);

	await fake.scenario(path, path === "/chat/completions" ?
	    "error_chunk" : "error_event", { times: -1 });
	await assert.rejects(async () => all(await chat(model)
	    .stream("one two")));
});

perModel("leaving a stream closes upstream's", async (model) => {
	const { path } = await fake.pathOf(model);

	await fake.scenario(path, "stall_after_events", { n: 5 });
	const signal = AbortSignal.timeout(300);

	await assert.rejects(async () => all(await chat(model)
	    .stream("one two three", { signal })));
	await fake.closed(path);
});

test("a wrong key", async () => {
	await assert.rejects(chat("claude-sonnet-4-6", { apiKey: "sk-wrong" })
	    .invoke("Hi!"), { status: 401 });
});

await run();
