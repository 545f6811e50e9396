using System.Text.Json.Serialization;
using LongContext.Training.Guarding;

namespace LongContext.Training;

/// <summary>trainer_state.json: where the run stands, and the options that decide which data comes next.</summary>
internal sealed record TrainerState(int FormatVersion, int Step, long OptimizerUpdates, int GradientAccumulationSteps, int Seed)
{
    /// <summary>The remapping of positions that was in force, in words; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PositionRemapping { get; init; }

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
