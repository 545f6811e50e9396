using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>The file a config was read from: its fields, never changed, and what they said.</summary>
internal sealed record ModelConfigOrigin(JsonObject Json, RopeConfig Rope, ModelConfig Config);
