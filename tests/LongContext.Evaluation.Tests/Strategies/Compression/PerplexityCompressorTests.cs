using LongContext.Core.Tests.Tokenization;
using LongContext.Evaluation.Support;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Compression;

public class PerplexityCompressorTests
{
    /// <summary>A token a character, whose id is its place here.</summary>
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz .\n?0123456789";

    private static readonly HuggingFaceTokenizer Letters = TinyTokenizer.Load(TinyTokenizer.Bpe([.. Alphabet.Select(c => c.ToString())], []));

    /// <summary>A is certain, each letter after it is less likely by 1 nat; everything else is certain.</summary>
    private static float ByLetter(int[] tokens, int i) => Alphabet[tokens[i]] is >= 'a' and <= 'z' and var letter ? 'a' - letter : 0;

    private static async Task<string> CompressAsync(ITokenScorer scorer, string context, int maximum, PerplexityCompressorOptions options, string query = "")
    {
        PerplexityCompressor compressor = new("fake", scorer, options);
        CompressionRequest request = new()
        {
            Context = context, Query = query, MaximumTokens = maximum, Fits = text => text.Length <= maximum, Session = StrategyContexts.For(Letters).Session,
        };
        return (await compressor.CompressAsync(request, TestContext.Current.CancellationToken)).Text;
    }

    [Theory]
    [InlineData(8, "bxaycz b")]
    [InlineData(3, "xyz")]
    [InlineData(2, "yz")]
    [InlineData(5, "bxycz")] // of b and b the first
    [InlineData(0, "")]
    public async Task CompressAsync_Tokens_KeepsTheLeastLikely(int maximum, string expected)
    {
        LetterScorer scorer = new(Letters, ByLetter, begin: Alphabet.IndexOf('?', StringComparison.Ordinal));
        Assert.Equal(expected, await CompressAsync(scorer, "bxaycz b", maximum, new() { Unit = CompressionUnit.Tokens }));
    }

