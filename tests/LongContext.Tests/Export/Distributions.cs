namespace LongContext.Tests.Export;

/// <summary>Next-token distributions from two programs.</summary>
internal static class Distributions
{
    /// <summary>Logits [T · V] as log probabilities [T][V].</summary>
    public static double[][] FromLogits(IReadOnlyList<double> logits, int vocabulary)
    {
        var rows = new double[logits.Count / vocabulary][];
        for (int t = 0; t < rows.Length; t++)
        {
            double[] row = [.. logits.Skip(t * vocabulary).Take(vocabulary)];
            double largest = row.Max(), total = Math.Log(row.Sum(value => Math.Exp(value - largest))) + largest;
            rows[t] = [.. row.Select(value => value - total)];
        }

        return rows;
    }

    /// <summary>The largest difference of log probabilities over the first positions, relative to their spread.</summary>
    public static double Distance(double[][] expected, double[][] actual, int positions = int.MaxValue)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0, spread = 0;
        for (int t = 0; t < Math.Min(expected.Length, positions); t++)
        {
            spread = Math.Max(spread, expected[t].Max() - expected[t].Min());
            for (int id = 0; id < expected[t].Length; id++) worst = Math.Max(worst, Math.Abs(expected[t][id] - actual[t][id]));
        }

        return worst / spread;
    }

    /// <summary>Σ p·(ln p − ln q), averaged over positions, in nats.</summary>
    public static double Divergence(double[][] expected, double[][] actual) =>
        expected.Zip(actual).Average(rows => rows.First.Zip(rows.Second).Sum(pair => Math.Exp(pair.First) * (pair.First - pair.Second)));
}
