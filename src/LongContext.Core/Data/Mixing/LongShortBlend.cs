namespace LongContext.Data.Mixing;

/// <summary>Blends long data with short, so that a model that learns long contexts keeps what it can do in short ones.</summary>
/// <remarks>
/// Training on long data alone lowers what a model can do on short tasks, and after fine-tuning on long ones as well (Gao et al. 2024, "How to train long-context
/// language models (effectively)", arXiv 2410.02660, section 3.2). Shares are of tokens.
/// </remarks>
public static class LongShortBlend
{
    /// <summary>Share of short data in continued pre-training that ProLong found best: 40 % of the tokens (arXiv 2410.02660, section 3.2).</summary>
    public const double ProLongShortShare = 0.4;

    /// <summary>
    /// Share of short data in Llama 3's supervised fine-tuning: 99.9 %, 0.1 % being long synthetic data (Llama team 2024, arXiv 2407.21783,
    /// section 4.3.4). The paper does not say of what; here it is of tokens.
    /// </summary>
    public const double Llama3FineTuningShortShare = 0.999;

    /// <summary>Mixes long and short data by their share of the tokens.</summary>
    /// <typeparam name="T">What the sources give.</typeparam>
    /// <param name="longData">The long data, called "long" in the report.</param>
    /// <param name="shortData">The short data, called "short".</param>
    /// <param name="shortShare">Share of the tokens that is short, above 0 and below 1. Default: <see cref="ProLongShortShare"/>.</param>
    /// <param name="end">
    /// What happens when one of them ends. Default: <see cref="MixtureEnd.StopAtFirst"/>; <see cref="MixtureEnd.StopAtLast"/> goes through all of both.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="shortShare"/> is not between 0 and 1.</exception>
    /// <exception cref="ArgumentException">One source is given as both.</exception>
    public static MixtureSource<T> Mix<T>(IDataSource<T> longData, IDataSource<T> shortData, double shortShare = ProLongShortShare, MixtureEnd end = MixtureEnd.StopAtFirst)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(longData);
        ArgumentNullException.ThrowIfNull(shortData);
        if (!(shortShare is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(shortShare), shortShare, "The share of short data is expected between 0 and 1, neither included.");
        return DataSource.Mixture(
            [new WeightedSource<T>(longData, 1 - shortShare) { Name = "long" }, new WeightedSource<T>(shortData, shortShare) { Name = "short" }],
            new MixtureOptions<T> { End = end });
    }
}
