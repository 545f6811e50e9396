using System.Diagnostics;
using System.Globalization;
using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Memory;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Memory;

/// <summary>A step of training in a process of its own, which tells the most memory it had: what an earlier model gave back would hide what this one takes.</summary>
internal static class MeasuredStep
{
    public const string Name = "measured-step";

    private const string Cpu = "cpu", Gpu = "gpu", QuantizedBase = "quantised base", Magnitudes = "magnitudes", Dropout = "dropout", DroppedMagnitudes = "dropout, magnitudes";

    /// <summary>Tokens of the pack, and how it is trained.</summary>
    public static readonly IReadOnlyDictionary<string, (int Tokens, ActivationPolicy Policy, ScalarType Type, LoraOptions? Adapter, OptimizerOptions Optimizer, bool ByLayer)> Cases =
        new Dictionary<string, (int, ActivationPolicy, ScalarType, LoraOptions?, OptimizerOptions, bool)>
        {
            ["everything kept"] = (1024, ActivationPolicy.KeepEverything, ScalarType.Float32, null, new AdamWOptions(), false),
            ["MLP computed again"] = (1024, new ActivationPolicy { Recompute = Recomputation.Mlp }, ScalarType.Float32, null, new LionOptions(), false),
            [QuantizedBase] = (64, ActivationPolicy.RecomputeLayers, ScalarType.Float32, new LoraOptions { Rank = 4 }, new AdamWOptions(), false),
            [Magnitudes] = (64, ActivationPolicy.RecomputeLayers, ScalarType.Float32, new LoraOptions { Rank = 4, TargetModules = [LoraOptions.AllLinear], WeightDecomposed = true }, new AdamWOptions(), false),
            [Dropout] = (1024, ActivationPolicy.RecomputeLayers, ScalarType.Float32, new LoraOptions { Rank = 4, Dropout = 0.1 }, new AdamWOptions(), false),
            [DroppedMagnitudes] = (1024, ActivationPolicy.RecomputeLayers, ScalarType.BFloat16, new LoraOptions { Rank = 4, Dropout = 0.1, WeightDecomposed = true }, new AdamWOptions(), false),
            ["layers computed again"] = (4096, ActivationPolicy.RecomputeLayers, ScalarType.Float32, null, new AdamWOptions(), false),
            ["every second layer, 8-bit"] = (2048, new ActivationPolicy { EveryNthLayer = 2 }, ScalarType.Float32, null, new AdamW8BitOptions(), false),
            ["applied by layer"] = (1024, ActivationPolicy.RecomputeLayers, ScalarType.Float32, null, new AdafactorOptions(), true),
            ["adapter"] = (2048, ActivationPolicy.RecomputeLayers, ScalarType.Float32, new LoraOptions { Rank = 16 }, new AdamWOptions(), false),
            ["masters of bfloat16"] = (256, ActivationPolicy.RecomputeLayers, ScalarType.BFloat16, null, new AdamWOptions(), false),
        };

    /// <summary>A Llama of 58M weights, so that the process itself is the lesser part.</summary>
    public static ModelConfig Config { get; } = new()
    {
        VocabularySize = 32_000,
        HiddenSize = 512,
        IntermediateSize = 1376,
        LayerCount = 8,
        HeadCount = 8,
        KeyValueHeadCount = 4,
        MaxPositionEmbeddings = 4096,
    };

    /// <summary>Wide and flat, so that a dequantised matrix, 134 MB of it, is much of the step.</summary>
    private static ModelConfig Wide { get; } = Config with { VocabularySize = 1000, HiddenSize = 2048, IntermediateSize = 16_384, LayerCount = 1 };

    /// <summary>Little but matrices of as many values as are widened at a time.</summary>
    private static ModelConfig Blocks { get; } = Config with { VocabularySize = 1000, HiddenSize = 1024, IntermediateSize = 4096, LayerCount = 1 };

    /// <summary>Few weights, and inputs of the last map that are much beside them.</summary>
    private static ModelConfig Inputs { get; } = Config with { VocabularySize = 1000, HiddenSize = 128, IntermediateSize = 32_768, LayerCount = 1 };

    private static ModelConfig ConfigOf(string name) => name switch { QuantizedBase => Wide, Magnitudes => Blocks, Dropout or DroppedMagnitudes => Inputs, _ => Config };

    private static WeightQuantization QuantizationOf(string name) => name == QuantizedBase ? WeightQuantization.Nf4 : WeightQuantization.None;

    public static MemoryRequest Request(string name, bool onGpu = false) => Cases[name] is var (_, _, type, adapter, optimizer, byLayer)
        ? new MemoryRequest { Config = ConfigOf(name), DataType = type, Adapter = adapter, WeightQuantization = QuantizationOf(name), Optimizer = optimizer, AppliesGradientsByLayer = byLayer, OnGpu = onGpu }
        : throw new KeyNotFoundException(name);

    /// <summary>The most bytes resident in a process that does a case's step; on a GPU those in use on it.</summary>
    public static long Peak(string name, bool onGpu = false)
    {
        using Process process = Process.Start(OwnProgram.With(Name, name, onGpu ? Gpu : Cpu))!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"The step ended with {process.ExitCode}.");
        return long.Parse(output.Trim().Split('\n')[^1], CultureInfo.InvariantCulture);
    }

    /// <summary>What <see cref="Peak"/> starts.</summary>
    public static int Run(string name, string device)
    {
        Device where = device == Gpu ? CUDA : CPU;
        (int tokens, ActivationPolicy policy, ScalarType type, LoraOptions? adapter, OptimizerOptions optimizer, bool byLayer) = Cases[name];
        ModelConfig config = ConfigOf(name);
        using CausalLanguageModel model = CausalLanguageModel.Create(config, 1, new ModelLoadOptions { DataType = type, Device = where, WeightQuantization = QuantizationOf(name) });
        if (adapter is not null) model.AddAdapter(adapter, seed: 1);
        var random = new Random(1);
        var options = new TrainerOptions
        {
            Steps = 2,
            Activations = policy,
            Optimizer = optimizer,
            AppliesGradientsByLayer = byLayer,
            MaximumGradientNorm = byLayer ? null : 1,
        };
        using var trainer = new LongContextTrainer(model, options);
        long peak = 0;
        if (OperatingSystem.IsLinux()) File.WriteAllText("/proc/self/clear_refs", "5"); // the mark of the resident peak begins anew: quantising had the matrices whole, too
        PackedBatch pack = PackedBatch.Create([new TokenSequence((int[])[.. Enumerable.Range(0, tokens).Select(_ => random.Next(config.VocabularySize))])]);
        trainer.TrainAsync([pack], new TrainingRun.Listener(progress => peak = device == Gpu ? progress.DevicePeakMemoryBytes ?? 0 : progress.PeakMemoryBytes)).GetAwaiter().GetResult();
        Console.WriteLine(peak.ToString(CultureInfo.InvariantCulture));
        return 0;
    }
}
