namespace LongContext.Evaluation.Runs;

/// <summary>
/// Looks for the first length that fails: at the check points, then by bisection between the last that passes and the first that fails. Knows nothing of models.
/// </summary>
internal static class LengthSearch
{
    /// <param name="name">What is measured.</param>
    /// <param name="grid">The lengths, rising.</param>
    /// <param name="checkPoints">Places in the grid that are measured in any case.</param>
    /// <param name="threshold">The mean that must be reached.</param>
    /// <param name="measure">Measures a length.</param>
    public static async Task<EffectiveLength> FindAsync(string name, int[] grid, int[] checkPoints, double threshold, Func<int, Task<LengthMeasurement>> measure)
    {
        SortedDictionary<int, LengthMeasurement> measured = [];
        async Task<bool> PassesAsync(int place)
        {
            LengthMeasurement measurement = await measure(grid[place]).ConfigureAwait(false);
            measured[place] = measurement;
            // One that could not be measured has not been passed either: it is looked below it.
            return measurement.Items > 0 && measurement.Mean >= threshold;
        }

        int passing = -1, failing = grid.Length;
        foreach (int place in checkPoints)
        {
            bool passes = await PassesAsync(place).ConfigureAwait(false);
            if (passes && failing == grid.Length) passing = place;
            else if (!passes && place < failing) failing = place;
        }

        while (passing >= 0 && failing < grid.Length && failing - passing > 1)
        {
            int middle = (passing + failing) / 2;
            if (await PassesAsync(middle).ConfigureAwait(false)) passing = middle;
            else failing = middle;
        }

        return Conclude(name, threshold, [.. measured.Values], passing < 0 ? null : measured[passing]);
    }

    private static EffectiveLength Conclude(string name, double threshold, LengthMeasurement[] curve, LengthMeasurement? last)
    {
        int? upper = curve.FirstOrDefault(point => point.Verdict == LengthVerdict.Below)?.Length;
        return new EffectiveLength
        {
            Task = name,
            Length = last?.Length,
            Score = last?.Mean,
            Interval = last?.Interval,
            FirstFailing = curve.FirstOrDefault(point => point.Items > 0 && point.Mean < threshold)?.Length,
            Lower = curve.LastOrDefault(point => point.Verdict == LengthVerdict.Above && (upper is null || point.Length < upper))?.Length,
            Upper = upper,
            Recoveries = [.. curve.Where(point => point.Verdict == LengthVerdict.Above && point.Length > upper).Select(point => point.Length)],
            Curve = curve,
        };
    }
}
