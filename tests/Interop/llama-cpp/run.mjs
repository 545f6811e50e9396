// Runs jobs in llama.cpp: node run.mjs <jobs.json> <results.json>
// A job: { model, contextSize, texts: [string], prompts: [{ ids, count }], sequences: [[id]] }; its result, in the same order:
// { texts: [[id]], prompts: [[id]] (greedy continuations), sequences: [[[log p of every token] per position]], chatTemplate, trainContext } or { error }.
import {readFile, writeFile} from "node:fs/promises";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [jobsPath, resultsPath] = process.argv.slice(2);
const jobs = JSON.parse(await readFile(jobsPath, "utf8"));
const messages = [];
const llama = await getLlama({
    build: "never", gpu: false, logLevel: LlamaLogLevel.warn,
    logger: (level, message) => messages.push(`${level}: ${message.trim()}`)
});

// Token by token rather than by evaluate(), which stops at tokens that end a text.
async function greedy(sequence, {ids, count}) {
    await sequence.clearHistory();
    const found = [];
    let input = ids;
    while (found.length < count) {
        const last = input.length - 1;
        const output = await sequence.controlledEvaluate(
            input.map((id, i) => i < last ? id : [id, {generateNext: {token: true, options: {temperature: 0}}}])
        );
        found.push(output[last].next.token);
        input = found.slice(-1);
    }
    return found;
}

async function distributions(sequence, ids, size) {
    await sequence.clearHistory();
    const output = await sequence.controlledEvaluate(ids.map((id) => [id, {generateNext: {probabilities: true, options: {temperature: 1, topK: 0, topP: 1, minP: 0}}}]));
    return output.map((item) => {
        const row = new Array(size).fill(0);
        for (const [token, probability] of item.next.probabilities) row[token] = probability;
        return row.map((probability) => probability > 0 ? Math.log(probability) : -1e9);
    });
}

async function run(job) {
    const model = await llama.loadModel({modelPath: job.model, gpuLayers: 0, useMmap: false});
    try {
        const result = {
            texts: (job.texts ?? []).map((text) => Array.from(model.tokenize(text, true))),
            prompts: [],
            sequences: [],
            chatTemplate: model.fileInfo.metadata.tokenizer.chat_template ?? null,
            trainContext: model.trainContextSize
        };
        if ((job.prompts?.length ?? 0) + (job.sequences?.length ?? 0) > 0) {
            const context = await model.createContext({
                contextSize: job.contextSize, batchSize: job.contextSize, flashAttention: false, sequences: 1, threads: 1,
                experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"
            });
            const sequence = context.getSequence();
            for (const prompt of job.prompts ?? []) result.prompts.push(await greedy(sequence, prompt));
            for (const ids of job.sequences ?? []) result.sequences.push(await distributions(sequence, ids, job.vocabularySize));
            await context.dispose();
        }
        return result;
    } finally {
        await model.dispose();
    }
}

const results = [];
for (const job of jobs) {
    messages.length = 0;
    try {
        results.push({...await run(job), messages: [...messages]});
    } catch (error) {
        results.push({error: String(error?.stack ?? error), messages: [...messages]});
    }
}
await writeFile(resultsPath, JSON.stringify(results));
process.exit(0); // without waiting for the binding's threads
