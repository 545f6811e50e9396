using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Tensors;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;
using Parameter = LongContext.Models.Parameter;

namespace LongContext.Benchmarks.Training;

/// <summary>
/// One step over the 42 million values of a Llama of 8 layers, hidden 512, vocabulary 32,000 (tied). Baseline: torch.optim.AdamW of
/// TorchSharp on the same weights in float32. All have the same gradients; what a step costs does not depend on their values.
/// </summary>
[Work("values", ValueCount)]
[InvocationCount(1), WarmupCount(2), IterationCount(9)]
public class OptimizerBenchmarks
{
    private const int Hidden = 512;
    private const int Intermediate = 1408;
    private const int Vocabulary = 32_000;
    private const int Layers = 8;
    private const int ValueCount = (Vocabulary * Hidden) + (Layers * ((4 * Hidden * Hidden) + (3 * Hidden * Intermediate) + (2 * Hidden))) + Hidden;
    private const double LearningRate = 1e-4;
    private readonly List<Tensor> owned = [];
    private Dictionary<string, Optimizer> optimizers = [];
    private optim.Optimizer baseline = null!;

    [GlobalSetup]
    public void Setup()
    {
        using var noGradient = no_grad();
        List<Parameter> single = Weights(ScalarType.Float32), half = Weights(ScalarType.BFloat16);
        OptimizerOptions stochastic = new AdamWOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.StochasticRounding };
        optimizers = new Dictionary<string, Optimizer>
        {
            ["AdamW"] = new AdamWOptions().Create(single, [], seed: 0),
            ["AdamW8Bit"] = new AdamW8BitOptions().Create(single, [], seed: 0),
            ["Adafactor"] = new AdafactorOptions().Create(single, [], seed: 0),
            ["Lion"] = new LionOptions().Create(single, [], seed: 0),
            ["Master"] = new AdamWOptions().Create(half, [], seed: 0),
            ["Stochastic"] = stochastic.Create(half, [], seed: 0),
        };
        TorchSharp.Modules.Parameter[] copies = [.. single.Select(weight => new TorchSharp.Modules.Parameter(weight.Value.clone().DetachFromDisposeScope()))];
        for (int i = 0; i < copies.Length; i++) copies[i].grad = single[i].Gradient!;
        baseline = optim.AdamW(copies, LearningRate, 0.9, 0.95, weight_decay: 0.1);
        owned.AddRange(copies);

        // From the same weights, and norms decay in the baseline only: compare a matrix.
        TorchSharpAdamW();
        AdamW();
        using Tensor ours = single[1].Value.norm(), theirs = copies[1].norm();
        Agreement.Require("norm of a matrix after a step", theirs.item<float>(), ours.item<float>(), 1e-6);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (Optimizer optimizer in optimizers.Values) optimizer.Dispose();
        baseline.Dispose();
        owned.ForEach(tensor => tensor.Dispose());
    }

    [Benchmark(Baseline = true)]
    public void TorchSharpAdamW()
    {
        using var scope = NewDisposeScope();
        baseline.step();
    }

    [Benchmark]
    public void AdamW() => optimizers["AdamW"].Step(LearningRate);

    [Benchmark]
    public void AdamW8Bit() => optimizers["AdamW8Bit"].Step(LearningRate);

    [Benchmark]
    public void Adafactor() => optimizers["Adafactor"].Step(LearningRate);

    [Benchmark]
    public void Lion() => optimizers["Lion"].Step(LearningRate);

    [Benchmark]
    public void AdamWOfBFloat16ThroughMasters() => optimizers["Master"].Step(LearningRate);

    [Benchmark]
    public void AdamWOfBFloat16ByStochasticRounding() => optimizers["Stochastic"].Step(LearningRate);

    private List<Parameter> Weights(ScalarType dataType)
    {
        var shapes = new List<long[]> { new long[] { Vocabulary, Hidden } };
        for (int layer = 0; layer < Layers; layer++)
        {
            for (int i = 0; i < 4; i++) shapes.Add([Hidden, Hidden]);
            shapes.AddRange([[Intermediate, Hidden], [Intermediate, Hidden], [Hidden, Intermediate], [Hidden], [Hidden]]);
        }

        shapes.Add([Hidden]);
        return [.. shapes.Select((shape, i) => Weight($"weight.{i}", shape, dataType))];
    }

    private Parameter Weight(string name, long[] shape, ScalarType dataType)
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(name, randn(shape).Times(0.02).to(dataType).DetachFromDisposeScope());
        weight.AddGradient(randn(shape).Times(1e-3));
        owned.Add(weight.Value);
        owned.Add(weight.Gradient!);
        return weight;
    }
}
