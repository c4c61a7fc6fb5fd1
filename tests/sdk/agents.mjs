// OpenAI's Agents SDK: loops of tools, with each way of going on.
import { Agent, MemorySession, OpenAIConversationsSession, Runner,
    OpenAIProvider, tool } from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";
import { all, assert, base, bothCalls, fake, pathOf, run, styles, test }
    from "./lib.mjs";

const client = new OpenAI({ baseURL: base, apiKey: "any", maxRetries: 0 });
const tools = [
    tool({ name: "weather", description: "The weather",
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => `${city} is sunny` }),
    tool({ name: "time", description: "The time",
    parameters: z.object({ zone: z.string() }),
    execute: ({ zone }) => `${zone} is noon` })];
const found = "Tool result: Paris is sunny; UTC is noon";

function runner(useResponses)
{
	return new Runner({ tracingDisabled: true,
	    modelProvider: new OpenAIProvider({ openAIClient: client,
	    useResponses }) });
}

function agent(model, more)
{
	return new Agent({ name: "Helper", model, tools,
	    instructions: "Be short.", ...more });
}

// Four ways to remember; each is told what was said before.
const memories = {
	"its own list": () => {
		let history = [];

		return [(text) => [...history, { role: "user",
		    content: text }], {}, (r) => { history = r.history; }];
	},
	"previous_response_id": () => {
		const options = {};

		return [(text) => text, options, (r) =>
		    { options.previousResponseId = r.lastResponseId; }];
	},
	"a conversation": async () => {
		const { id } = await client.conversations.create();

		return [(text) => text, { conversationId: id }, () => {}];
	},
	"a session that is a conversation": () => {
		const session = new OpenAIConversationsSession({ client });

		return [(text) => text, { session }, () => {}];
	},
	"a session in memory": () =>
	    [(text) => text, { session: new MemorySession() }, () => {}],
};

async function ask(how, who, input, options, streamed)
{
	const r = await how.run(who, input, { ...options, stream: streamed });

	if (streamed) {
		assert((await all(r.toTextStream())).join("").length > 0);
		await r.completed;
	}
	return r;
}

async function turns(how, model, memory, streamed)
{
	const [input, options, remember] = await memory();
	const who = agent(model);
	let r = await ask(how, who, input(bothCalls), options, streamed);

	assert.equal(r.finalOutput, found);
	remember(r);
	for (let n = 0; n < 3; n++) {
		r = await ask(how, who, input(`turn ${n}`), options, streamed);
		assert.equal(r.finalOutput, `You said: turn ${n}`);
		remember(r);
	}
	const body = (await fake.last(how.path(model))).json;
	const said = JSON.stringify(body.input ?? body.messages);
	for (const text of [found, "turn 0", "You said: turn 1", "turn 2"])
		assert(said.includes(text), text);
	assert.equal(said.split("turn 1").length, 3, "nothing comes twice");
}

const responses = Object.assign(runner(true), { path: (model) =>
    model.startsWith("gpt-5") ? "/responses" : pathOf(model) });
const chat = Object.assign(runner(false), { path: pathOf });

for (const streamed of [false, true]) {
	const how = streamed ? ", streamed" : "";

	for (const model of new Set(["gpt-5.4", ...Object.values(styles)]))
		for (const [name, memory] of Object.entries(memories))
			test(`tools, and turns by ${name} (${model}${how})`,
			    () => turns(responses, model, memory, streamed));
	for (const model of Object.values(styles))
		test(`chat: tools, and turns (${model}${how})`, () =>
		    turns(chat, model, memories["its own list"], streamed));
}

test("one agent hands over to another", async () => {
	const second = agent("claude-sonnet-4.6", { name: "Second", tools: [] });
	const first = agent("gpt-5-mini", { name: "First", tools: [],
	    handoffs: [second] });
	const r = await responses.run(first,
	    "call transfer_to_Second with {}");

	assert.equal(r.lastAgent.name, "Second");
	assert.match(r.finalOutput, /Second|transfer/i);
});

test("an answer of a shape", async () => {
	const who = agent("gpt-5-mini", { tools: [], outputType:
	    z.object({ city: z.string(), hot: z.boolean() }) });
	const r = await responses.run(who, "Where?");

	assert.equal(typeof r.finalOutput.city, "string");
	assert.equal(typeof r.finalOutput.hot, "boolean");
});

await run();
