namespace LongContext.TestSupport;

/// <summary>
/// Tests of minutes: marked <c>[Trait("Category", "Slow")]</c>, run when LONGCONTEXT_SLOW_TESTS=1 (as .ci/run sets it). With LONGCONTEXT_SLOW_TESTS=full those that draw at random
/// draw five times as much, and what takes a machine's memory, disk or many minutes to itself is run too.
/// </summary>
internal static class SlowTests
{
    public const string Reason = "a test of minutes: set LONGCONTEXT_SLOW_TESTS=1 to run it";

    public const string FullReason = "a test of many minutes or gigabytes: set LONGCONTEXT_SLOW_TESTS=full to run it";

    private const string Full = "full";

    public static bool AreAsked => Asked is "1" or Full;

    public static bool AllAreAsked => Asked == Full;

    private static string? Asked => Environment.GetEnvironmentVariable("LONGCONTEXT_SLOW_TESTS");

    public static void SkipUnlessAsked() => Assert.SkipUnless(AreAsked, Reason);

    /// <summary>For what would hold everything else up: many gigabytes, or minutes of all cores for what a smaller case shows as well.</summary>
    public static void SkipUnlessAllAsked() => Assert.SkipUnless(AllAreAsked, FullReason);

    /// <summary>How many of so many random cases are tried: a fifth, unless all are asked for.</summary>
    public static int Cases(int all) => AllAreAsked ? all : all / 5;

    /// <summary>A theory's rows, or, where slow tests are not asked for, one that says so in place of a skipped test for each.</summary>
    public static IEnumerable<TheoryDataRow<T>> Rows<T>(IEnumerable<T> values) =>
        AreAsked ? values.Select(value => new TheoryDataRow<T>(value)) : [new TheoryDataRow<T>(values.First()) { Skip = Reason }];

    /// <summary>As above, for every pair of values.</summary>
    public static IEnumerable<TheoryDataRow<T1, T2>> Rows<T1, T2>(IEnumerable<T1> first, IReadOnlyCollection<T2> second) =>
        AreAsked
            ? first.SelectMany(a => second.Select(b => new TheoryDataRow<T1, T2>(a, b)))
            : [new TheoryDataRow<T1, T2>(first.First(), second.First()) { Skip = Reason }];
}
