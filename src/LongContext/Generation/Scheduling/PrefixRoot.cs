using LongContext.Positions;

namespace LongContext.Generation.Scheduling;

/// <summary>What sequences must have in common, besides their tokens, to have the same keys and values.</summary>
/// <param name="Salt">Who may share.</param>
/// <param name="Remapping">How positions are remapped.</param>
/// <param name="FrequencyClass">Which frequencies hold, where they depend on length.</param>
internal readonly record struct PrefixRoot(string? Salt, PositionRemapping? Remapping, int FrequencyClass);
