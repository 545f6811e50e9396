namespace LongContext.Cpu.Pointwise;

/// <summary>The function of a gated unit.</summary>
internal enum GateActivation
{
    /// <summary>x·σ(x).</summary>
    Silu,

    /// <summary>x·Φ(x).</summary>
    Gelu,

    /// <summary>½x·(1 + tanh(√(2/π)·(x + 0.044715x³))).</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,
}
