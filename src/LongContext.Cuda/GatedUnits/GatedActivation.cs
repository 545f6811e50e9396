namespace LongContext.Cuda.GatedUnits;

/// <summary>The activation of a gated unit, as LongContext's models number them.</summary>
internal enum GatedActivation
{
    /// <summary>x·σ(x): SwiGLU.</summary>
    Silu,

    /// <summary>x·Φ(x): GeGLU.</summary>
    Gelu,

    /// <summary>Its approximation by tanh.</summary>
    GeluTanh,

    /// <summary>max(x, 0): ReGLU.</summary>
    Relu,
}
