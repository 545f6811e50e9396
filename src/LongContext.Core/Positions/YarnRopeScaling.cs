namespace LongContext.Positions;

/// <summary>
/// YaRN: frequencies that turn often within the trained window stay, those that turn less than once are interpolated, between them a
/// ramp; and the attention's temperature is corrected. Suits large factors, with little fine-tuning.
/// </summary>
/// <remarks>
/// Peng et al. 2023, arXiv:2309.00071, §3.2 to 3.4, in the form of transformers: the ramp runs over pair numbers between
/// d·ln(L₀/(2πβ))/(2·ln θ) for β = <see cref="BetaFast"/> and <see cref="BetaSlow"/>; cos and sin are multiplied by
/// <see cref="AttentionFactor"/>, by default 0.1·ln(s) + 1.
/// </remarks>
public sealed record YarnRopeScaling : RopeScaling
{
    /// <summary>Makes YaRN by a factor.</summary>
    /// <param name="factor">s, how many times longer the window becomes; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public YarnRopeScaling(double factor) => Factor = RequireFactor(factor);

    /// <summary>s, how many times longer the window becomes; at least 1.</summary>
    public double Factor { get; }

    /// <summary>What cos and sin are multiplied by, above 0; null (the default) for what follows from factor and mscale.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or infinite.</exception>
    public double? AttentionFactor { get; init => field = RequirePositive(value, nameof(AttentionFactor)); }

    /// <summary>Turns within the trained window from which on a frequency stays; above 0, at least <see cref="BetaSlow"/>. Default 32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or infinite.</exception>
    public double BetaFast { get; init => field = RequirePositive(value, nameof(BetaFast))!.Value; } = 32;

    /// <summary>Turns within the trained window below which a frequency is interpolated; above 0. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or infinite.</exception>
    public double BetaSlow { get; init => field = RequirePositive(value, nameof(BetaSlow))!.Value; } = 1;

    /// <summary>
    /// Weight of ln s in the attention factor, of effect only together with <see cref="MScaleAllDimensions"/>:
    /// (0.1·m·ln s + 1)/(0.1·m_all·ln s + 1), as DeepSeek's models have it (<c>mscale</c>). Default null.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or infinite.</exception>
    public double? MScale { get; init => field = RequireNotNegative(value, nameof(MScale)); }

    /// <summary>See <see cref="MScale"/> (<c>mscale_all_dim</c>). Default null.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or infinite.</exception>
    public double? MScaleAllDimensions { get; init => field = RequireNotNegative(value, nameof(MScaleAllDimensions)); }

    /// <summary>Whether the ramp's ends are rounded outwards to whole pairs. Default true.</summary>
    public bool Truncate { get; init; } = true;

    /// <inheritdoc/>
    public override string RopeType => "yarn";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => false;

    internal override IEnumerable<string> FindFaults(RopeParameters parameters)
    {
        if (BetaFast < BetaSlow) yield return $"beta_fast is {BetaFast}, expected at least beta_slow, {BetaSlow}";
        if (parameters.Theta == 1) yield return "rope_theta is 1, whose frequencies are all alike";
    }

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength)
    {
        int dimension = parameters.RotaryDimension;
        double low = PairTurning(BetaFast), high = PairTurning(BetaSlow);
        if (Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, dimension - 1));
        if (low == high) high += 0.001; // as transformers avoids 0/0

        double[] inverse = new double[dimension / 2];
        for (int pair = 0; pair < inverse.Length; pair++)
        {
            double plain = Math.Pow(parameters.Theta, -2.0 * pair / dimension);
            double interpolated = Math.Clamp((pair - low) / (high - low), 0, 1);
            inverse[pair] = (plain / Factor * interpolated) + (plain * (1 - interpolated));
        }

        return new RopeFrequencies(inverse, AttentionFactor ?? DefaultAttentionFactor());

        // The pair, as a real number, that turns so many times within the trained window.
        double PairTurning(double turns) =>
            dimension * Math.Log(parameters.OriginalMaxPositionEmbeddings / (turns * 2 * Math.PI)) / (2 * Math.Log(parameters.Theta));
    }

    private double DefaultAttentionFactor() =>
        MScale is { } m && MScaleAllDimensions is { } all && m != 0 && all != 0 ? Temperature(m) / Temperature(all) : Temperature(1);

    private double Temperature(double weight) => Factor <= 1 ? 1 : (0.1 * weight * Math.Log(Factor)) + 1;
}
