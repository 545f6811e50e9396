using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Optimizers;

/// <summary>The weights that an optimizer updates, taken flat, and how they are kept.</summary>
internal readonly record struct UpdatedWeights
{
    /// <summary>Type of the weight.</summary>
    public required ElementType Type { get; init; }

    /// <summary>How many values.</summary>
    public required long Count { get; init; }

    /// <summary>[count]; where there is a master, only written.</summary>
    public required nint Weight { get; init; }

    /// <summary>[count] the weight in float32, which is updated and then rounded to the weight; 0 where the weight itself is updated.</summary>
    public nint Master { get; init; }

    /// <summary>[count].</summary>
    public required nint Gradient { get; init; }

    /// <summary>The weight's type or float32.</summary>
    public required ElementType GradientType { get; init; }

    /// <summary>Key of the random bits of stochastic rounding; null to round to the nearest. For bfloat16 alone.</summary>
    public ulong? RoundingKey { get; init; }

    /// <summary>Index of the first value in its parameter, which the random bits depend on.</summary>
    public long Start { get; init; }

    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Check()
    {
        LaunchGuard.NotNegative(Count);
        LaunchGuard.NotNegative(Start);
        ElementTypes.PairIndex(Type, GradientType, "The gradient");
        if (RoundingKey is not null && Type != ElementType.BFloat16) LaunchGuard.Throw($"RoundingKey is for BFloat16, but the weight is {Type}.", nameof(RoundingKey));
        if (Master != 0 && Type == ElementType.Float32) LaunchGuard.Throw("Master is for 16-bit weights; a Float32 weight is its own.", nameof(Master));
        if (Count == 0) return;
        LaunchGuard.Address(Weight, Type.Bytes());
        LaunchGuard.Address(Gradient, GradientType.Bytes());
        if (Master != 0) LaunchGuard.Address(Master, sizeof(float));
    }

    /// <summary>Whether all begin on borders of 16 bytes.</summary>
    public bool IsAligned => ((Weight | Gradient | Master) & (ElementTypes.ChunkBytes - 1)) == 0;

    /// <summary>Bytes of weight, master and gradient in one update.</summary>
    public long Traffic => Count * (GradientType.Bytes() + (Master == 0 ? 2 * Type.Bytes() : Type.Bytes() + (2 * sizeof(float))));
}
