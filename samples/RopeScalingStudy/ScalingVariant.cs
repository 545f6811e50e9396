using LongContext.Positions;

namespace LongContext.Samples.RopeScalingStudy;

/// <summary>A way to stretch positions.</summary>
/// <param name="Name">As the field calls it.</param>
/// <param name="Make">The scaling for a factor; null for none.</param>
internal sealed record ScalingVariant(string Name, Func<double, RopeScaling?> Make)
{
    public static ScalingVariant None { get; } = new("as it is", _ => null);

    /// <summary>The three that are compared.</summary>
    public static IReadOnlyList<ScalingVariant> All { get; } =
        [new("linear", RopeScaling.Linear), new("dynamic", RopeScaling.DynamicNtk), new("yarn", RopeScaling.Yarn)];
}
