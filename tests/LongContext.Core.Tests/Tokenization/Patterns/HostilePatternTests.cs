using LongContext.Tokenization.Patterns;

namespace LongContext.Core.Tests.Tokenization.Patterns;

/// <summary>Patterns written to cost time, memory or the thread's stack: compiled at once, or refused.</summary>
public sealed class HostilePatternTests
{
    [Fact]
    public async Task Compile_GroupsWithinGroupsInALookBehind_LooksAtEachOnce()
    {
        RegexPattern pattern = await Deadline.Run(() => RegexPattern.Compile($"(?<={new string('(', 40)}a{new string(')', 40)})b"));
        Assert.True(pattern.TryFind("bab", 0, out int start, out int end));
        Assert.Equal((2, 3), (start, end));
    }

    [Theory]
    [InlineData("(?:){100000}{100000}{100000}b")]
    [InlineData("(?#x){100000}{100000}{100000}b")]
    [InlineData("(?:(?:(?#x)()){100000}){100000}{1}b")]
    public async Task Compile_NothingRepeatedOften_IsNothing(string text)
    {
        RegexPattern pattern = await Deadline.Run(() => RegexPattern.Compile(text));
        Assert.True(pattern.TryFind("ab", 0, out int start, out int end));
        Assert.Equal((1, 2), (start, end));
    }

    [Fact]
    public async Task Compile_LittleBesideMuchNothingRepeatedOften_IsRefused()
    {
        string nothing = string.Concat(Enumerable.Repeat("()", 7_000));
        PatternException fault = await Assert.ThrowsAsync<PatternException>(() => Deadline.Run(() => RegexPattern.Compile($"(?:{nothing}a){{90000}}")));
        Assert.True(fault.IsUnsupported);
    }

    [Fact]
    public void Compile_ManyLiterals_TakesLittleMemory()
    {
        string text = new('a', 16_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RegexPattern pattern = RegexPattern.Compile(text);
        Assert.True(pattern.TryFind("b" + text, 0, out int start, out _));
        Assert.Equal(1, start);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void Compile_TooLong_IsRefusedWithoutRepeatingIt()
    {
        Assert.NotNull(RegexPattern.Compile(string.Concat(Enumerable.Repeat("🙂", 16_384))));
        var fault = Assert.Throws<PatternException>(() => RegexPattern.Compile(new string('a', 16_385)));
        Assert.True(fault.IsUnsupported);
        Assert.Contains("16384", fault.Message, StringComparison.Ordinal);
        Assert.InRange(fault.Message.Length, 1, 200);
    }

    [Theory]
    [InlineData("", 15_000)] // 15,000 characters
    [InlineData("&&", 3_000)] // as many sets, each of them with 丁
    [InlineData("\\s", 5_000)] // with a set between any two
    public void TryFind_ClassOfManyItems_NeedsLittleStack(string between, int count)
    {
        IEnumerable<string> items = between == "&&" ? Enumerable.Repeat("一-丂", count) : Enumerable.Range(0x4E00, count).Select(char.ConvertFromUtf32);
        RegexPattern pattern = RegexPattern.Compile($"[{string.Join(between, items)}]");
        Assert.Equal((true, 1), OnSmallStack(() => (pattern.TryFind("a丁", 0, out int start, out _), start)));
    }

    [Fact]
    public void Compile_LookBehindWiderThanAnyText_IsNoNarrowOne()
    {
        // 2³² letters or none: of one width only where a width overflows.
        var fault = Assert.Throws<PatternException>(() => RegexPattern.Compile("(?<=x(?:(?:a{65536}){65536}|))b"));
        Assert.Contains("a look-behind of varying length", fault.Message, StringComparison.Ordinal);
        Assert.False(RegexPattern.Compile("(?<=(?:a{65536}){65536})b").TryFind(new string('a', 1_000) + "b", 0, out _, out _));
        Assert.False(RegexPattern.Compile("(?<=(?:a{65536}){32768})b").TryFind("ab", 0, out _, out _));
    }

    [Fact]
    public void Compile_QuantifiersInARow_AreCounted()
    {
        Assert.NotNull(RegexPattern.Compile("a" + new string('*', 63)));
        foreach (int count in new[] { 64, 15_000 })
        {
            var fault = Assert.Throws<PatternException>(() => RegexPattern.Compile("a" + new string('*', count)));
            Assert.True(fault.IsUnsupported);
            Assert.Contains("64 or more quantifiers in a row", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Compile_QuantifiersInGroups_TakeNoMoreStackThanThereIs()
    {
        Assert.True(OnSmallStack(() => RegexPattern.Compile(Nested("*", 6))).TryFind("ba", 0, out _, out _));
        Assert.True(OnSmallStack(() => RegexPattern.Compile($"(?<={Nested("{1}", 6)})b")).TryFind("bab", 0, out int start, out _));
        Assert.Equal(2, start);
        var fault = Assert.Throws<PatternException>(() => OnSmallStack(() => RegexPattern.Compile(Nested("*", 63))));
        Assert.Contains("nesting of more than 512 parts", fault.Message, StringComparison.Ordinal);

        static string Nested(string quantifier, int count) =>
            new string('(', 62) + "a" + string.Concat(Enumerable.Repeat(string.Concat(Enumerable.Repeat(quantifier, count)) + ")", 62));
    }

    /// <summary>On a thread with a stack of 1 MB: .NET's own have 1.5 MB and more.</summary>
    private static T OnSmallStack<T>(Func<T> work)
    {
        T result = default!;
        Exception? fault = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    result = work();
                }
                catch (PatternException e)
                {
                    fault = e;
                }
            },
            maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        return fault is null ? result : throw fault;
    }
}
