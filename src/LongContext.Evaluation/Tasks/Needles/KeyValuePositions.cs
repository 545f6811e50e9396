namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Where the asked pair stands: the paper's positions, or those of depths.</summary>
/// <remarks>Liu et al. 2023 (arXiv 2307.03172), figure 7: positions 1, 25, 50, 75 and so on, counted from 1 there.</remarks>
internal static class KeyValuePositions
{
    /// <summary>The paper's numbers of pairs.</summary>
    public static IReadOnlyList<int> PairCounts { get; } = [75, 140, 300];

    private static IReadOnlyList<double> Quarters { get; } = [0, 0.25, 0.5, 0.75, 1];

    /// <summary>The places among so many pairs, from 0, each with its depth.</summary>
    /// <param name="pairs">How many pairs there are.</param>
    /// <param name="depths">The depths that are asked for; none for the paper's positions.</param>
    /// <param name="hasLength">Whether the number of pairs follows from a length, where the paper has none.</param>
    public static IReadOnlyList<(int Place, double Depth)> Of(int pairs, IReadOnlyList<double> depths, bool hasLength)
    {
        int[]? known = depths.Count > 0 || hasLength ? null : pairs switch
        {
            75 => [0, 24, 49, 74],
            140 => [0, 34, 69, 104, 139],
            300 => [0, 49, 99, 149, 199, 249, 299],
            _ => null,
        };
        return known is not null
            ? [.. known.Select(place => (place, Math.Round(place / (pairs - 1.0), 4)))]
            : [.. (depths.Count > 0 ? depths : Quarters).Select(depth => ((int)((pairs - 1) * depth), depth))];
    }
}
