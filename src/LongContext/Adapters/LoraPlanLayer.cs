using LongContext.Models;

namespace LongContext.Adapters;

/// <summary>A module that gets an adapter.</summary>
/// <param name="Module">Its name, without ".weight".</param>
/// <param name="Linear">The map; null for the embedding.</param>
/// <param name="Inputs">Columns of A; of the embedding its tokens.</param>
/// <param name="Outputs">Rows of B.</param>
internal sealed record LoraPlanLayer(string Module, Linear? Linear, long Inputs, long Outputs)
{
    /// <summary>r.</summary>
    public int Rank { get; init; }

    /// <summary>Factor on B·A.</summary>
    public double Scale { get; init; }

    public bool IsEmbedding => Linear is null;

    /// <summary>A map of a layer: not the embedding and not the head.</summary>
    public bool IsInner => Linear is not null && Module.Contains('.', StringComparison.Ordinal);
}
