using System.Text.Json.Nodes;
using LongContext.Tokenization;
using LongContext.Tokenization.Patterns;

namespace LongContext.Core.Tests.Tokenization.Patterns;

/// <summary>What patterns may do on a text is bounded over all places of it, and published patterns stay far below.</summary>
public sealed class PatternBudgetTests
{
    private const string O200k =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static IEnumerable<TheoryDataRow<string>> Published => WordPattern.Known.Keys.Append(O200k).Select(pattern => new TheoryDataRow<string>(pattern));

    [Theory]
    [MemberData(nameof(Published))]
    public void Matches_PublishedPatternOnAnyRun_TakesLittleOfIt(string pattern)
    {
        RegexPattern regex = RegexPattern.Compile(pattern);
        foreach (string unit in new[] { "a", "A", "1", " ", "\n", " \n", "\r", "'", "!", "é", "日", "\u0301", "a ", "Aa", "'s", " a1!", "🙂" })
        {
            string text = string.Concat(Enumerable.Repeat(unit, 30_000 / unit.Length));
            var budget = new PatternBudget(text.Length);
            long before = budget.Left;
            foreach (bool _ in All(regex, text, budget))
            {
            }

            // A tenth of what a character brings, and nothing of what is free.
            Assert.InRange(before - budget.Left, text.Length / 2, 100L * text.Length);
        }
    }

    [Fact]
    public void Matches_RestOfALineOfBlanks_IsNoTrouble()
    {
        string text = new string(' ', 20_000) + "1";
        Assert.Empty(All(RegexPattern.Compile(@"\s+$"), text, new PatternBudget(text.Length)));
    }

    [Theory]
    [InlineData("a+b")] // each place looks at all that follows, and goes back over it
    [InlineData("(?=a*)a")] // finds a match at each place, after a look at all that follows
    [InlineData("(?<=a{20000})b")] // looks at all that stands before
    [InlineData("(?:(?=a{20000})a)*b")] // a loop of looks
    public void Matches_HostilePatternOnALongText_EndsWithThePattern(string pattern)
    {
        RegexPattern regex = RegexPattern.Compile(pattern);
        string text = new('a', 60_000);
        InvalidOperationException fault = Assert.Throws<InvalidOperationException>(() => All(regex, text, new PatternBudget(text.Length)).Count());
        Assert.Contains($"\"{pattern}\"", fault.Message, StringComparison.Ordinal);
        Assert.InRange(All(regex, new string('a', 100) + "b", new PatternBudget(101)).Count(), 0, 101); // a short text is no trouble
    }

    [Fact]
    public void Encode_ManyPiecesThatCostMuchEach_ShareOneBudget()
    {
        // Between two blanks some four million tries, which one place is allowed.
        JsonObject json = TinyTokenizer.Bpe(["a", "b", "c"], []);
        JsonObject blanks = new() { ["type"] = "WhitespaceSplit" };
        JsonObject hostile = new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = "(?:a|a)*b" }, ["behavior"] = "Isolated", ["invert"] = false };
        json["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(blanks, hostile) };
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(json);
        string piece = new string('a', 20) + "c ";
        Assert.NotEmpty(tokenizer.Encode(piece));
        InvalidOperationException fault = Assert.Throws<InvalidOperationException>(() => tokenizer.Encode(string.Concat(Enumerable.Repeat(piece, 1_000))));
        Assert.Contains("(?:a|a)*b", fault.Message, StringComparison.Ordinal);
        Assert.NotEmpty(tokenizer.Encode(piece)); // the next text begins anew
    }

    [Fact]
    public void Normalize_HostileReplacement_EndsWithThePattern()
    {
        JsonObject json = TinyTokenizer.Bpe(["a", "b"], []);
        json["normalizer"] = new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["Regex"] = "a+b" }, ["content"] = "b" };
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Contains("\"a+b\"", Assert.Throws<InvalidOperationException>(() => tokenizer.Encode(new string('a', 60_000))).Message, StringComparison.Ordinal);
        Assert.Equal([1], tokenizer.Encode("aab"));
    }

    private static IEnumerable<bool> All(TextPattern pattern, string text, PatternBudget budget)
    {
        for (int from = 0; from <= text.Length && pattern.TryFind(text, from, budget, out int start, out int end); from = Math.Max(end, start + 1)) yield return true;
    }
}
