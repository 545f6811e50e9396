namespace LongContext.Positions;

/// <summary>
/// The scaling of Llama 3.1 and later: long waves are interpolated, short ones stay, those between are blended. Suits large factors,
/// with fine-tuning.
/// </summary>
/// <remarks>
/// A frequency with wavelength λ = 2π/f stays where λ &lt; L₀/high, is divided by the factor where λ &gt; L₀/low, and is blended by
/// (L₀/λ − low)/(high − low) between (Grattafiori et al. 2024, arXiv:2407.21783, and the reference code published with the model).
/// </remarks>
public sealed record Llama3RopeScaling : RopeScaling
{
    /// <summary>Makes it.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1.</param>
    /// <param name="lowFrequencyFactor">Turns within the trained window below which a frequency is interpolated; above 0. Default 1.</param>
    /// <param name="highFrequencyFactor">Turns above which it stays; above <paramref name="lowFrequencyFactor"/>. Default 4.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public Llama3RopeScaling(double factor, double lowFrequencyFactor = 1, double highFrequencyFactor = 4)
    {
        Factor = RequireFactor(factor);
        LowFrequencyFactor = RequirePositive(lowFrequencyFactor, nameof(lowFrequencyFactor))!.Value;
        HighFrequencyFactor = RequirePositive(highFrequencyFactor, nameof(highFrequencyFactor))!.Value;
        if (highFrequencyFactor <= lowFrequencyFactor)
        {
            throw new ArgumentOutOfRangeException(
                nameof(highFrequencyFactor), highFrequencyFactor, $"It must be above {nameof(lowFrequencyFactor)}, {lowFrequencyFactor}.");
        }
    }

    /// <summary>How many times longer the window becomes; at least 1.</summary>
    public double Factor { get; }

    /// <summary>Turns within the trained window below which a frequency is interpolated (<c>low_freq_factor</c>).</summary>
    public double LowFrequencyFactor { get; }

    /// <summary>Turns within the trained window above which a frequency stays (<c>high_freq_factor</c>).</summary>
    public double HighFrequencyFactor { get; }

    /// <inheritdoc/>
    public override string RopeType => "llama3";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => false;

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength)
    {
        int dimension = parameters.RotaryDimension;
        double trained = parameters.OriginalMaxPositionEmbeddings;
        double[] inverse = new double[dimension / 2];
        for (int pair = 0; pair < inverse.Length; pair++)
        {
            double plain = Math.Pow(parameters.Theta, -2.0 * pair / dimension), turns = trained * plain / (2 * Math.PI);
            double kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
            inverse[pair] = ((1 - kept) * plain / Factor) + (kept * plain);
        }

        return new RopeFrequencies(inverse);
    }
}
