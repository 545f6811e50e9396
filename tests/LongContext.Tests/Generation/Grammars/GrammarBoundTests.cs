using System.Diagnostics;
using System.Text;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Grammars;

/// <summary>What grammars may cost those who wait for the engine's thread meanwhile.</summary>
public sealed class GrammarBoundTests
{
    /// <summary>Of 200 patterns, each remembers for some fifty characters where its vowel stood: ten thousand places, and another set of them behind every token.</summary>
    private static readonly string Ambiguous = "=(" + string.Join('|', Enumerable.Range(0, 200).Select(i => $"[a-z ]*[{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}][a-z ]{{{40 + (i % 13)}}}x{i}")) + ")";

    [Fact]
    public void Mask_OfAStateThatLeadsToTooMany_EndsTheAnswerAlone()
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(TestPaths.RequireShared("tokenizers", "llama2"));
        TextGrammar grammar = TextGrammar.FromPattern(Ambiguous, tokenizer);
        var constraint = new GrammarConstraint(grammar.Texts, []);
        var random = new SplitMix64(6, 7);
        var scores = new float[tokenizer.VocabularySize];
        Assert.True(constraint.TryAccept(Letter(tokenizer, '=')));
        for (int i = 0; i < 60; i++) Assert.True(constraint.TryAccept(Letter(tokenizer, (char)('a' + random.NextInt(26)))));
        long before = Stopwatch.GetTimestamp();
        NoTokenAllowedException e = Assert.Throws<NoTokenAllowedException>(() => constraint.Mask(scores));
        TestContext.Current.SendDiagnosticMessage($"the bound of one mask is reached after {Stopwatch.GetElapsedTime(before).TotalMilliseconds:F0} ms");
        Assert.Contains("finding the tokens that may come next takes too long.", e.Message, StringComparison.Ordinal);
        // The grammar goes on for others, and for this one where it is simpler.
        GrammarState other = grammar.Texts.Start;
        Assert.NotNull(grammar.Texts.Allowed(other));
        Assert.True(new GrammarConstraint(grammar.Texts, []).TryAccept(Letter(tokenizer, '=')));
        Assert.False(grammar.IsMatch("=a"));
    }

    /// <summary>Bytes that all places treat alike lead to one state: what is looked at does not grow with the letters of a class. Here it is 34,000 places and nodes, and 396,000 where each byte is looked at.</summary>
    [Fact]
    public void Allowed_OfOverlappingPatterns_LooksAtEachStateOnce()
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(TestPaths.RequireShared("tokenizers", "llama2"));
        string few = string.Join('|', Enumerable.Range(0, 200).Select(i => $"[a-z]{{0,{i}}}[0-9]{{{i}}}x"));
        TextGrammar grammar = TextGrammar.FromPattern(few, tokenizer);
        long before = Stopwatch.GetTimestamp();
        grammar.Texts.Allowed(grammar.Texts.After(grammar.Texts.Start, Letter(tokenizer, 'a'))!, out long work);
        TestContext.Current.SendDiagnosticMessage($"{work} places and nodes in {Stopwatch.GetElapsedTime(before).TotalMilliseconds:F0} ms");
        Assert.InRange(work, 1, 100_000);
    }

    private static int Letter(HuggingFaceTokenizer tokenizer, char letter) =>
        TokenBytes.Of(tokenizer).Trie.Texts.Select((text, id) => (text, id)).First(pair => pair.text.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes([letter]))).id;
}
