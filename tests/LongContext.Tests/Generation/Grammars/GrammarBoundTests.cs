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

    /// <summary>A repetition has its class, and its alternatives of one character, once in each repeat, however often the pattern says them.</summary>
    [Theory]
    [InlineData("[", "a", "]{1000}", true)]
    [InlineData("(", "a|", "a){1000}", true)]
    [InlineData("(a", "|", "){1000}", true)]
    [InlineData("(()", "|()", "){10000}", false)]
    public void FromPattern_TheSameManyTimesInARepetition_TakesNoMoreMemoryThanOnce(string before, string repeated, string behind, bool isTaken)
    {
        string pattern = before + string.Concat(Enumerable.Repeat(repeated, 60_000 / repeated.Length)) + behind;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (isTaken) Assert.True(TextGrammar.FromPattern(pattern, GrammarTokenizers.ByteLevel).IsMatch(new string('a', 1000)));
        else Assert.Contains("edges", Assert.Throws<ArgumentException>(() => TextGrammar.FromPattern(pattern, GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 150L << 20);
    }

    [Fact]
    public void FromPattern_ClassOfManyCharactersRepeated_IsSpelledOnce()
    {
        string every = string.Concat(Enumerable.Range(0, 6000).Select(i => (char)(0x4E00 + (2 * i))));
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TextGrammar grammar = TextGrammar.FromPattern($"[{every}]{{4000}}", GrammarTokenizers.ByteLevel);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 100L << 20);
        Assert.True(grammar.IsMatch(new string('\u4E02', 4000)));
        Assert.False(grammar.IsMatch(new string('\u4E03', 4000)));
    }

    /// <summary>What takes anything changes nothing, and what is copied again and again counts.</summary>
    [Theory]
    [InlineData("{}", "{}", true)]
    [InlineData("{\"x#\":1}", "{\"y\":1}", false)]
    public void FromSchema_ManyCombinationsOfALargeSchema_AreSoonTakenOrRefused(string any, string all, bool isTaken)
    {
        string schema = $$"""{{{string.Concat(Enumerable.Range(0, 4400).Select(i => $"\"k{i}\":0,"))}}"anyOf":[{{Many(any, 1000)}}],"allOf":[{{Many(all, 6000)}}]}""";
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (isTaken) Assert.True(JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel).IsMatch("[1]"));
        else Assert.Contains("more alternatives than can be followed", Assert.Throws<ArgumentException>(() => JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 500L << 20);

        static string Many(string each, int count) => string.Join(',', Enumerable.Range(0, count).Select(i => each.Replace("#", $"{i}", StringComparison.Ordinal)));
    }

    /// <summary>Guesses that are taken back have neither cost nor brought anything: an answer ends where it would without them.</summary>
    [Fact]
    public void Rollback_OfGuesses_LeavesWhatMayBeLookedAtAsItWas()
    {
        HuggingFaceTokenizer tokenizer = GrammarTokenizers.ByteLevel;
        var constraint = new GrammarConstraint(TextGrammar.FromPattern("x?([a-z]{3,40} )*[0-9]", tokenizer).Texts, []);
        var scores = new float[tokenizer.VocabularySize];
        long first = constraint.Credit;
        constraint.Mask(scores);
        Assert.True(constraint.TryAccept('x'));
        long before = constraint.Credit;
        for (int i = 0; i < 6; i++)
        {
            Assert.True(constraint.TryAccept('a'));
            constraint.Mask(scores);
        }

        constraint.Rollback(6);
        Assert.Equal(before, constraint.Credit);
        constraint.Mask(scores);
        Assert.InRange(constraint.Credit, 0, before - 1);
        constraint.Rollback(1);
        Assert.Equal(first, constraint.Credit);
    }

    /// <summary>What guesses have looked at is counted apart: they are no longer made once it is more than the answer may look at, until that is more.</summary>
    [Fact]
    public void MayGuess_AfterGuessesThatTookLong_IsFalseUntilTheAnswerMayLookAtMore()
    {
        HuggingFaceTokenizer tokenizer = GrammarTokenizers.ByteLevel;
        var scores = new float[tokenizer.VocabularySize];
        int x = Letter(tokenizer, 'x'), a = Letter(tokenizer, 'a');
        long spent = Guess(New(1 << 30));
        Assert.True(spent > 1);

        GrammarConstraint rich = New(spent), poor = New(spent - 1);
        Assert.Equal((spent, spent), (Guess(rich), Guess(poor)));
        Assert.True(rich.MayGuess);
        Assert.False(poor.MayGuess);
        Assert.Equal(spent - 1, poor.Credit); // the answer has all of its own
        var late = new LateConstraint(x, [], poor);
        Assert.False(late.MayGuess);
        Assert.True(poor.TryAccept(x));
        Assert.True(late.MayGuess);

        // The same grammar anew: what was found for one is known to the next.
        GrammarConstraint New(long credit) => new(TextGrammar.FromPattern("x?([a-z]{3,40} )*[0-9]", tokenizer).Texts, [], credit: credit);

        long Guess(GrammarConstraint constraint)
        {
            long sum = 0;
            for (int i = 0; i < 6; i++)
            {
                Assert.True(constraint.TryAccept(a));
                long before = constraint.Credit;
                constraint.Mask(scores);
                sum += before - constraint.Credit;
            }

            constraint.Rollback(6);
            return sum;
        }
    }

    private static int Letter(HuggingFaceTokenizer tokenizer, char letter) =>
        TokenBytes.Of(tokenizer).Trie.Texts.Select((text, id) => (text, id)).First(pair => pair.text.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes([letter]))).id;
}
