namespace LongContext.Evaluation.Tasks;

/// <summary>
/// The order in which the cells of one length are asked: whoever stops early, as a search for the effective length does, has seen places all over the text.
/// </summary>
internal static class DepthOrder
{
    private const double GoldenSection = 0.6180339887498949;

    /// <summary>Every depth once, then every depth again, as often as there are items of a cell.</summary>
    /// <param name="depths">How many depths there are.</param>
    /// <param name="versions">Items of each.</param>
    public static IEnumerable<(int Depth, int Version)> Of(int depths, int versions)
    {
        if (depths == 0) return [];
        int step = Step(depths);
        return Enumerable.Range(0, versions).SelectMany(version => Enumerable.Range(0, depths).Select(i => ((int)((long)i * step % depths), version)));
    }

    /// <summary>A step that comes to every depth before it comes to one again, as close to the golden section as there is one.</summary>
    private static int Step(int depths)
    {
        int wanted = Math.Max(1, (int)Math.Round(depths * GoldenSection));
        for (int distance = 0; ; distance++)
        {
            if (Divisor(wanted + distance, depths) == 1) return wanted + distance;
            if (wanted - distance > 0 && Divisor(wanted - distance, depths) == 1) return wanted - distance;
        }
    }

    private static int Divisor(int a, int b) => b == 0 ? a : Divisor(b, a % b);
}
