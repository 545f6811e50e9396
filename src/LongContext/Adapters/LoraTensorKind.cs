namespace LongContext.Adapters;

/// <summary>Part of an adapter that a tensor is.</summary>
internal enum LoraTensorKind
{
    /// <summary>A, the first of the two factors.</summary>
    A,

    /// <summary>B, the second.</summary>
    B,

    /// <summary>B's own bias.</summary>
    Bias,

    /// <summary>DoRA's magnitudes.</summary>
    Magnitude,

    /// <summary>A weight of the base that is saved whole.</summary>
    Saved,
}
