using LongContext.Cpu.Pointwise;
using LongContext.Models;

namespace LongContext.Generation.Running;

/// <summary>One layer of a decoder as kernels read it.</summary>
internal sealed class CpuLayer
{
    /// <summary>Queries, keys and values in one map; null where they are three.</summary>
    public CpuLinear? QueryKeyValue { get; init; }

    public required CpuLinear Query { get; init; }

    public required CpuLinear Key { get; init; }

    public required CpuLinear Value { get; init; }

    public required CpuLinear Output { get; init; }

    /// <summary>Gate and up in one map; null where they are two.</summary>
    public CpuLinear? GateUp { get; init; }

    public required CpuLinear Gate { get; init; }

    public required CpuLinear Up { get; init; }

    public required CpuLinear Down { get; init; }

    public NormWeight? QueryNorm { get; init; }

    public NormWeight? KeyNorm { get; init; }

    public NormWeight? BeforeAttention { get; init; }

    public NormWeight? AfterAttention { get; init; }

    public NormWeight? BeforeMlp { get; init; }

    public NormWeight? AfterMlp { get; init; }

    /// <summary>Its rotation; null for a layer without positions.</summary>
    public CpuRotary? Rotary { get; init; }

    public required LayerShape Shape { get; init; }
}
