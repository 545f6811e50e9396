using LongContext.Evaluation.Strategies;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

public class PromptTruncationTests
{
    // One token a letter, apart from "ab": the two ends can grow together at the seam.
    private static readonly Tokenizer Letters = CuttingTokenizers.Get("bytes");

    private static EvaluationPrompt Question { get; } = new() { System = "s", Before = "xy", Context = "0123456789", After = "?!", AnswerPrefix = "A:" };

    [Theory]
    [InlineData(14, "xy0123456789?!")]
    [InlineData(13, "xy01236789?!")] // 12 of 13: an odd maximum gives one away
    [InlineData(12, "xy01236789?!")]
    [InlineData(5, "xy?!")]
    [InlineData(2, "x!")]
    public void Middle_HalvesOfTheMaximum_AreKeptAtBothEnds(int maximum, string expected)
    {
        EvaluationPrompt cut = PromptTruncation.Middle.Fit(Question, Letters, maximum);
        Assert.Equal(expected, cut.Text);
        Assert.Equal(("s", "A:"), (cut.System, cut.AnswerPrefix));
        Assert.Equal(maximum == 14, ReferenceEquals(cut, Question));
        if (maximum < 14) Assert.Equal("?!", cut.Query);
    }

    [Theory]
    [InlineData(13, "xy01236789?!", "xy012356789?!")]
    [InlineData(12, "xy01236789?!", "xy01236789?!")]
    [InlineData(5, "xy?!", "xy9?!")]
    [InlineData(1, null, "!")]
    public void MiddleJoined_OddMaximum_KeepsOneMoreAtTheEnd(int maximum, string? apart, string joined)
    {
        Assert.Equal(joined, PromptTruncation.MiddleJoined.Fit(Question, Letters, maximum).Text);
        if (apart is null) Assert.Throws<PromptTooLongException>(() => PromptTruncation.Middle.Fit(Question, Letters, maximum));
        else Assert.Equal(apart, PromptTruncation.Middle.Fit(Question, Letters, maximum).Text);
    }

    [Fact]
    public void MiddleKinds_TokensThatAreHalfACharacter_DifferInHowTheyAreDecoded()
    {
        // é is two bytes, which are a token each: cut there, each half is undecodable by itself, and together they are the letter again.
        EvaluationPrompt prompt = EvaluationPrompt.FromText("xéyyyyéz");
        Assert.Equal("x\uFFFD\uFFFDz", PromptTruncation.Middle.Fit(prompt, Letters, 4).Text);
        Assert.Equal("xéz", PromptTruncation.MiddleJoined.Fit(prompt, Letters, 4).Text);
    }

    [Fact]
    public void Middle_LlamaTokenizer_CountsTheBeginningOfSentenceAndLeavesItOutAsTheScriptDoes()
    {
        // <s>, the blank before the text and ten letters are 12 tokens; of 8 the first half is <s>, the blank and two letters.
        HuggingFaceTokenizer tokenizer = (HuggingFaceTokenizer)CuttingTokenizers.Get("llama");
        EvaluationPrompt prompt = EvaluationPrompt.FromText("cacbcacbca");
        int[] ids = tokenizer.Encode(prompt.Text);
        Assert.Equal(12, ids.Length);
        Assert.Same(prompt, PromptTruncation.Middle.Fit(prompt, tokenizer, 12));
        Assert.Equal(
            tokenizer.Decode(ids[..4], skipSpecialTokens: true) + tokenizer.Decode(ids[^4..], skipSpecialTokens: true),
            PromptTruncation.Middle.Fit(prompt, tokenizer, 9).Text);
        Assert.Equal("cacbca", PromptTruncation.Middle.Fit(prompt, tokenizer, 8).Text);
    }

    [Fact]
    public void MiddleOfText_LlamaTokenizer_CountsNoSpecialTokens()
    {
        // The blank before the text and ten letters are 11 tokens; of 8 the first half is the blank and three letters.
        HuggingFaceTokenizer tokenizer = (HuggingFaceTokenizer)CuttingTokenizers.Get("llama");
        EvaluationPrompt prompt = EvaluationPrompt.FromText("cacbcacbca");
        Assert.Same(prompt, PromptTruncation.MiddleOfText.Fit(prompt, tokenizer, 11));
        Assert.Equal("caccbca", PromptTruncation.MiddleOfText.Fit(prompt, tokenizer, 8).Text);
    }

    [Theory]
    [MemberData(nameof(CuttingTokenizers.Decoding), MemberType = typeof(CuttingTokenizers))]
    public void MiddleKinds_AnyTokenizer_AreTheDecodedEndsOfTheTokens(string name)
    {
        Tokenizer tokenizer = CuttingTokenizers.Get(name);
        for (int seed = 0; seed < 20; seed++)
        {
            string text = name == "bpe" ? string.Concat(Enumerable.Repeat($"the {seed} winter, ", 5)) : CuttingTokenizers.Text(seed, 30);
            IReadOnlyList<int> ids = tokenizer is HuggingFaceTokenizer ours ? ours.Encode(text) : tokenizer.EncodeToIds(text);
            for (int maximum = ids.Count - 1; maximum > 1; maximum -= 3)
            {
                string middle = PromptTruncation.Middle.Fit(EvaluationPrompt.FromText(text), tokenizer, maximum).Text;
                string joined = PromptTruncation.MiddleJoined.Fit(EvaluationPrompt.FromText(text), tokenizer, maximum).Text;
                int half = maximum / 2;
                Assert.Equal(Plain(ids.Take(half)) + Plain(ids.TakeLast(half)), middle);
                Assert.Equal(Plain(ids.Take(half).Concat(ids.TakeLast(maximum - half))), joined);
            }
        }

        string Plain(IEnumerable<int> ids) => tokenizer switch
        {
            HuggingFaceTokenizer ours => ours.Decode(ids, skipSpecialTokens: true),
            SentencePieceTokenizer pieces => pieces.Decode(ids, considerSpecialTokens: false),
            _ => tokenizer.Decode(ids)!,
        };
    }

