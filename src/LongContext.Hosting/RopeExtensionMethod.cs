using LongContext.Positions;

namespace LongContext.Hosting;

/// <summary>Ways of extending positions that one factor describes.</summary>
public enum RopeExtensionMethod
{
    /// <summary><see cref="RopeScaling.Linear"/>.</summary>
    Linear,

    /// <summary><see cref="RopeScaling.DynamicNtk"/>.</summary>
    DynamicNtk,

    /// <summary><see cref="RopeScaling.NtkAware"/>.</summary>
    NtkAware,

    /// <summary><see cref="RopeScaling.Yarn"/>.</summary>
    Yarn,

    /// <summary><see cref="RopeScaling.Llama3"/>.</summary>
    Llama3,
}
