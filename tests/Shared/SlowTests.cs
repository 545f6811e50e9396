namespace LongContext.TestSupport;

/// <summary>Tests of minutes: marked <c>[Trait("Category", "Slow")]</c>, run when LONGCONTEXT_SLOW_TESTS=1 (as .ci/run sets it).</summary>
internal static class SlowTests
{
    public static void SkipUnlessAsked() =>
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("LONGCONTEXT_SLOW_TESTS") == "1",
            "a test of minutes: set LONGCONTEXT_SLOW_TESTS=1 to run it");
}
