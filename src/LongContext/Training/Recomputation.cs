namespace LongContext.Training;

/// <summary>What of a layer's forward its backward computes again, instead of keeping it in memory. Results do not depend on it by a bit.</summary>
public enum Recomputation
{
    /// <summary>Nothing but norms: attention's queries, keys, values and output and the MLP's inside are kept for every layer. The fastest, and the largest.</summary>
    Nothing,

    /// <summary>The MLP; attention's queries, keys, values and output are kept.</summary>
    Mlp,

    /// <summary>Everything: only layers' inputs are kept.</summary>
    Layer,
}
