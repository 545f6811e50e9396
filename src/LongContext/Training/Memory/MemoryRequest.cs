using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Training.Memory;

/// <summary>A run whose memory is asked for.</summary>
public sealed record MemoryRequest
{
    /// <summary>The model's config.json.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>Type of weights and hidden states. Default bfloat16.</summary>
    public ScalarType DataType { get; init; } = ScalarType.BFloat16;

    /// <summary>The adapter that trains; null (the default) for all weights.</summary>
    public LoraOptions? Adapter { get; init; }

    /// <summary>How the layers' matrices are held; anything but none needs an <see cref="Adapter"/>. Default none.</summary>
    public WeightQuantization WeightQuantization { get; init; }

    /// <summary>The optimizer. Default AdamW.</summary>
    public OptimizerOptions Optimizer { get; init; } = new AdamWOptions();

    /// <summary>Whether the model lies on a GPU. Default true; false for the CPU, where device and host memory are one.</summary>
    public bool OnGpu { get; init; } = true;

    /// <summary>Whether gradients are applied layer by layer (<see cref="TrainerOptions.AppliesGradientsByLayer"/>). Default false.</summary>
    public bool AppliesGradientsByLayer { get; init; }

    /// <summary>
    /// Bytes that may be used on the device, a million or more; null (the default) for no limit. Of a card's memory as it is sold, leave some to the allocator and the planner's error:
    /// <see cref="Recipes.TrainingPreset.UsableShare"/> of it.
    /// </summary>
    public long? DeviceBytes { get; init; }

    /// <summary>Bytes of the host's memory that may be used beside a GPU, 0 or a million or more; null (the default) for no limit.</summary>
    public long? HostBytes { get; init; }

    /// <summary>Less than any process takes: what is meant are gigabytes or megabytes.</summary>
    private const long FewestBytes = 1_000_000;

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        if (Config is null) faults.Add("Config must not be null");
        if (Optimizer is null) faults.Add("Optimizer must not be null");
        if (DataType is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64))
            faults.Add($"DataType must be a floating-point type of 16 bits or more, but is {DataType}");
        if (WeightQuantization != WeightQuantization.None && Adapter is null) faults.Add($"WeightQuantization is {WeightQuantization}, which needs an Adapter: quantised weights do not train");
        if (DeviceBytes is < 1) faults.Add($"DeviceBytes must be positive, but is {DeviceBytes}");
        else if (DeviceBytes is < FewestBytes) faults.Add($"DeviceBytes is {DeviceBytes}, but counts bytes: 24 GB are 24_000_000_000");
        if (HostBytes is < 0) faults.Add($"HostBytes must not be negative, but is {HostBytes}");
        else if (HostBytes is > 0 and < FewestBytes) faults.Add($"HostBytes is {HostBytes}, but counts bytes: 64 GB are 64_000_000_000");
        if (faults.Count > 0) throw new ArgumentException("MemoryRequest: " + string.Join("; ", faults) + ".");
    }
}
