using System.Globalization;

namespace LongContext.Data.Mixing;

/// <summary>Weights of a mixture from the sizes of its sources.</summary>
public static class MixtureWeights
{
    /// <summary>Weights by temperature: wᵢ ∝ nᵢ^(1/T).</summary>
    /// <param name="sizes">Tokens (or items) of each source, positive.</param>
    /// <param name="temperature">
    /// 1 (the default) mixes in proportion to the sizes; above 1, small sources are taken more often, until
    /// <see cref="double.PositiveInfinity"/> gives all the same weight; below 1, large ones are. Positive. Devlin's multilingual BERT took 1/0.7, XLM-R 1/0.3.
    /// </param>
    /// <returns>Weights that sum to 1.</returns>
    /// <exception cref="ArgumentException">No size, one that is not positive, or a temperature that is not; the message lists all faults.</exception>
    public static IReadOnlyList<double> FromSizes(IReadOnlyList<long> sizes, double temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        List<string> faults = SizeFaults(sizes);
        if (!(temperature > 0)) faults.Add(string.Create(CultureInfo.InvariantCulture, $"the temperature is {temperature}, expected more than 0"));
        Throw(faults, nameof(sizes));

        // By the largest, so that no power overflows and the largest weight is 1 before all are normalised.
        double largest = sizes.Max();
        return Normalized([.. sizes.Select(size => Math.Exp(Math.Log(size / largest) / temperature))]);
    }

    /// <summary>
    /// UniMax: as uniform as can be without taking any source more often than so many times (Chung et al. 2023, "UniMax: Fairer and more effective
    /// language sampling for large-scale multilingual pretraining", arXiv 2304.09151, algorithm 1, in characters there).
    /// </summary>
    /// <param name="sizes">Tokens of each source, positive.</param>
    /// <param name="budget">Tokens that the whole training will take, positive.</param>
    /// <param name="maximumEpochs">How often a source may be gone through at most, positive. The paper's N.</param>
    /// <returns>
    /// Weights that sum to 1. Where even <paramref name="maximumEpochs"/> passes over all sources are less than the budget, they are in proportion to the sizes,
    /// and a training of the whole budget goes through the sources more often.
    /// </returns>
    /// <exception cref="ArgumentException">No size, or a number that is not positive; the message lists all faults.</exception>
    public static IReadOnlyList<double> UniMax(IReadOnlyList<long> sizes, long budget, double maximumEpochs)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        List<string> faults = SizeFaults(sizes);
        if (budget <= 0) faults.Add(string.Create(CultureInfo.InvariantCulture, $"the budget is {budget}, expected more than 0"));
        if (!(maximumEpochs > 0 && double.IsFinite(maximumEpochs))) faults.Add(string.Create(CultureInfo.InvariantCulture, $"the most epochs are {maximumEpochs}, expected a positive number"));
        Throw(faults, nameof(sizes));

        // The smallest first: what a source cannot take of its equal part is shared among the larger ones.
        double[] taken = new double[sizes.Count];
        double left = budget;
        int others = sizes.Count;
        foreach (int i in Enumerable.Range(0, sizes.Count).OrderBy(i => sizes[i]).ThenBy(i => i))
        {
            taken[i] = Math.Min(left / others--, sizes[i] * maximumEpochs);
            left -= taken[i];
        }

        return Normalized(taken);
    }

    private static List<string> SizeFaults(IReadOnlyList<long> sizes)
    {
        List<string> faults = [];
        if (sizes.Count == 0) faults.Add("there is no size");
        for (int i = 0; i < sizes.Count; i++)
        {
            if (sizes[i] <= 0) faults.Add(string.Create(CultureInfo.InvariantCulture, $"size {i} is {sizes[i]}, expected more than 0"));
        }

        return faults;
    }

    private static void Throw(List<string> faults, string parameter)
    {
        if (faults.Count > 0) throw new ArgumentException($"Weights cannot be found: {string.Join("; ", faults)}.", parameter);
    }

    private static double[] Normalized(double[] weights)
    {
        double sum = weights.Sum();
        for (int i = 0; i < weights.Length; i++) weights[i] /= sum;
        return weights;
    }
}
