using LongContext.Cuda.Attention;
using LongContext.TestSupport;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>The grids of shapes that attention is held against the definition on.</summary>
internal static class AttentionCases
{
    /// <summary>Small packs that together hold every border that a tile can have, for any head size.</summary>
    public static IReadOnlyList<AttentionCase> Small { get; } =
    [
        new("one token", [1]),
        new("seven", [7]),
        new("tile - 1", [63]),
        new("tile", [64]),
        new("tile + 1", [65]),
        new("two tiles - 1", [127]),
        new("two tiles", [128]),
        new("two tiles + 1", [129]),
        new("pack", [65, 1, 0, 130, 7, 0]),
        new("groups of 2", [70, 3]) { Heads = 4, KeyHeads = 2 },
        new("groups of 3", [40, 90]) { Heads = 3 },
        new("window", [200, 33]) { WindowLeft = 39 },
        new("window of one", [130]) { WindowLeft = 0 },
        new("both sides of a window", [150, 20]) { WindowLeft = 20, WindowRight = 30 },
        new("not causal", [129, 5]) { WindowRight = AttentionParameters.NoWindow },
        new("cap", [130, 9]) { Cap = 2 },
        new("cap and window", [150]) { Cap = 1.5f, WindowLeft = 70 },
        new("fewer queries than keys", [3, 0, 65, 1], [150, 20, 129, 1]),
        new("more queries than keys", [70, 5, 3], [9, 0, 3]),
        new("more queries than keys, not causal", [70, 5, 3], [9, 0, 3]) { WindowRight = AttentionParameters.NoWindow },
        new("nothing", [0, 0]),
    ];

    /// <summary>Longer ones.</summary>
    public static IReadOnlyList<AttentionCase> Long { get; } =
    [
        new("a thousand", [1_000]),
        new("a thousand, groups", [1_000]) { Heads = 2 },
        new("a thousand, window", [1_000]) { WindowLeft = 255 },
        new("a thousand, not causal", [1_000]) { WindowRight = AttentionParameters.NoWindow },
        new("a thousand, cap", [1_000]) { Cap = 2 },
        new("one long and many short", [1_500, 1, 17, 64, 3, 130, 0, 29, 5, 65, 100, 2, 31]),
    ];

    /// <summary>The longest.</summary>
    public static IReadOnlyList<AttentionCase> Longest { get; } =
    [
        new("four thousand", [4_097]),
        new("four thousand, window", [4_097]) { WindowLeft = 1_000 },
    ];

    /// <summary>The long ones by head size. The longest with the largest heads take a fifth of all kernels' time, so that these come with all tests only.</summary>
    public static IEnumerable<TheoryDataRow<string, int>> LongNamesAndSizes
    {
        get
        {
            foreach (TheoryDataRow<string, int> row in SlowTests.Rows(Long.Concat(Longest).Select(pack => pack.Name), new[] { 64, 128, 256 }))
            {
                if (row.Data.Item2 == 256 && !SlowTests.AllAreAsked && Longest.Any(pack => pack.Name == row.Data.Item1)) row.Skip = SlowTests.FullReason;
                yield return row;
            }
        }
    }
}
