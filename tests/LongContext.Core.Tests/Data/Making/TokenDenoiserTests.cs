using LongContext.Data.Operators;
using LongContext.Packing;

namespace LongContext.Data.Making;

public sealed class TokenDenoiserTests
{
    private static readonly Dictionary<DenoisingMode, IReadOnlyList<int>> Modes = new()
    {
        [DenoisingMode.Regular] = [201],
        [DenoisingMode.Extreme] = [202, 203],
        [DenoisingMode.Sequential] = [202, 204],
    };

    [Fact]
    public void Make_TwoGapsOfOne_IsInputThenTargets()
    {
        // 4 tokens, half noise, mean 1: 2 noise in 2 spans, 2 kept in 2 spans; so each has length 1: keep, take, keep, take.
        TokenDenoiser maker = new(new TokenDenoiserOptions
        {
            SentinelIds = [900, 901, 902],
            Denoisers = [new(DenoisingMode.Extreme, 1, 0.5)],
            ModeTokens = new Dictionary<DenoisingMode, IReadOnlyList<int>> { [DenoisingMode.Extreme] = [202] },
            BeginningOfSentence = 1,
            EndOfSentence = 2,
        });
        TokenSequence made = maker.Make([11, 12, 13, 14], 0);
        Assert.Equal([1, 202, 11, 900, 13, 901, 900, 12, 901, 14, 2], made.Tokens.ToArray());
        Assert.Equal([false, false, false, false, false, false, true, true, true, true, true], made.LossMask.ToArray());
        Assert.Equal([11, 12, 13, 14], maker.Restore(made));
    }

    [Fact]
    public void Make_Sequential_GoesOnWithoutSentinel()
    {
        TokenDenoiser maker = new(new TokenDenoiserOptions { SentinelIds = [900], Denoisers = [new(DenoisingMode.Sequential, 1, 0.25)] });
        TokenSequence made = maker.Make([1, 2, 3, 4, 5, 6, 7, 8], 0);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], made.Tokens.ToArray());
        Assert.Equal([false, false, false, false, false, false, true, true], made.LossMask.ToArray());
    }

    [Fact]
    public void Restore_OfAnything_IsTheDocument()
    {
        Random random = new(4);
        TokenDenoiser maker = new(new TokenDenoiserOptions
        {
            SentinelIds = [.. Enumerable.Range(900, 100).Reverse()], ModeTokens = Modes, BeginningOfSentence = 1, EndOfSentence = 2, Seed = 9,
        });
        for (int i = 0; i < 500; i++)
        {
            // Documents that hold mode, beginning and end tokens themselves.
            int[] document = [.. Enumerable.Range(0, 2 + random.Next(i < 400 ? 40 : 4000)).Select(_ => random.Next(5) == 0 ? 200 + random.Next(6) : 1 + random.Next(20))];
            TokenSequence made = maker.Make(document, i);
            Assert.Equal(document, maker.Restore(made));
            Assert.Equal(made.Tokens.ToArray(), maker.Make(document, i).Tokens.ToArray());
            int target = made.LossMask.Span.IndexOf(true);
            Assert.DoesNotContain(false, made.LossMask[target..].ToArray());

            // Tokens: the document once, two of each sentinel used, mode, beginning and end.
            int sentinels = made.Tokens.ToArray().Count(token => token >= 900);
            int mode = made.Tokens.Span[1] == 201 ? 1 : 2;
            Assert.Equal(document.Length + sentinels + mode + 2, made.Length);
        }
    }

    [Fact]
    public void Make_LongDocument_HasNoMoreGapsThanSentinels()
    {
        TokenDenoiser maker = new(new TokenDenoiserOptions { SentinelIds = [.. Enumerable.Range(900, 100)], Denoisers = Denoiser.T5 });
        int[] document = [.. Enumerable.Range(0, 32_000).Select(i => i % 800)];
        TokenSequence made = maker.Make(document, 0);
        Assert.Equal(200, made.Tokens.ToArray().Count(token => token >= 900));
        Assert.Equal(document, maker.Restore(made));
    }

    [Fact]
    public void Make_BadInput_SaysWhy()
    {
        TokenDenoiser maker = new(new TokenDenoiserOptions { SentinelIds = [900] });
        Assert.Contains("1 tokens", Assert.Throws<ArgumentException>("document", () => maker.Make([5], 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Token 1 of the document is 900", Assert.Throws<ArgumentException>("document", () => maker.Make([5, 900, 6], 0)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("made", () => maker.Restore(new TokenSequence(new[] { 1, 2 }, new bool[2])));
        string message = Assert.Throws<ArgumentException>(() => new TokenDenoiser(new TokenDenoiserOptions
        {
            SentinelIds = [3, -1, 3], ModeTokens = new Dictionary<DenoisingMode, IReadOnlyList<int>> { [DenoisingMode.Regular] = [5], [DenoisingMode.Extreme] = [5, 6] },
        })).Message;
        foreach (string part in (string[])["holds an id twice", "holds -1", "ModeTokens[Regular] is the beginning of ModeTokens[Extreme]", "none for Sequential"])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Denoise_AsOperator_NumbersWhatItMakesAndResumes()
    {
        TokenDenoiserOptions options = new() { SentinelIds = [900, 901], EndOfSentence = 2 };
        TokenSequence[] documents = [.. Enumerable.Range(0, 7).Select(i => new TokenSequence(Enumerable.Range(10 * i, i == 3 ? 1 : 9).ToArray()))];
        List<string> walk = Walks.AssertResumesAnywhere(() => DataSource.FromList(documents, seed: null).Denoise(options));
        TokenDenoiser maker = new(options);
        Assert.Equal(6, walk.Count); // the one of a single token is left out
        Assert.Equal(Walks.Text(maker.Make(documents[4].Tokens.Span, 3)), walk[3]);
        Assert.Throws<ArgumentException>(() => DataSource.FromList(documents, seed: null).Denoise(new TokenDenoiserOptions { SentinelIds = [900, 901], EndOfSentence = 3 })
            .Restore(DataSource.FromList(documents, seed: null).Denoise(options).Capture()));
    }
}
