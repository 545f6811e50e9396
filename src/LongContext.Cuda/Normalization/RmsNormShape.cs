using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Normalization;

/// <summary>What an RMS norm is over, and how it computes.</summary>
internal readonly record struct RmsNormShape
{
    /// <summary>Type of the rows.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Type of the weight: the rows' or float32.</summary>
    public required ElementType WeightType { get; init; }

    /// <summary>Number of rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Length of a row.</summary>
    public required int Columns { get; init; }

    /// <summary>Rows that lie side by side: 1, or heads of a token. Strides are from one such group to the next.</summary>
    public int Inner { get; init; } = 1;

    /// <summary>ε under the root.</summary>
    public required double Epsilon { get; init; }

    /// <summary>Added to the weight.</summary>
    public double WeightOffset { get; init; }

    /// <summary>Whether 16-bit types are multiplied by the weight before they are rounded, not after.</summary>
    public bool WeightInFloat32 { get; init; }

    public RmsNormShape()
    {
    }

    /// <summary>Elements of a group of rows.</summary>
    public long GroupColumns => (long)Inner * Columns;

    /// <exception cref="ArgumentException">A size makes no sense.</exception>
    public void Check()
    {
        LaunchGuard.NotNegative(Rows);
        LaunchGuard.Positive(Columns);
        LaunchGuard.Positive(Inner);
        if (Rows % Inner != 0) LaunchGuard.Throw($"Rows are {Rows}, which are no whole groups of {Inner}.", nameof(Rows));
        if (!double.IsFinite(Epsilon) || Epsilon < 0) throw new ArgumentOutOfRangeException(nameof(Epsilon), Epsilon, "Epsilon must be finite and not negative.");
    }
}
