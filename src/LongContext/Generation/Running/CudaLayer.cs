using LongContext.Cuda.Linear;
using LongContext.Models;

namespace LongContext.Generation.Running;

/// <summary>One layer of a decoder as the GPU's kernels read it. Parts have no results yet.</summary>
internal sealed class CudaLayer
{
    /// <summary>Queries, keys and values in one map; null where they are three.</summary>
    public LinearPart? QueryKeyValue { get; init; }

    public LinearPart Query { get; init; }

    public LinearPart Key { get; init; }

    public LinearPart Value { get; init; }

    public required LinearPart Output { get; init; }

    public required LinearPart Gate { get; init; }

    public required LinearPart Up { get; init; }

    public required LinearPart Down { get; init; }

    /// <summary>Addresses of norms' weights; 0 for none.</summary>
    public nint QueryNorm { get; init; }

    public nint KeyNorm { get; init; }

    public nint BeforeAttention { get; init; }

    public nint AfterAttention { get; init; }

    public nint BeforeMlp { get; init; }

    public nint AfterMlp { get; init; }

    /// <summary>Its rotation; null for a layer without positions.</summary>
    public CudaRotary? Rotary { get; init; }

    public required LayerShape Shape { get; init; }
}
