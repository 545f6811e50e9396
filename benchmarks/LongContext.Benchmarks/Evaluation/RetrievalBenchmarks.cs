using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Evaluation;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Benchmarks.Evaluation;

/// <summary>
/// A text of a million characters cut into passages of 1000, the twenty best found by BM25 and put together. Baseline: the same by dictionaries and regular
/// expressions, without putting together.
/// </summary>
[Work("characters", Characters)]
[MemoryDiagnoser]
public class RetrievalBenchmarks
{
    private const int Characters = 1_000_000, Size = 1000, Count = 20;
    private const string Question = "Who went up into the mountain and spoke to the people by the river?";

    private readonly SearchSession session = new();
    private readonly RetrievalStrategy sentences = new(new Bm25Retriever(), new() { Count = Count, Chunking = new() { Size = Size } });
    private readonly RetrievalStrategy exact = new(new Bm25Retriever(), new() { Count = Count, Chunking = new() { Size = Size, KeepsSentences = false } });
    private EvaluationPrompt prompt = new();
    private TextChunk[] chunks = [];

    [GlobalSetup]
    public async Task Setup()
    {
        string text = Material.Prose(Characters);
        prompt = new EvaluationPrompt { Context = text, After = Question };
        chunks = [.. Enumerable.Range(0, Characters / Size).Select(i => new TextChunk(i, i * Size, text.Substring(i * Size, Size)))];
        ChunkRanking ranking = await new Bm25Retriever().RankAsync(new ChunkQuery { Text = Question, Chunks = chunks, Count = Count, Session = session });
        Agreement.Require("passages", Plain(), ranking.Chunks.Select(chunk => chunk.Index));
    }

    [Benchmark(Baseline = true)]
    public int[] Plain() => PlainSearch.Bm25(prompt.Context, Question, Size, Count);

    [Benchmark]
    public async Task<int> ExactSizes() => (await exact.PrepareAsync(prompt, session.Context)).Prompt.Context.Length;

    [Benchmark]
    public async Task<int> AtSentences() => (await sentences.PrepareAsync(prompt, session.Context)).Prompt.Context.Length;
}
