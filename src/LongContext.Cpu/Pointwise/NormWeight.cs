using LongContext.Cpu.Linear;

namespace LongContext.Cpu.Pointwise;

/// <summary>What a root-mean-square norm multiplies by.</summary>
internal readonly record struct NormWeight
{
    /// <summary>Address of the weights [size]; 0 for none.</summary>
    public nint Weights { get; init; }

    /// <summary>float32, bfloat16 or float16.</summary>
    public WeightFormat Format { get; init; }

    /// <summary>Is added to each weight: 1 for models that keep weight − 1.</summary>
    public float Offset { get; init; }

    /// <summary>ε, beside the mean of squares.</summary>
    public required float Epsilon { get; init; }
}
