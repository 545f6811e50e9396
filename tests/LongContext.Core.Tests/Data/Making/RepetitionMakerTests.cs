using LongContext.Data.Examples;
using LongContext.Data.Operators;

namespace LongContext.Data.Making;

public sealed class RepetitionMakerTests
{
    [Fact]
    public void Make_Document_AsksForItsLastWords()
    {
        RepetitionMaker maker = new(new RepetitionOptions { MinimumCount = 3, MaximumCount = 3 });
        PromptExample made = maker.Make("one  two\nthree four\t five ", 0);
        Assert.Equal("Return last 3 words from this text: \n\none  two\nthree four\t five ", made.Prompt);
        Assert.Equal("\n\nthree four five", made.Completion);
        Assert.Equal("3", made.Properties["count"]);
    }

    [Fact]
    public void Make_DocumentWithMarker_TakesTheFewestWordsThatStandOnlyOnce()
    {
        // Single words stand twice or at the end; "b b" and "a c", say, stand once.
        RepetitionMaker maker = new(new RepetitionOptions { Form = RepeatedWords.AfterMarker, MinimumCount = 2, MaximumCount = 2 });
        const string Document = "a b b c a c a b d";
        for (int i = 0; i < 60; i++)
        {
            PromptExample made = maker.Make(Document, i);
            string marker = made.Properties["marker"];
            string padded = $" {Document} ";
            int at = padded.IndexOf($" {marker} ", StringComparison.Ordinal);
            Assert.Equal(-1, padded.IndexOf($" {marker} ", at + 1, StringComparison.Ordinal));
            string[] after = padded[(at + marker.Length + 2)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal($"\n\n{after[0]} {after[1]}", made.Completion);
            Assert.StartsWith($"Return the 2 words after \"{marker}\" from this text: \n\n", made.Prompt, StringComparison.Ordinal);
            if (marker.Contains(' ', StringComparison.Ordinal)) Assert.Contains($" {marker[..marker.LastIndexOf(' ')]} ", padded[..(at + 1)] + padded[(at + 2)..], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(RepeatedWords.Last)]
    [InlineData(RepeatedWords.AfterMarker)]
    public void Make_RandomWords_AnswersRightAtTheLengthDrawn(RepeatedWords form)
    {
        RepetitionMaker maker = new(new RepetitionOptions { Form = form, Tokenizer = PieceTokenizer.Subword, MinimumTokens = 300, MaximumTokens = 900, BeforeAnswer = " => " });
        HashSet<int> lengths = [];
        for (int i = 0; i < 60; i++)
        {
            PromptExample made = maker.Make(i);
            Assert.Equal(made, maker.Make(i));
            int tokens = PieceTokenizer.Subword.CountTokens(made.Prompt + made.Completion);
            Assert.Equal(tokens.ToString(), made.Properties["tokens"]);
            Assert.InRange(tokens, 300 - 4, 900); // a word has at most 3 pieces (of three letters, the longest of 8)
            lengths.Add(tokens);
            string[] text = made.Prompt.Split("\n\n")[1].Split(' '), answer = made.Completion[4..].Split(' ');
            int start = form == RepeatedWords.Last ? text.Length - answer.Length : Array.IndexOf(text, made.Properties["marker"]) + 1;
            Assert.Equal(text[start..(start + answer.Length)], answer);
        }

        Assert.True(lengths.Count > 30);
    }

    [Fact]
    public void Make_DocumentTooLong_IsCutToFit()
    {
        string document = string.Join(' ', Enumerable.Range(0, 5000).Select(i => $"w{i}"));
        RepetitionMaker maker = new(new RepetitionOptions { Tokenizer = PieceTokenizer.WordLevel, MaximumTokens = 1000, MinimumTokens = 1 });
        PromptExample made = maker.Make(document, 3);
        Assert.InRange(PieceTokenizer.WordLevel.CountTokens(made.Prompt + made.Completion), 980, 1000);
        Assert.EndsWith(made.Completion.Trim(), made.Prompt, StringComparison.Ordinal);
    }

    [Fact]
    public void Make_BadInput_SaysWhy()
    {
        Assert.Contains("Tokenizer", Assert.Throws<InvalidOperationException>(() => new RepetitionMaker().Make(0)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("document", () => new RepetitionMaker().Make(" ", 0));
        Assert.Throws<ArgumentException>("document", () => new RepetitionMaker(new RepetitionOptions { Form = RepeatedWords.AfterMarker }).Make("a a", 0));
        Assert.Throws<ArgumentException>("tokenCount", () => new RepetitionMaker(new RepetitionOptions { Tokenizer = PieceTokenizer.WordLevel, MinimumTokens = 3, MaximumTokens = 3 }).Make(0));
        string message = Assert.Throws<ArgumentException>(() => new RepetitionMaker(new RepetitionOptions
        {
            Form = (RepeatedWords)4, MinimumCount = 0, MaximumCount = -1, Template = "x", BeforeAnswer = null!, Words = ["a b", "a b"], MinimumTokens = 0, MaximumTokens = -1,
        })).Message;
        foreach (string part in (string[])["Form is 4", "MinimumCount is 0", "MaximumCount is -1", "Template is \"x\"", "BeforeAnswer is null", "Words has 2 words", "Words holds \"a b\"", "MinimumTokens is 0", "MaximumTokens is -1"])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sources_StoppedAnywhere_GoOn()
    {
        RepetitionOptions options = new() { Tokenizer = PieceTokenizer.WordLevel, MinimumTokens = 40, MaximumTokens = 80 };
        Assert.Equal(6, Walks.AssertResumesAnywhere(() => new RepetitionMaker(options).ToSource(6)).Count);
        TrainingExample[] texts = [.. Enumerable.Range(0, 6).Select(i => new TextExample(i == 2 ? "" : $"some words {i} and more"))];
        Assert.Equal(5, Walks.AssertResumesAnywhere(() => DataSource.FromList(texts, seed: null).AskToRepeat()).Count);
    }
}
