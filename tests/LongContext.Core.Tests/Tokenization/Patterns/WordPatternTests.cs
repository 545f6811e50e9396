using FsCheck;
using FsCheck.Fluent;
using LongContext.Tokenization.Patterns;

namespace LongContext.Core.Tests.Tokenization.Patterns;

/// <summary>The patterns written out by hand cut as the patterns themselves do.</summary>
public sealed class WordPatternTests
{
    public static IEnumerable<TheoryDataRow<string>> Known => WordPattern.Known.Keys.Select(pattern => new TheoryDataRow<string>(pattern));

    [Theory]
    [MemberData(nameof(Known))]
    public void TryFind_RandomTexts_EqualsThePattern(string pattern)
    {
        TextPattern known = WordPattern.ForKnown(pattern)!;
        RegexPattern regex = RegexPattern.Compile(pattern);
        var random = new Random(1);
        for (int round = 0; round < 20_000; round++)
        {
            string text = RandomText.Make(random, random.Next(1, 24));
            Assert.Equal(Cut(regex, text), Cut(known, text));
        }
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void TryFind_AnyString_EqualsThePattern(string pattern)
    {
        TextPattern known = WordPattern.ForKnown(pattern)!;
        RegexPattern regex = RegexPattern.Compile(pattern);

        // FsCheck's strings have half pairs in them, which the tokenizer itself never hands on.
        Prop.ForAll<string?>(text => text is null || Cut(regex, text).SequenceEqual(Cut(known, text)))
            .Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000));
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void TryFind_EveryCodePointBetweenOthers_EqualsThePattern(string pattern)
    {
        TextPattern known = WordPattern.ForKnown(pattern)!;
        RegexPattern regex = RegexPattern.Compile(pattern);
        for (int codePoint = 0; codePoint < 0x110000; codePoint += codePoint < 0x3400 ? 1 : 7)
        {
            if (codePoint is >= 0xD800 and <= 0xDFFF) continue;
            string character = char.ConvertFromUtf32(codePoint), text = $" {character}a{character}{character}'{character}1 ";
            if (!Cut(regex, text).SequenceEqual(Cut(known, text))) Assert.Fail($"U+{codePoint:X4} is cut differently.");
        }
    }

    [Fact]
    public void Known_RealFilesPatterns_AreAmongThem()
    {
        Assert.Contains(TokenizerFolders.Load("llama3_1").Vocabulary.SplitPatterns[0], WordPattern.Known.Keys);
        Assert.Contains(TokenizerFolders.Load("qwen3").Vocabulary.SplitPatterns[0], WordPattern.Known.Keys);
        Assert.Contains(WordPattern.Gpt2, WordPattern.Known.Keys);
    }

    private static List<(int Start, int End)> Cut(TextPattern pattern, string text)
    {
        var cuts = new List<(int, int)>();
        TextPattern.MatchEnumerator matches = pattern.Matches(text, new PatternBudget(text.Length));
        while (matches.MoveNext()) cuts.Add((matches.Start, matches.End));
        return cuts;
    }
}
