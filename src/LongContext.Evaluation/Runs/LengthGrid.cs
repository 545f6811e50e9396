namespace LongContext.Evaluation.Runs;

/// <summary>The lengths that a search may measure: from the shortest to the longest, each by about the same ratio longer than the one before.</summary>
internal static class LengthGrid
{
    public static int[] Create(int shortest, int longest, double resolution)
    {
        double range = Math.Log((double)longest / shortest);
        int steps = Math.Max(1, (int)Math.Ceiling((range / Math.Log(1 + resolution)) - 1e-9));
        return [.. Enumerable.Range(0, steps + 1).Select(i => i == steps ? longest : (int)Math.Round(shortest * Math.Exp(range * i / steps))).Distinct()];
    }

    /// <summary>Evenly spaced places of a grid, both ends included.</summary>
    public static int[] CheckPoints(int count, int places) =>
        [.. Enumerable.Range(0, count).Select(i => (int)Math.Round((double)i * (places - 1) / (count - 1))).Distinct()];

    /// <summary>How many lengths a search measures at most.</summary>
    public static int MostMeasured(int[] checkPoints)
    {
        int widest = checkPoints.Zip(checkPoints.Skip(1), (a, b) => b - a).DefaultIfEmpty(1).Max();
        return checkPoints.Length + (int)Math.Ceiling(Math.Log2(Math.Max(1, widest)));
    }
}
