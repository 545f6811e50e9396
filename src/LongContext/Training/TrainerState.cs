using System.Text.Json.Serialization;
using LongContext.Models;
using LongContext.Training.Guarding;
using LongContext.Training.Optimizers;

namespace LongContext.Training;

/// <summary>trainer_state.json: where the run stands, and the options that decide how it goes on.</summary>
internal sealed record TrainerState(int FormatVersion, int Step, long OptimizerUpdates, int GradientAccumulationSteps, int Seed, long Packs)
{
    /// <summary>
    /// 1: the data's place was the step. 2: the data's place is in data_state.safetensors, libtorch's generator in
    /// random_state.safetensors, and manifest.json lists all files.
    /// </summary>
    public const int CurrentVersion = 2;

    /// <summary>The remapping of positions that was in force, in words; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PositionRemapping { get; init; }

    /// <summary>Whose state optimizer.safetensors is; null in checkpoints that were written before it was kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OptimizerIdentity? Optimizer { get; init; }

    /// <summary>Identity of the base that an adapter was trained on (<see cref="WeightIdentity.OfBase"/>); null without an adapter, and in checkpoints that were written before it was kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BaseWeights { get; init; }

    /// <summary>Type of the model's weights and hidden states, by its name in TorchSharp; null in checkpoints that were written before it was kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DataType { get; init; }

    /// <summary>How good the model is, the lower the better; null where that is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Metric { get; init; }

    /// <summary>What the guard has seen; null where nothing has happened that it must know.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GuardState? Guard { get; init; }

    /// <summary>The step that evaluations were made after last; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? EvaluatedStep { get; init; }
}

/// <summary>Source-generated reading and writing, no reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, RespectRequiredConstructorParameters = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TrainerState))]
internal sealed partial class TrainerStateContext : JsonSerializerContext;
