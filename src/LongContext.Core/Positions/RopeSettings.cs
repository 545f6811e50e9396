namespace LongContext.Positions;

/// <summary>How one kind of layers rotates: what config files say in one object of rotary parameters.</summary>
public sealed record RopeSettings
{
    /// <summary>The base θ of the frequencies (<c>rope_theta</c>), default 10,000.</summary>
    public double Theta { get; init; } = 10_000;

    /// <summary>How positions are stretched, default <see cref="RopeScaling.None"/>.</summary>
    public RopeScaling Scaling { get; init; } = RopeScaling.None;

    /// <summary>The part of each head that is rotated (<c>partial_rotary_factor</c>), above 0 and at most 1 (default).</summary>
    public double PartialRotaryFactor { get; init; } = 1;

    /// <summary>The window before scaling, in tokens (<c>original_max_position_embeddings</c>); null (the default) for the config's window.</summary>
    public int? OriginalMaxPositionEmbeddings { get; init; }
}