    [Fact]
    public async Task CompressAsync_NoBeginningToken_KeepsTheFirst()
    {
        LetterScorer scorer = new(Letters, ByLetter);
        Assert.Equal("az", await CompressAsync(scorer, "axyz", 2, new() { Unit = CompressionUnit.Tokens }));
        Assert.Equal("a", await CompressAsync(scorer, "a", 1, new() { Unit = CompressionUnit.Tokens }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CompressAsync_NoBeginningToken_ItsSentenceIsWorthWhatTheOthersInItAre(bool knowsQuestion)
    {
        LetterScorer scorer = new(Letters, (tokens, i) => knowsQuestion && tokens[0] == Alphabet.IndexOf('q', StringComparison.Ordinal) ? 0 : ByLetter(tokens, i));
        PerplexityCompressorOptions options = new() { Unit = CompressionUnit.Sentences, KnowsQuestion = knowsQuestion };
        Assert.Equal("zzz yyy.\n\n", await CompressAsync(scorer, "aaa bbb.\n\nzzz yyy.\n\naab.", 10, options, "q"));
        // Something impossible is the best there is, wherever it stands.
        LetterScorer impossible = new(Letters, (tokens, i) => Alphabet[tokens[i]] == 'b' ? float.NegativeInfinity : ByLetter(tokens, i));
        Assert.EndsWith("aab.", await CompressAsync(impossible, "aaa ccc.\n\nzzz yyy.\n\naab.", 10, options, "q"));
    }

    [Theory]
    [InlineData(10, "zz cab \nbb")] // means: "aa " 0, "zz " 50/3, "cab " 3/4, "bb" 1
    [InlineData(9, "aa zz \nbb")] // "cab " would be one too many, "aa " behind it is not
    [InlineData(8, "zz aa\nbb")]
    [InlineData(7, "zz \nbb")]
    [InlineData(4, "zz ")]
    [InlineData(13, "aa zz cab \nbb")]
    public async Task CompressAsync_Words_AreDroppedWhole(int maximum, string expected)
    {
        LetterScorer scorer = new(Letters, ByLetter, begin: 0);
        Assert.Equal(expected, await CompressAsync(scorer, "aa zz cab aa\nbb", maximum, new() { Unit = CompressionUnit.Words }));
    }

    [Fact]
    public async Task CompressAsync_Sentences_AreDroppedWhole()
    {
        LetterScorer scorer = new(Letters, ByLetter, begin: 0);
        Assert.Equal("zzz yyy. \n\n", await CompressAsync(scorer, "aaa bbb.\n\nzzz yyy. \n\naab.", 14, new() { Unit = CompressionUnit.Sentences }));
    }

    [Theory]
    [InlineData(16, 0)]
    [InlineData(16, 512)]
    [InlineData(17, 5)]
    [InlineData(40, 512)]
    public async Task CompressAsync_LongContext_IsScoredInWindowsOnce(int window, int history)
    {
        LetterScorer scorer = new(Letters, ByLetter, contextLength: window, begin: 3);
        string text = string.Concat(Enumerable.Range(0, 333).Select(i => (char)('a' + (i * 7 % 26))));
        PerplexityCompressor compressor = new("fake", scorer, new() { Unit = CompressionUnit.Tokens, HistoryTokens = history });
        CompressedContext compressed = await compressor.CompressAsync(
            new CompressionRequest { Context = text, Query = "", MaximumTokens = 100, Fits = kept => kept.Length <= 100, Session = StrategyContexts.For(Letters).Session },
            TestContext.Current.CancellationToken);
        // Every window says what the whole would: the hundred highest letters, in order.
        HashSet<int> best = [.. Enumerable.Range(0, 333).OrderByDescending(i => text[i]).Take(100)];
        Assert.Equal(string.Concat(text.Where((_, i) => best.Contains(i))), compressed.Text);
        Assert.Equal(333, compressed.Details[StrategyDetails.ScoredTokens]);
        Assert.Equal(333, scorer.Asked.Sum(asked => asked.Tokens.Length - asked.Start));
        Assert.All(scorer.Asked, asked => Assert.Equal(3, asked.Tokens[0]));
        Assert.All(scorer.Asked.Skip(1), asked => Assert.Equal(1 + Math.Min(history, (window - 1) / 2), asked.Start));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task CompressAsync_NoBeginningToken_EveryWindowHasOneTokenBeforeIt(int history)
    {
        LetterScorer scorer = new(Letters, ByLetter, contextLength: 16);
        string text = string.Concat(Enumerable.Range(0, 100).Select(i => (char)('a' + (i * 7 % 26))));
        // The first letter has nothing before it and is kept; of the others the highest are, whichever window they fall into.
        HashSet<int> best = [0, .. Enumerable.Range(1, 99).OrderByDescending(i => text[i]).Take(29)];
        Assert.Equal(string.Concat(text.Where((_, i) => best.Contains(i))), await CompressAsync(scorer, text, 30, new() { Unit = CompressionUnit.Tokens, HistoryTokens = history }));
        Assert.Equal(99, scorer.Asked.Sum(asked => asked.Tokens.Length - asked.Start));
        Assert.All(scorer.Asked.Skip(1), asked => Assert.Equal(Math.Max(1, history), asked.Start));
    }

    [Fact]
    public async Task CompressAsync_KnowsQuestion_KeepsWhatItMakesLikelier()
    {
        // A letter that stands before it in the window is certain, another costs 9: with the question before it, the question's letters gain.
        static float Repeats(int[] tokens, int i) => tokens.AsSpan(0, i).Contains(tokens[i]) ? 0 : -9;
        LetterScorer scorer = new(Letters, Repeats, begin: Alphabet.IndexOf('9', StringComparison.Ordinal));
        Assert.Equal("qx", await CompressAsync(scorer, "abqcdxe", 2, new() { Unit = CompressionUnit.Tokens, KnowsQuestion = true }, " xq? "));
        Assert.Equal("xq?\n", string.Concat(scorer.Asked[1].Tokens[1..5].Select(id => Alphabet[id])));
        Assert.Equal(2, scorer.Asked.Count);
        Assert.Equal("ab", await CompressAsync(scorer, "abqcdxe", 2, new() { Unit = CompressionUnit.Tokens }, " xq? "));
    }

    [Fact]
    public async Task CompressAsync_LongQuestion_LeavesRoomForTheText()
    {
        LetterScorer scorer = new(Letters, ByLetter, contextLength: 20, begin: 1);
        await CompressAsync(scorer, new string('a', 50), 10, new() { KnowsQuestion = true }, new string('q', 100));
        Assert.All(scorer.Asked, asked => Assert.InRange(asked.Tokens.Length, 2, 20));
        await Assert.ThrowsAsync<InvalidOperationException>(() => CompressAsync(new LetterScorer(Letters, ByLetter, contextLength: 4, begin: 1), "abc", 1, new()));
    }

    [Theory]
    [MemberData(nameof(CuttingTokenizers.All), MemberType = typeof(CuttingTokenizers))]
    public async Task CompressionStrategy_AnyTokenizerAndUnit_KeepsASubsequenceWithinTheBudget(string name)
    {
        Tokenizer tokenizer = CuttingTokenizers.Get(name);
        for (int seed = 0; seed < 6; seed++)
        {
            string text = name == "bpe" ? string.Concat(Enumerable.Repeat($"the {seed} winter. String\n", 8)) : CuttingTokenizers.Text(seed, 60);
            EvaluationPrompt prompt = new() { Before = "the\n", Context = text, After = " ab" };
            foreach (CompressionUnit unit in Enum.GetValues<CompressionUnit>())
            {
                // Values that look random: what is kept lies anywhere.
                LetterScorer scorer = new(tokenizer, (tokens, i) => -((tokens[i] * 7919 + i * 104729) % 101), contextLength: 24);
                foreach (ContextBudget budget in new[] { ContextBudget.OfTokens(1), ContextBudget.OfTokens(17), ContextBudget.OfShare(0.5), ContextBudget.OfTokens(10_000) })
                {
                    PreparedPrompt prepared = await new CompressionStrategy(new PerplexityCompressor("fake", scorer, new() { Unit = unit, KnowsQuestion = seed % 2 == 1 }), budget)
                        .PrepareAsync(prompt, StrategyContexts.For(tokenizer, 1000), TestContext.Current.CancellationToken);
                    string kept = prepared.Prompt.Context;
                    Assert.InRange(kept.Length == 0 ? 0 : tokenizer.CountTokens(kept), 0, budget.Of(tokenizer.CountTokens(text))!.Value);
                    Assert.True(StrategyContexts.IsSubsequence(kept, text));
                    if (budget.Tokens == 10_000) Assert.Same(prompt, prepared.Prompt);
                    string wellFormed = string.Concat(kept.EnumerateRunes());
                    Assert.Equal(kept, wellFormed); // no half of a pair
                }
            }
        }
    }

    [Theory]
    [InlineData("one two\n\nthree ", "one |two\n\n|three ")]
    [InlineData("  lead", "  lead")]
    [InlineData("東京 is大", "東|京 |is|大")]
    [InlineData("東、京。ab", "東、|京。|ab")]
    [InlineData("น้ำกินดี ๆ", "น้ำ|กิ|น|ดี |ๆ")]
    [InlineData("か\u3099き\r\ncafe\u0301 x", "か\u3099|き\r\n|cafe\u0301 |x")]
    [InlineData("a \u0301b 👩‍👩‍👧 c", "a \u0301|b |👩‍👩‍👧 |c")]
    [InlineData("\t", "\t")]
    [InlineData("", "")]
    public void Words_Text_AreItsUnits(string text, string expected)
    {
        int start = 0;
        Assert.Equal(expected, string.Join('|', UnitBorders.Words(text).Select(end => text[start..(start = end)])));
    }

    [Fact]
    public async Task CompressAsync_BadScorer_Throws()
    {
        Assert.Contains("no number", (await Assert.ThrowsAsync<InvalidOperationException>(() =>
            CompressAsync(new LetterScorer(Letters, (_, _) => float.NaN), "abc", 1, new()))).Message);
    }

    [Fact]
    public void Constructor_BadInput_Throws()
    {
        LetterScorer scorer = new(Letters, ByLetter);
        string message = Assert.Throws<ArgumentException>(() => new PerplexityCompressor("x", scorer, new() { Unit = (CompressionUnit)7, WindowTokens = 3, HistoryTokens = -1, PricePerMillionTokens = -2 })).Message;
        foreach (string part in new[] { "Unit is 7", "WindowTokens is 3", "HistoryTokens is -1", "PricePerMillionTokens is -2" }) Assert.Contains(part, message);
        Assert.Contains("other gives out no ITokenScorer", Assert.Throws<ArgumentException>(() => new PerplexityCompressor(StrategyContexts.Other("other"))).Message);
        Assert.Throws<ArgumentException>(() => new PerplexityCompressor(" ", scorer));
        Assert.Equal("perplexity words x", new PerplexityCompressor("x", scorer).Name);
        Assert.NotEqual(new PerplexityCompressor("x", scorer).Identity, new PerplexityCompressor("x", scorer, new() { KnowsQuestion = true }).Identity);
        EvaluationModel model = StrategyContexts.Other("small");
        string OfRevision(string revision) => new PerplexityCompressor(model with { Client = new ScoringClient(model.Client, scorer), Identity = revision }).Identity;
        Assert.NotEqual(OfRevision("1"), OfRevision("2"));
    }
}
