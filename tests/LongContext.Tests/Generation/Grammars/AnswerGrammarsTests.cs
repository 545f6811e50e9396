using LongContext.Evaluation;
using LongContext.Generation;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Grammars;

/// <summary>Which of the grammars that were asked for are kept.</summary>
public sealed class AnswerGrammarsTests
{
    [Fact]
    public void Of_MoreThanAreKept_LetsGoOfThoseNobodyAskedForLately()
    {
        var grammars = new AnswerGrammars(GrammarTokenizers.ByteLevel);
        GenerationGrammar first = Get(grammars, "a0")!, second = Get(grammars, "a1")!;
        for (int i = 2; i < 32; i++) Get(grammars, $"a{i}");
        Assert.Same(first, Get(grammars, "a0"));
        Get(grammars, "b");
        Assert.Equal(32, grammars.Count);
        Assert.Same(first, Get(grammars, "a0"));
        Assert.NotSame(second, Get(grammars, "a1"));
    }

    /// <summary>Some 15,000 nodes are more than a megabyte.</summary>
    [Fact]
    public void Of_LargeOnes_KeepsNoMoreThanTheBytes()
    {
        var grammars = new AnswerGrammars(GrammarTokenizers.ByteLevel, mostBytes: 5 << 20);
        GenerationGrammar? last = null;
        for (int i = 0; i < 8; i++) last = Get(grammars, $"{i}([ab]c){{7000}}");
        Assert.InRange(grammars.Count, 1, 4);
        Assert.Same(last, Get(grammars, "7([ab]c){7000}"));
        // The one that is asked for stays, whatever it takes.
        Get(grammars, "([ab]c){10000}([bd]e){10000}([bd]f){10000}([bd]g){10000}");
        Assert.Equal(1, grammars.Count);
    }

    private static GenerationGrammar? Get(AnswerGrammars grammars, string pattern) =>
        grammars.Of(ChatRequestOptions.Read(new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.Pattern] = pattern } }, "m", 300));
}