    [Theory]
    [InlineData(14, "0123456789")]
    [InlineData(13, "012345678")]
    [InlineData(5, "0")]
    [InlineData(4, "")]
    public void ContextEnd_TooLong_CutsTheContextAlone(int maximum, string expected)
    {
        EvaluationPrompt cut = PromptTruncation.ContextEnd.Fit(Question, Letters, maximum);
        Assert.Equal(Question with { Context = expected }, cut);
    }

    [Theory]
    [InlineData(14, "0123456789")]
    [InlineData(13, "012356789")] // of nine the odd one is at the end
    [InlineData(6, "09")]
    [InlineData(5, "9")]
    [InlineData(4, "")]
    public void ContextMiddle_TooLong_KeepsBothEndsOfTheContext(int maximum, string expected) =>
        Assert.Equal(Question with { Context = expected }, PromptTruncation.ContextMiddle.Fit(Question, Letters, maximum));

    [Fact]
    public void ContextKinds_QuestionAloneTooLong_Throw()
    {
        foreach (PromptTruncation kind in new[] { PromptTruncation.ContextEnd, PromptTruncation.ContextMiddle, PromptTruncation.None })
        {
            string message = Assert.Throws<PromptTooLongException>(() => kind.Fit(Question, Letters, 3)).Message;
            Assert.Contains("14 tokens", message);
            Assert.Throws<PromptTooLongException>(() => kind.Fit(EvaluationPrompt.FromText("abc"), Letters, 1));
        }
    }

    [Theory]
    [MemberData(nameof(CuttingTokenizers.All), MemberType = typeof(CuttingTokenizers))]
    public void ContextKinds_AnyTokenizerAndText_FitWhenCountedAgainAndKeepWholeCharacters(string name)
    {
        Tokenizer tokenizer = CuttingTokenizers.Get(name);
        for (int seed = 0; seed < 12; seed++)
        {
            string text = name == "bpe" ? string.Concat(Enumerable.Repeat($"the {seed} winter, string\n", 12)) : CuttingTokenizers.Text(seed, 60);
            EvaluationPrompt prompt = new() { Before = "the\n", Context = text, After = " ab" };
            int tokens = tokenizer.CountTokens(prompt.Text), least = tokenizer.CountTokens(prompt.Before + prompt.After);
            for (int maximum = tokens; maximum >= least; maximum -= 7)
            {
                string end = PromptTruncation.ContextEnd.Fit(prompt, tokenizer, maximum).Context;
                string middle = PromptTruncation.ContextMiddle.Fit(prompt, tokenizer, maximum).Context;
                Assert.InRange(tokenizer.CountTokens(prompt.Before + end + prompt.After), 0, maximum);
                Assert.InRange(tokenizer.CountTokens(prompt.Before + middle + prompt.After), 0, maximum);
                Assert.StartsWith(end, text, StringComparison.Ordinal);
                int common = 0;
                while (common < middle.Length && middle[common] == text[common]) common++;
                Assert.EndsWith(middle[common..], text, StringComparison.Ordinal);
                Assert.DoesNotContain('\uFFFD', string.Concat(end.EnumerateRunes()) + string.Concat(middle.EnumerateRunes()));

                // Not much less than fits: a character of four bytes and what grows together at the seams.
                if (name is not "lower") Assert.InRange(tokenizer.CountTokens(prompt.Before + end + prompt.After), Math.Min(maximum - 6, tokens), maximum);
            }
        }
    }

    [Fact]
    public void AtMost_LimitUnderTheModels_IsTheLimit()
    {
        PromptTruncation kind = PromptTruncation.Middle.AtMost(6);
        Assert.Equal("middle, at most 6 tokens", kind.Name);
        Assert.Equal("xy09?!", kind.Fit(Question, Letters, 100).Text);
        Assert.Equal("xy?!", kind.Fit(Question, Letters, 4).Text);
        Assert.Throws<ArgumentOutOfRangeException>(() => PromptTruncation.Middle.AtMost(0));
    }

    [Fact]
    public void Kinds_BadArguments_Throw()
    {
        PromptTruncation[] kinds = [PromptTruncation.None, PromptTruncation.Middle, PromptTruncation.MiddleJoined, PromptTruncation.ContextEnd, PromptTruncation.ContextMiddle];
        Assert.Equal(["none", "middle", "middle joined", "context end", "context middle"], kinds.Select(kind => kind.Name));
        foreach (PromptTruncation kind in kinds)
        {
            Assert.Throws<ArgumentNullException>(() => kind.Fit(null!, Letters, 5));
            Assert.Throws<ArgumentNullException>(() => kind.Fit(Question, null!, 5));
            Assert.Throws<PromptTooLongException>(() => kind.Fit(Question, Letters, 0));
            Assert.Throws<PromptTooLongException>(() => kind.Fit(Question, Letters, -3));
        }
    }
}
