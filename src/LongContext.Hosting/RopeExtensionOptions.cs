using LongContext.Positions;

namespace LongContext.Hosting;

/// <summary>An extension of a model's positions, as configuration can say it.</summary>
public sealed class RopeExtensionOptions
{
    /// <summary>The method. Default <see cref="RopeExtensionMethod.Yarn"/>.</summary>
    public RopeExtensionMethod Method { get; set; } = RopeExtensionMethod.Yarn;

    /// <summary>How many times the window; at least 1. Needed.</summary>
    public double Factor { get; set; }

    internal RopeScaling ToScaling() => Method switch
    {
        RopeExtensionMethod.Linear => RopeScaling.Linear(Factor),
        RopeExtensionMethod.DynamicNtk => RopeScaling.DynamicNtk(Factor),
        RopeExtensionMethod.NtkAware => RopeScaling.NtkAware(Factor),
        RopeExtensionMethod.Llama3 => RopeScaling.Llama3(Factor),
        _ => RopeScaling.Yarn(Factor),
    };
}
