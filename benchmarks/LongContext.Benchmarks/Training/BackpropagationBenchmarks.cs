using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training.Backpropagation;

namespace LongContext.Benchmarks.Training;

/// <summary>
/// Loss and all gradients of one document of 2,048 tokens, for a Llama of 8 layers, hidden size 512, vocabulary 32,000, float32. Baseline: one autograd
/// graph over the model and cross_entropy over all logits, as one would write it with TorchSharp. No optimizer on either side.
/// </summary>
[Work("tokens", Tokens)]
[InvocationCount(1), WarmupCount(1), IterationCount(7)]
public class BackpropagationBenchmarks
{
    private const int Tokens = 2048;
    private readonly PackedBatch pack = TrainingCase.Pack(Tokens);
    private readonly Dictionary<string, LayerwiseBackpropagation> ways = [];
    private CausalLanguageModel model = null!;
    private PlainLlama plain = null!;

    [GlobalSetup]
    public void Setup()
    {
        model = TrainingCase.CreateModel(Tokens);
        plain = new PlainLlama(model, requiresGradient: true);
        foreach (Parameter parameter in model.TrainableParameters) parameter.Trains = true;
        foreach ((string name, LongContext.Training.ActivationPolicy policy) in TrainingCase.Policies) ways.Add(name, new LayerwiseBackpropagation(model, policy));
        Agreement.Require("loss", PlainAutograd(), KeepEverything(), 1e-5);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (LayerwiseBackpropagation way in ways.Values) way.Dispose();
        plain.Dispose();
        model.Dispose();
    }

    [Benchmark(Baseline = true)]
    public double PlainAutograd() => TrainingCase.Plain(plain, pack);

    [Benchmark]
    public double KeepEverything() => Run("keep everything");

    [Benchmark]
    public double RecomputeMlp() => Run("recompute MLP");

    [Benchmark]
    public double RecomputeLayers() => Run("recompute layers");

    [Benchmark]
    public double EveryFourthLayer() => Run("every 4th layer");

    private double Run(string way) => TrainingCase.Layerwise(model, ways[way], pack);
}
