using LongContext.Tokenization.Patterns;

namespace LongContext.Core.Tests.Tokenization.Patterns;

/// <summary>Oniguruma's dialect where it differs from .NET's; the fixtures of the components hold many more patterns.</summary>
public sealed class RegexPatternTests
{
    [Theory]
    [InlineData(@"\p{N}{1,3}+", "1234567", "1234567")] // no possessive interval, but one repeated once more
    [InlineData("a{2}?", "aaaaa", "aa|aa|")] // optional, not lazy
    [InlineData("(?i:'s)", "'S'ſ", "'S|'ſ")]
    [InlineData("(?i)k", "KkK", "K|k|K")]
    [InlineData("a(?i)b|c", "aBaCc", "aB|aC")] // the option's group reaches to the end
    [InlineData("a{,2}", "aaa", "aa|a")]
    [InlineData("^a", "a\na", "a|a")]
    [InlineData("x*", "axxb", "|xx|")]
    [InlineData("(?<=ab|c)d", "abdcdd", "d|d")]
    [InlineData(@"\p{L}+", "a𐐀b", "a𐐀b")]
    [InlineData("[^a]", "a🙂", "🙂")]
    [InlineData(".", "🙂\n", "🙂")]
    [InlineData(@"\p{^L}", "a1", "1")]
    [InlineData(@"[^\P{L}a]", "a1b", "b")]
    [InlineData("a{2", "a{2", "a{2")]
    [InlineData("[]a]", "]", "]")]
    [InlineData(@"\h", "fg", "f")]
    [InlineData("(?>a|ab)c", "abcac", "ac")]
    [InlineData("(?:a*)*b", "aab", "aab")]
    [InlineData("(?:a|ab)(?:c|bcd)", "abcd", "abcd")]
    public void Matches_Dialect_IsOnigurumas(string pattern, string text, string expected)
    {
        var found = new List<string>();
        TextPattern.MatchEnumerator matches = RegexPattern.Compile(pattern).Matches(text, new PatternBudget(text.Length));
        while (matches.MoveNext()) found.Add(text[matches.Start..matches.End]);
        Assert.Equal(expected, string.Join('|', found));
    }

    [Theory]
    [InlineData(@"(a)\1", "\"\\1\"")]
    [InlineData(@"\X", "\"\\X\"")]
    [InlineData(@"\R", "\"\\R\"")]
    [InlineData(@"a\Kb", "\"\\K\"")]
    [InlineData(@"\Ga", "\"\\G\"")]
    [InlineData(@"\p{Sinhala}", "the property \"Sinhala\"")]
    [InlineData("(?x: a)", "the free-spacing option \"x\"")]
    [InlineData("(?~ab)", "the group \"(?~\"")]
    [InlineData("(?i:ss)", "\"ss\" without regard to case")]
    [InlineData("(?i:é)", "'é' without regard to case")]
    [InlineData(@"(?i:\p{L})", "the property \"L\" without regard to case")]
    [InlineData("(?<=a*)b", "a look-behind of varying length")]
    [InlineData("[[:graph:]]", "the class \"[:graph:]\"")]
    [InlineData(@"\b*", "a repeated assertion")]
    [InlineData("(?:(?:a{1000}){1000}){1000}", "repeats that multiply beyond")]
    public void Compile_WhatIsNotSpokenHere_IsRefusedByName(string pattern, string name)
    {
        var fault = Assert.Throws<PatternException>(() => RegexPattern.Compile(pattern));
        Assert.True(fault.IsUnsupported);
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(a", "a group is not closed")]
    [InlineData("[a", "a class is not closed")]
    [InlineData("a)", "a closing parenthesis has no opening one")]
    [InlineData("*a", "there is nothing to repeat")]
    [InlineData("[b-a]", "the range from U+0062 to U+0061 is empty")]
    [InlineData(@"\x{110000}", "U+110000 is no character")]
    [InlineData(@"\x{FFFFFFFF}", "U+FFFFFFFF is no character")]
    [InlineData(@"\p{L", "it ends too early")]
    [InlineData("a{200000}", "a repeat count is above 100,000")]
    public void Compile_WrongPattern_SaysWhatAndWhere(string pattern, string reason)
    {
        var fault = Assert.Throws<PatternException>(() => RegexPattern.Compile(pattern));
        Assert.False(fault.IsUnsupported);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_DeepNesting_IsRefused()
    {
        Assert.Throws<PatternException>(() => RegexPattern.Compile(new string('(', 100_000)));
        Assert.Throws<PatternException>(() => RegexPattern.Compile(new string('[', 100_000)));
    }

    [Fact]
    public void TryFind_GroupRepeatedAMillionTimes_NeedsNoThreadStack()
    {
        string text = new('a', 1_000_000);
        Assert.True(RegexPattern.Compile("(?:a|b)+").TryFind(text, 0, out int start, out int end));
        Assert.Equal((0, text.Length), (start, end));
    }

    [Fact]
    public void TryFind_PatternThatTriesForever_GivesUp()
    {
        RegexPattern pattern = RegexPattern.Compile("(?:a|aa)+$");
        Assert.Throws<InvalidOperationException>(() => pattern.TryFind(new string('a', 200) + "b", 0, out _, out _));
    }
}
