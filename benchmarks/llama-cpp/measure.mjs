// Times llama.cpp: node measure.mjs '{"model": path, "threads": 2, "prompt": [id], "newTokens": 32, "cacheType": "F32", "batchSize": 512, "flashAttention": true}'
// Prints { prefillSeconds, prefillCores, secondsPerToken, decodeCores, tokens } on one line; cores are processor time over time. The prompt goes in without its last token, as each later step takes one.
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const job = JSON.parse(process.argv[2]);
const llama = await getLlama({build: "never", gpu: false, logLevel: LlamaLogLevel.error, maxThreads: job.threads});
const model = await llama.loadModel({modelPath: job.model, gpuLayers: 0, useMmap: false});
const context = await model.createContext({
    contextSize: job.prompt.length + job.newTokens + 8, batchSize: job.batchSize, flashAttention: job.flashAttention, sequences: 1,
    threads: job.threads, experimentalKvCacheKeyType: job.cacheType, experimentalKvCacheValueType: job.cacheType
});
const sequence = context.getSequence();

// Pages and caches are warm before the clock runs.
await sequence.evaluateWithoutGeneratingNewTokens(job.prompt.slice(0, 64));
await sequence.clearHistory();

const busy = (before) => { const used = process.cpuUsage(before); return (used.user + used.system) / 1e6; };
let usage = process.cpuUsage();
let start = performance.now();
await sequence.evaluateWithoutGeneratingNewTokens(job.prompt.slice(0, -1));
const prefillSeconds = (performance.now() - start) / 1000;
const prefillCores = busy(usage) / prefillSeconds;

async function next(id) {
    const output = await sequence.controlledEvaluate([[id, {generateNext: {token: true, options: {temperature: 0}}}]]);
    return output[0].next.token;
}

const tokens = [await next(job.prompt.at(-1))];
const times = [];
usage = process.cpuUsage();
const begin = performance.now();
for (let i = 1; i <= job.newTokens; i++) {
    start = performance.now();
    tokens.push(await next(tokens.at(-1)));
    times.push((performance.now() - start) / 1000);
}

const decodeCores = busy(usage) / ((performance.now() - begin) / 1000);
times.sort((a, b) => a - b);
console.log(JSON.stringify({prefillSeconds, prefillCores, secondsPerToken: times[times.length >> 1], decodeCores, tokens}));
process.exit(0); // without waiting for the binding's threads
