namespace LongContext.Models;

/// <summary>cos and sin of a call's tokens under a remapping of positions.</summary>
/// <param name="Queries">For each view.</param>
/// <param name="Keys">For each key map.</param>
internal sealed record RemappedRows(RotaryRows[] Queries, RotaryRows[] Keys);
