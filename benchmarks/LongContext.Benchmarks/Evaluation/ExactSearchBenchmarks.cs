using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Evaluation.Strategies.Retrieval;
using Microsoft.Extensions.AI;

namespace LongContext.Benchmarks.Evaluation;

/// <summary>
/// The twenty nearest of 10,000 embeddings of 384 dimensions, all kept from an earlier question: hashing the passages, comparing, choosing. Baseline: plain loops over
/// the vectors.
/// </summary>
[Work("vectors", Vectors)]
[MemoryDiagnoser]
public class ExactSearchBenchmarks
{
    private const int Vectors = 10_000, Dimensions = 384, Count = 20;

    private readonly Dictionary<string, float[]> embeddings = [];
    private float[][] vectors = [];
    private float[] question = [];
    private EmbeddingRetriever retriever = null!;
    private ChunkQuery query = null!;

    [GlobalSetup]
    public async Task Setup()
    {
        Random random = new(1);
        string prose = Material.Prose(1_000_000);
        TextChunk[] chunks = [.. Enumerable.Range(0, Vectors).Select(i => new TextChunk(i, i * 1000, $"{i} {prose.AsSpan(i * 99 % 990_000, 990)}"))];
        vectors = [.. chunks.Select(chunk => embeddings[chunk.Text] = Vector())];
        question = embeddings["question"] = Vector();
        retriever = new EmbeddingRetriever(new Kept(embeddings));
        query = new ChunkQuery { Text = "question", Chunks = chunks, Count = Count, Session = new SearchSession() };
        Agreement.Require("passages", Plain(), (await Retriever()).Chunks.Select(chunk => chunk.Index));

        float[] Vector() => [.. Enumerable.Range(0, Dimensions).Select(_ => (float)random.NextDouble() - 0.5f)];
    }

    [Benchmark(Baseline = true)]
    public int[] Plain() => PlainSearch.Nearest(question, vectors, Count);

    [Benchmark]
    public async Task<ChunkRanking> Retriever() => await retriever.RankAsync(query);

    private sealed class Kept(Dictionary<string, float[]> embeddings) : IEmbeddingGenerator<string, Embedding<float>>
    {
        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult<GeneratedEmbeddings<Embedding<float>>>([.. values.Select(value => new Embedding<float>(embeddings[value]))]);

        public object? GetService(Type serviceType, object? serviceKey = null) =>
            serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("kept", null, "kept") : null;

        public void Dispose()
        {
        }
    }
}
