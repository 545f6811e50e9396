namespace LongContext.Evaluation.Tasks;

/// <summary>
/// The order in which the cells of one length are asked: whoever stops early, as a search for the effective length does, has seen places all over the text. For
/// <see cref="ISizedTask.CreateItems"/> of a task of your own.
/// </summary>
/// <remarks>Depths follow each other at a step close to the golden section, so that each new one falls into a wide gap.</remarks>
public static class DepthOrder
{
    private const double GoldenSection = 0.6180339887498949;

    /// <summary>Every depth once, then every depth again, as often as there are items of a cell.</summary>
    /// <param name="depths">How many depths there are, at least 0.</param>
    /// <param name="itemsPerCell">Items of each, at least 0.</param>
    /// <returns>The number of the depth and that of the item among those of its cell, both from 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative number.</exception>
    public static IEnumerable<(int Depth, int Version)> Of(int depths, int itemsPerCell)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(depths);
        ArgumentOutOfRangeException.ThrowIfNegative(itemsPerCell);
        if (depths == 0) return [];
        int step = Step(depths);
        return Enumerable.Range(0, itemsPerCell).SelectMany(version => Enumerable.Range(0, depths).Select(i => ((int)((long)i * step % depths), version)));
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
