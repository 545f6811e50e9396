namespace LongContext.Data.Making;

/// <summary>One kind of corruption: how much of a text is taken away, and in pieces of what length.</summary>
/// <param name="Mode">Regular, extreme or sequential.</param>
/// <param name="MeanSpanLength">Mean length of a gap in tokens or words, at least 1; of no matter for <see cref="DenoisingMode.Sequential"/>.</param>
/// <param name="NoiseRate">Share of the text that is taken away, between 0 and 1; null, for the sequential mode alone, draws the place of the cut.</param>
/// <param name="Weight">The chance that a text gets this one, relative to the others; positive.</param>
/// <remarks>Tay et al., "UL2: Unifying Language Learning Paradigms" (arXiv 2205.05131), table 1: μ, r and the number of spans, which T5's rule gives here: the noise over μ, rounded.</remarks>
public sealed record Denoiser(DenoisingMode Mode, double MeanSpanLength, double? NoiseRate, double Weight = 1)
{
    /// <summary>
    /// UL2's seven: R (3, 0.15) (8, 0.15), X (3, 0.5) (8, 0.5) (64, 0.15) (64, 0.5), S with the last quarter of the text. Each is equally likely, as in the program of
    /// the paper's appendix where no rates are given. (Others take a fifth for S and share the rest between R and X.)
    /// </summary>
    public static IReadOnlyList<Denoiser> Ul2 { get; } =
    [
        new(DenoisingMode.Regular, 3, 0.15),
        new(DenoisingMode.Regular, 8, 0.15),
        new(DenoisingMode.Extreme, 3, 0.5),
        new(DenoisingMode.Extreme, 8, 0.5),
        new(DenoisingMode.Extreme, 64, 0.15),
        new(DenoisingMode.Extreme, 64, 0.5),
        new(DenoisingMode.Sequential, 1, 0.25),
    ];

    /// <summary>
    /// The mixture for going on with a decoder-only model, UL2R (Tay et al., "Transcending Scaling Laws with 0.1% Extra Compute", arXiv
    /// 2210.11399): half S with a cut anywhere, a quarter R (3, 0.15), a quarter X, of which half have long gaps (32, 0.15) and half
    /// have many (3, 0.5), divided as Levanter does.
    /// </summary>
    public static IReadOnlyList<Denoiser> Ul2R { get; } =
    [
        new(DenoisingMode.Sequential, 1, null, 4),
        new(DenoisingMode.Regular, 3, 0.15, 2),
        new(DenoisingMode.Extreme, 32, 0.15),
        new(DenoisingMode.Extreme, 3, 0.5),
    ];

    /// <summary>T5's alone (Raffel et al. 2019, arXiv 1910.10683): R (3, 0.15).</summary>
    public static IReadOnlyList<Denoiser> T5 { get; } = [new(DenoisingMode.Regular, 3, 0.15)];

    /// <summary>As settings name it.</summary>
    public override string ToString() => FormattableString.Invariant($"{Mode} {MeanSpanLength} {NoiseRate} {Weight}");

    internal static void AddFaults(IReadOnlyList<Denoiser>? denoisers, List<string> faults)
    {
        if (denoisers is null || denoisers.Count == 0)
        {
            faults.Add("Denoisers is empty, expected at least one");
            return;
        }

        for (int i = 0; i < denoisers.Count; i++)
        {
            Denoiser? denoiser = denoisers[i];
            if (denoiser is null) faults.Add($"Denoisers[{i}] is null");
            else if (denoiser.Fault() is { } fault) faults.Add(FormattableString.Invariant($"Denoisers[{i}] has {fault}"));
        }
    }

    internal static Denoiser Draw(IReadOnlyList<Denoiser> denoisers, ref SplitMix64 random)
    {
        double left = random.NextDouble() * denoisers.Sum(denoiser => denoiser.Weight);
        foreach (Denoiser denoiser in denoisers)
        {
            left -= denoiser.Weight;
            if (left < 0) return denoiser;
        }

        return denoisers[^1];
    }

    private string? Fault() =>
        !Enum.IsDefined(Mode) ? $"{nameof(Mode)} {Mode}, expected Regular, Extreme or Sequential"
        : !(Weight > 0 && double.IsFinite(Weight)) ? FormattableString.Invariant($"{nameof(Weight)} {Weight}, expected a positive number")
        : NoiseRate is null && Mode != DenoisingMode.Sequential ? $"no {nameof(NoiseRate)}, expected one between 0 and 1"
        : NoiseRate is { } rate && !(rate is > 0 and < 1) ? FormattableString.Invariant($"{nameof(NoiseRate)} {rate}, expected one between 0 and 1")
        : !(MeanSpanLength >= 1 && double.IsFinite(MeanSpanLength)) ? FormattableString.Invariant($"{nameof(MeanSpanLength)} {MeanSpanLength}, expected at least 1")
        : null;
}
