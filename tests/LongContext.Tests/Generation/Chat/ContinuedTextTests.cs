using System.Text.RegularExpressions;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.TestSupport;
using LongContext.Tests.Generation.Grammars;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Answers in a form that go on with text, with a tokenizer that drops a text's first blank: decoded behind the text, they keep it.</summary>
public sealed class ContinuedTextTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answer_OneOfAList_IsSpelledAsItStandsThere()
    {
        using LongContextChatClient client = LongContextChatClient.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        string[] choices = ["yes", "no", "a dog"];
        for (int seed = 0; seed < 6; seed++)
        {
            var options = new ChatOptions { Temperature = 1, Seed = seed, AdditionalProperties = new() { [ChatOptionKeys.Choices] = choices } };
            // Without a template a chat's text is gone on with, too.
            Assert.Contains((await client.GetResponseAsync("I dreamed", options, Token)).Text, choices);
            options.AdditionalProperties[ChatOptionKeys.Completion] = true;
            Assert.Contains((await client.GetResponseAsync("I dreamed", options, Token)).Text, choices);
            options.AdditionalProperties = new() { [ChatOptionKeys.Pattern] = "(a|the) [a-z]{3}" };
            Assert.Matches(new Regex("^(a|the) [a-z]{3}$"), (await client.GetResponseAsync("I saw", options, Token)).Text);
            // Behind nothing but a special token the blank is dropped.
            options.AdditionalProperties = new() { [ChatOptionKeys.Choices] = choices, [ChatOptionKeys.PromptTokenIds] = new[] { 1 } };
            Assert.Contains((await client.GetResponseAsync([], options, Token)).Text, choices);
        }
    }

    [Fact]
    public void Load_AFolderThatIsNotThere_SaysWhereItLooked()
    {
        DirectoryNotFoundException e = Assert.Throws<DirectoryNotFoundException>(() => LongContextChatClient.Load("no/such/model"));
        Assert.All(["\"no/such/model\"", Path.GetFullPath("no/such/model")], part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Constraint_InAText_TakesNoBlankThatTheFormHasNot()
    {
        HuggingFaceTokenizer tokenizer = GrammarTokenizers.ByteFallback;
        CompiledGrammar grammar = TextGrammar.FromChoices(["a"], tokenizer).Texts;
        int blank = Id("▁"), letter = Id("a"), end = GrammarTokenizers.EndOf(tokenizer);
        Assert.True(new GrammarConstraint(grammar, [end]).TryAccept(blank));
        Assert.False(new GrammarConstraint(grammar, [end], isInText: true).TryAccept(blank));
        Assert.True(new GrammarConstraint(grammar, [end], isInText: true).TryAccept(letter));
        var scores = new float[tokenizer.VocabularySize];
        new GrammarConstraint(grammar, [end], isInText: true).Mask(scores);
        Assert.Equal((float.NegativeInfinity, 0f), (scores[blank], scores[letter]));
        // What comes behind a marker comes behind text.
        Assert.False(LateConstraint.Of(new GenerationOptions { Grammar = TextGrammar.FromChoices(["a"], tokenizer), GrammarBegins = 7 }, [end]) is { } late && late.TryAccept(7) && late.TryAccept(blank));

        int Id(string token) => tokenizer.TryGetTokenId(token, out int id) ? id : throw new InvalidOperationException(token);
    }
}
