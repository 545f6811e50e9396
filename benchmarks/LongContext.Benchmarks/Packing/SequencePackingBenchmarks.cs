using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Packing;

namespace LongContext.Benchmarks.Packing;

/// <summary>
/// Documents to ready packs of 8,192 tokens. Baseline: the usual preparation without packing, each document padded to the
/// longest of its batch of eight, with labels and attention mask.
/// </summary>
[Work("documents", DocumentCount)]
public class SequencePackingBenchmarks
{
    private const int DocumentCount = 2000;
    private const int ContextLength = 8192;
    private const int BatchSize = 8;
    private TokenSequence[] documents = [];

    /// <summary>What a target weighs.</summary>
    [Params(LossWeighting.PerToken, LossWeighting.PerSequence)]
    public LossWeighting Weighting { get; set; }

    [GlobalSetup]
    public void Setup() => documents = Documents.Random(Documents.Lengths(DocumentCount, median: 600, ContextLength), vocabularySize: 32_000);

    [Benchmark(Baseline = true)]
    public long PaddedBatches()
    {
        long cells = 0;
        for (int start = 0; start < documents.Length; start += BatchSize)
        {
            TokenSequence[] batch = documents[start..Math.Min(start + BatchSize, documents.Length)];
            int width = batch.Max(document => document.Length);
            var ids = new int[batch.Length * width];
            var labels = new int[batch.Length * width];
            var mask = new bool[batch.Length * width];
            labels.AsSpan().Fill(PackedBatch.Ignored);
            for (int row = 0; row < batch.Length; row++)
            {
                ReadOnlySpan<int> tokens = batch[row].Tokens.Span;
                tokens.CopyTo(ids.AsSpan(row * width));
                tokens[1..].CopyTo(labels.AsSpan(row * width));
                mask.AsSpan(row * width, tokens.Length).Fill(true);
            }

            cells += ids.Length;
        }

        return cells;
    }

    [Benchmark]
    public IReadOnlyList<PackedBatch> NextFit() => Pack(PackingAlgorithm.NextFit);

    [Benchmark]
    public IReadOnlyList<PackedBatch> BestFitDecreasing() => Pack(PackingAlgorithm.BestFitDecreasing);

    private IReadOnlyList<PackedBatch> Pack(PackingAlgorithm algorithm) =>
        new SequencePacker(new SequencePackerOptions { ContextLength = ContextLength, Algorithm = algorithm, LossWeighting = Weighting }).Pack(documents);
}
