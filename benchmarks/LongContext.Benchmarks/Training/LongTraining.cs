using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LongContext.Adapters;
using LongContext.Benchmarks.Harness;
using LongContext.Checkpoints;
using LongContext.Cuda;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.Training;
using LongContext.Training.Backpropagation;
using LongContext.Training.Memory;
using LongContext.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Training;

/// <summary>
/// Training steps of the shapes of Llama 3.1 8B (LoRA of rank 32 on all linear maps) and Llama 3.2 1B (all weights), random bfloat16
/// weights, by length: tokens a second and peak memory, one JSON line a case. A case is <c>model:tokens[:layers[:policy]]</c>; with fewer
/// layers than the model has, the rest of its weights lie there unused, and the rate is that of all layers. Policies: <c>keep</c>,
/// <c>mlp</c>, <c>layer</c>, <c>everyN</c>, each with <c>+host</c> and <c>+headsN</c>; left out, the planner's.
/// </summary>
internal static class LongTraining
{
    private static readonly Dictionary<string, (ModelConfig Config, int Rank)> Models = new()
    {
        ["8b"] = (Shape(4096, 14_336, 32, 32, 8, 128, 128_256, tied: false), 32),
        ["1b"] = (Shape(2048, 8192, 16, 32, 8, 64, 128_256, tied: true), 0),
        ["tiny"] = (Shape(256, 512, 4, 8, 4, 32, 1024, tied: false), 8),
    };

    public static int Run(IReadOnlyList<string> cases, TextWriter output)
    {
        Device device = cuda.is_available() ? CUDA : CPU;
        foreach (string each in cases)
        {
            string[] parts = each.Split(':');
            (ModelConfig config, int rank) = Models[parts[0]];
            int tokens = int.Parse(parts[1], CultureInfo.InvariantCulture);
            int layers = parts.Length > 2 && parts[2].Length > 0 ? int.Parse(parts[2], CultureInfo.InvariantCulture) : config.LayerCount;
            var row = new Dictionary<string, object> { ["ours"] = each, ["device"] = Name(device) };
            try
            {
                Measure(config, rank, tokens, layers, parts.Length > 3 ? Policy(parts[3]) : null, device, row);
            }
            catch (System.Runtime.InteropServices.ExternalException e) when (e.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase))
            {
                row["error"] = "out of memory";
            }

            output.WriteLine(JsonSerializer.Serialize(row));
        }

        return 0;
    }

    private static void Measure(ModelConfig config, int rank, int tokens, int layers, ActivationPolicy? policy, Device device, Dictionary<string, object> row)
    {
        ModelConfig run = config with { LayerCount = layers, MaxPositionEmbeddings = Math.Max(config.MaxPositionEmbeddings, tokens) };
        using CausalLanguageModel model = CausalLanguageModel.Create(
            run, size => randn(size, dtype: ScalarType.BFloat16, device: device).MultiplyInPlace(0.02), new ModelLoadOptions { Device = device, DataType = ScalarType.BFloat16 });
        long layerElements = (model.Parameters.ElementCount - (2L * config.VocabularySize * config.HiddenSize)) / layers;
        using Tensor rest = empty([Math.Max(1, layerElements * (config.LayerCount - layers))], dtype: ScalarType.BFloat16, device: device);
        if (rank > 0) model.AddAdapter(new LoraOptions { Rank = rank, Alpha = rank }, seed: 1);
        var options = new TrainerOptions { Steps = 1, Activations = policy };
        var random = new Random(1);
        PackedBatch pack = PackedBatch.Create([new TokenSequence(Documents.Tokens(tokens, config.VocabularySize, random))]);
        foreach (Parameter parameter in model.TrainableParameters) parameter.Trains = true;
        ActivationPolicy used = policy ?? new PolicyChooser(model, options, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance).For(tokens);
        using var backpropagation = new LayerwiseBackpropagation(model, used);
        using Optimizer optimizer = new AdamWOptions().Create(model.TrainableParameters, [], seed: 0);
        if (PeakMemory.IsMeasurable) PeakMemory.Reset();
        int steps = tokens <= 32_768 ? 3 : 1;
        // Long steps are their own warm-up.
        if (steps > 1) Step(backpropagation, optimizer, pack);
        Synchronize(device);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < steps; i++) Step(backpropagation, optimizer, pack);
        Synchronize(device);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds / steps;
        row["policy"] = MemoryEstimate.Describe(used);
        row["seconds"] = seconds;
        row["tokens_per_second_of_all_layers"] = tokens / seconds * layers / config.LayerCount;
        if (device.type == DeviceType.CUDA && CudaDevice.Get(0).MemoryInUse is { } bytes) row["device_gib"] = bytes / Math.Pow(2, 30);
        if (PeakMemory.IsMeasurable) row["host_peak_gib"] = PeakMemory.Peak / Math.Pow(2, 30);
        MemoryRequest request = new() { Config = config, DataType = ScalarType.BFloat16, Adapter = model.Adapter?.Options, OnGpu = device.type == DeviceType.CUDA };
        row["planned_device_gib"] = MemoryPlanner.Estimate(request, tokens, used).DeviceBytes / Math.Pow(2, 30);
    }

    private static void Step(LayerwiseBackpropagation backpropagation, Optimizer optimizer, PackedBatch pack)
    {
        optimizer.ClearGradients();
        double loss = backpropagation.Run(pack, 1.0 / pack.TargetCount);
        if (!double.IsFinite(loss)) throw new InvalidOperationException($"The loss is {loss}.");
        optimizer.Step(1e-5);
    }

    private static void Synchronize(Device device)
    {
        if (device.type == DeviceType.CUDA) cuda.synchronize();
    }

    private static ActivationPolicy Policy(string text)
    {
        string[] parts = text.Split('+');
        var policy = new ActivationPolicy
        {
            Recompute = parts[0] switch { "keep" => Recomputation.Nothing, "mlp" => Recomputation.Mlp, _ => Recomputation.Layer },
            EveryNthLayer = parts[0].StartsWith("every", StringComparison.Ordinal) ? int.Parse(parts[0]["every".Length..], CultureInfo.InvariantCulture) : 1,
            OnHost = parts.Contains("host"),
        };
        string? heads = parts.FirstOrDefault(part => part.StartsWith("heads", StringComparison.Ordinal));
        return heads is null ? policy : policy with { KeyValueHeadsAtATime = int.Parse(heads["heads".Length..], CultureInfo.InvariantCulture) };
    }

    private static string Name(Device device) => device.type == DeviceType.CUDA ? CudaDevice.Get(0).Name : "CPU";

    private static ModelConfig Shape(int hidden, int intermediate, int layers, int heads, int keys, int size, int vocabulary, bool tied) => new()
    {
        ModelType = "llama",
        Architectures = ["LlamaForCausalLM"],
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        LayerCount = layers,
        HeadCount = heads,
        KeyValueHeadCount = keys,
        HeadDimension = size,
        RopeTheta = 500_000,
        MaxPositionEmbeddings = 131_072,
        OriginalMaxPositionEmbeddings = 131_072,
        TieWordEmbeddings = tied,
    };
}
