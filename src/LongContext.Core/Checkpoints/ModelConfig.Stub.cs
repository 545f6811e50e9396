using LongContext.Positions;

namespace LongContext.Checkpoints;

public sealed partial record ModelConfig
{
    /// <summary>s</summary>
    public RopeSettings RopeOf(string layerType) => new() { Theta = RopeTheta, Scaling = RopeScaling, PartialRotaryFactor = PartialRotaryFactor };

    /// <summary>s</summary>
    public RopeParameters RopeParametersOf(string layerType) => RopeParameters;
}
