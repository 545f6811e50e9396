using LongContext.Data.Examples;

namespace LongContext.Data.Making;

public sealed class TextFitTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Longest_PairsWithoutSpaces_AreNeverCut(int before)
    {
        string text = new string('x', before) + string.Concat(Enumerable.Repeat("😀", 3000));
        for (int limit = 2; limit < 5000; limit += 97)
        {
            int length = TextFit.Longest(text, 0, piece => piece.Length <= limit);
            Assert.Equal(0, MakingTexts.HalfPairs(text[..length]));
            Assert.InRange(length, limit - Math.Max(2, (limit / 256) + 2), limit);
            double guess = 3;
            length = TextFit.Longest(text, 0, limit, piece => piece.Length, ref guess);
            Assert.Equal(0, MakingTexts.HalfPairs(text[..length]));
            Assert.InRange(length, limit - Math.Max(2, (limit / 256) + 2), limit);
        }
    }

    [Fact]
    public void Longest_Measured_AFewMeasurementsFindIt()
    {
        // Words of 1 to 9 letters, a token each; a limit of 1,000 tokens; what was found for one piece serves the next.
        string text = string.Join(' ', Enumerable.Range(0, 40_000).Select(i => new string('w', 1 + new SplitMix64(5, i).NextInt(9))));
        double guess = 3;
        int measured = 0, pieces = 0;
        for (int start = 0; start < text.Length; pieces++)
        {
            int length = TextFit.Longest(
                text, start, 1000, piece =>
                {
                    measured++;
                    return PieceTokenizer.WordLevel.CountTokens(piece);
                },
                ref guess);
            int tokens = PieceTokenizer.WordLevel.CountTokens(text.AsSpan(start, length));
            start += length;
            Assert.InRange(tokens, start < text.Length ? 990 : 1, 1000);
        }

        Assert.InRange(pieces, 40, 41);
        Assert.InRange(measured, pieces, 5 * pieces);
    }

    [Fact]
    public void Longest_NothingCanBeMade_IsNone()
    {
        double guess = 3;
        Assert.Equal(0, TextFit.Longest(new string('a', 5000), 0, 100, _ => null, ref guess));
        Assert.Equal(0, TextFit.Longest("ab", 0, 1, _ => 2, ref guess));
        Assert.Equal(0, TextFit.Longest("ab", 0, _ => false));
    }

    [Fact]
    public void Carry_PropertyOfBoth_IsWhatWasMade()
    {
        TextExample from = new("text") { Origin = new RecordOrigin("a.jsonl", 3), Properties = new Dictionary<string, string> { ["mode"] = "old", ["task"] = "t" } };
        PromptExample made = MakerExtensions.Carry(new PromptExample("p", "c") { Properties = new Dictionary<string, string> { ["mode"] = "new" } }, from);
        Assert.Equal(("new", "t", from.Origin), (made.Properties["mode"], made.Properties["task"], made.Origin));
    }
}
