namespace LongContext.Models;

/// <summary>The MLP's activation.</summary>
internal enum Activation
{
    /// <summary>x·σ(x).</summary>
    Silu,

    /// <summary>x·Φ(x).</summary>
    Gelu,

    /// <summary>Its approximation by tanh.</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,
}
