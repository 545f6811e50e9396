using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Metrics;

/// <summary>
/// A model's losses on a document of 2,048 tokens, with a vocabulary of 32,000 on a small body, so that the head is what counts.
/// Baseline: all logits at once (262 MB) into cross_entropy.
/// </summary>
[Work("tokens", TokenCount)]
[InvocationCount(1), WarmupCount(2), IterationCount(7)]
public class PerplexityEvaluationBenchmarks
{
    private const int TokenCount = 2048;
    private const int Vocabulary = 32_000;
    private CausalLanguageModel model = null!;
    private PlainLlama plain = null!;
    private int[] tokens = [];
    private PackedBatch pack = null!;

    [GlobalSetup]
    public void Setup()
    {
        model = SmallModels.Create(Vocabulary, hiddenSize: 64, layerCount: 2);
        plain = new PlainLlama(model, requiresGradient: false);
        tokens = Documents.Tokens(TokenCount, Vocabulary, new Random(1));
        pack = PackedBatch.Create([new TokenSequence(tokens)]);
        Agreement.Require("perplexity relative to the baseline's", 1, PerplexityEvaluator() / AllLogitsAtOnce(), 1e-4);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        model.Dispose();
        plain.Dispose();
    }

    [Benchmark(Baseline = true)]
    public double AllLogitsAtOnce()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor ids = tensor(Array.ConvertAll(tokens, token => (long)token), [1, TokenCount]);
        Tensor logits = plain.Logits(ids).squeeze(0).narrow(0, 0, TokenCount - 1);
        return Math.Exp(nn.functional.cross_entropy(logits, ids.squeeze(0).narrow(0, 1, TokenCount - 1)).item<float>());
    }

    [Benchmark]
    public double PerplexityEvaluator() => new PerplexityEvaluator(model).Evaluate([pack]).Perplexity;
}
