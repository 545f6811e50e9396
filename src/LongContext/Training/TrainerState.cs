using System.Text.Json.Serialization;

namespace LongContext.Training;

/// <summary>trainer_state.json.</summary>
internal sealed record TrainerState(int FormatVersion, int Step, long OptimizerUpdates);

/// <summary>Source-generated reading and writing, no reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TrainerState))]
internal sealed partial class TrainerStateContext : JsonSerializerContext;
