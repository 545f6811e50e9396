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
        // Null where there is no item at all: that says nothing about the model. One whose items all failed has not been passed: it is looked below it.
        async Task<bool?> PassesAsync(int place)
        {
            LengthMeasurement measurement = await measure(grid[place]).ConfigureAwait(false);
            measured[place] = measurement;
            return measurement.Items + measurement.Failed == 0 ? null : measurement.Items > 0 && measurement.Mean >= threshold;
        }

        List<(int Place, bool? Passes)> checks = [];
        foreach (int place in checkPoints) checks.Add((place, await PassesAsync(place).ConfigureAwait(false)));

        // The bracket takes it that what is lost stays lost: a place that nobody can say is below, with one surely above behind it, is then above too, whatever its mean.
        int surelyPassing = checks.TakeWhile(check => measured[check.Place].Verdict != LengthVerdict.Below)
            .Where(check => measured[check.Place].Verdict == LengthVerdict.Above).Select(check => check.Place).DefaultIfEmpty(-1).Last();
        int passing = surelyPassing, failing = grid.Length;
        List<int> empty = [.. checks.Where(check => check.Passes is null).Select(check => check.Place)];
        foreach ((int place, bool? passes) in checks.Where(check => check.Place > surelyPassing))
        {
            if (passes == true && failing == grid.Length) passing = place;
            else if (passes == false && place < failing) failing = place;
        }

        // Lengths without items lie below all others where a question needs room, and above all others where there is no more text: in both cases the first that has some is looked for.
        int low = passing >= 0 ? passing : empty.Where(place => place < failing).DefaultIfEmpty(-1).Max();
        int high = passing < 0 ? failing : empty.Where(place => place > passing).Append(failing).Min();
        while (low >= 0 && high < grid.Length && high - low > 1)
        {
            int middle = (low + high) / 2;
            bool? passes = await PassesAsync(middle).ConfigureAwait(false);
            if (passes == true) passing = low = middle;
            else if (passes is null && passing < 0) low = middle;
            else high = middle;
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
            FirstFailing = curve.FirstOrDefault(point => point.Items > 0 && point.Mean < threshold && !(point.Length < last?.Length))?.Length,
            Lower = curve.LastOrDefault(point => point.Verdict == LengthVerdict.Above && (upper is null || point.Length < upper))?.Length,
            Upper = upper,
            Recoveries = [.. curve.Where(point => point.Verdict == LengthVerdict.Above && point.Length > upper).Select(point => point.Length)],
            Curve = curve,
        };
    }
}
