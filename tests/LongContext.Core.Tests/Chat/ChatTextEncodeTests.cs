using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Core.Tests.Tokenization;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Chat;

/// <summary>Ids and loss masks of conversations.</summary>
[Trait(FixtureTraits.Name, FixtureTraits.Tokenizers)]
public sealed class ChatTextEncodeTests
{
    private static readonly ChatTurn[] Turns =
    [
        ChatTurn.System("Be brief."), ChatTurn.User(" What is 2+2?\n"), ChatTurn.Assistant("4, née \"four\" 😀"),
        ChatTurn.User("And  3+3, e\u0301?"), ChatTurn.Assistant("\n6\n"), ChatTurn.User(""), ChatTurn.Assistant("  "),
    ];

    [Theory]
    [InlineData("llama2", "llama2")]
    [InlineData("llama2", "mistral-v1")]
    [InlineData("llama2", "mistral-0.2")]
    [InlineData("llama3_1", "llama3")]
    [InlineData("llama3_1", "llama3.1")]
    [InlineData("qwen3", "qwen3")]
    [InlineData("qwen3", "qwen2.5")]
    public void Encode_RealTokenizer_IsTheWholeTextWithTheAnswersMarked(string tokenizer, string format)
    {
        HuggingFaceTokenizer bridge = TokenizerFolders.Load(tokenizer);
        ChatTurn[] turns = format == "mistral-0.2" ? Turns[1..] : Turns;
        ChatText text = ChatFormat.Named(format).Render(turns);
        TokenSequence sequence = text.Encode(bridge);
        Assert.Equal(bridge.Encode(text.Text, addSpecialTokens: false), sequence.Tokens.ToArray());
        Assert.Equal(text.AssistantSpans.Count, CheckRuns(bridge, text, sequence));
    }

    [Fact]
    public void Encode_BlanksAfterSpecialTokens_AreCountedRight()
    {
        HuggingFaceTokenizer bridge = TokenizerFolders.Load("llama2");
        foreach (string content in new[] { "x", " x", "  x", "▁x", " ▁ x", " " })
        {
            // Here the answer stands right after a special token, where the tokenizer puts a mark of its own in.
            var text = new MarkedFormat().Render([ChatTurn.User(content), ChatTurn.Assistant(content)]);
            TokenSequence sequence = text.Encode(bridge);
            int[] answer = [.. bridge.Encode("<s>" + content + "</s>", addSpecialTokens: false).Skip(1)];
            Assert.Equal(answer, Masked(sequence));
        }
    }

    [Fact]
    public void Encode_TokenAcrossTheBorder_Counts()
    {
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Bpe(["a", "b", "c", "ab"], ["a b"]));
        TokenSequence sequence = new AcrossFormat().Render([ChatTurn.User("ca"), ChatTurn.Assistant("bc"), ChatTurn.User("a")]).Encode(tokenizer);
        Assert.Equal([2, 3, 2, 0, 0], sequence.Tokens.ToArray());
        Assert.Equal([false, true, true, true, false], sequence.LossMask.ToArray());
    }

    [Theory]
    [InlineData("<h>", "rstrip", " \na", new[] { 4, 0, 5 }, new[] { false, true, true })]
    [InlineData("<h>", "rstrip", "\n ", new[] { 4, 5 }, new[] { false, true })]
    [InlineData("<h>\n", "rstrip", "a", new[] { 4, 0, 5 }, new[] { false, true, true })]
    [InlineData("<h>\n", "single_word", "a", new[] { 4, 2, 0, 5 }, new[] { false, false, true, true })]
    [InlineData("<h>\n", "single_word", "", new[] { 4, 5 }, new[] { false, true })] // the end token takes the line feed before it along
    public void Encode_SpecialTokenThatTakesWhiteSpaceAlong_CountsWhereItsTextStands(
        string opening, string flag, string answer, int[] ids, bool[] mask)
    {
        JsonObject json = TinyTokenizer.Bpe(["a", "b", "\n", " "], []);
        json["added_tokens"] = new JsonArray(TinyTokenizer.Added(4, "<h>", flag), TinyTokenizer.Added(5, "<e>", "lstrip"));
        ChatText text = new HeaderFormat(opening).Render([ChatTurn.Assistant(answer)]);
        TokenSequence sequence = text.Encode(TinyTokenizer.Load(json));
        Assert.Equal(ids, sequence.Tokens.ToArray());
        Assert.Equal(mask, sequence.LossMask.ToArray());
    }

    [Fact]
    public void Encode_NoAnswerOrNoTokens_MarksNothingOrThrows()
    {
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Bpe(["a", "b"], []));
        Assert.DoesNotContain(true, new AcrossFormat().Render([ChatTurn.User("ab")]).Encode(tokenizer).LossMask.ToArray());
        Assert.Throws<InvalidOperationException>(() => new AcrossFormat().Render([ChatTurn.User("")]).Encode(tokenizer));
        Assert.Throws<ArgumentNullException>(() => new AcrossFormat().Render([ChatTurn.User("a")]).Encode(null!));
    }

    [Theory]
    [InlineData("llama2", new[] { 2 })]
    [InlineData("llama3.1", new[] { 259, 2 })]
    public void FindStopTokenIds_TinyTokenizer_AreThoseItHas(string format, int[] expected)
    {
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Llama(["<|eot_id|>"]), """{"eos_token": "</s>"}""");
        Assert.Equal(expected, ChatFormat.Named(format).FindStopTokenIds(tokenizer));
    }

    [Fact]
    public void FindStopTokenIds_TokenizerOfAnotherModel_NamesTheToken()
    {
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Llama([]));
        ArgumentException fault = Assert.Throws<ArgumentException>(() => ChatFormat.Named("qwen3").FindStopTokenIds(tokenizer));
        Assert.Contains("no token \"<|im_end|>\"", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => ChatFormat.Named("qwen3").FindStopTokenIds(null!));
    }

    /// <summary>Every run of marked tokens decodes to the end of its answer, and begins no earlier than one token before it.</summary>
    private static int CheckRuns(HuggingFaceTokenizer tokenizer, ChatText text, TokenSequence sequence)
    {
        ReadOnlySpan<bool> mask = sequence.LossMask.Span;
        int runs = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            if (!mask[i]) continue;
            int start = i;
            while (i < mask.Length && mask[i]) i++;
            AssistantSpan span = text.AssistantSpans[runs++];
            string answer = text.Text[span.Start..span.End];
            string before = tokenizer.Decode(sequence.Tokens.Span[..start].ToArray());
            string marked = tokenizer.Decode(sequence.Tokens.Span[..i].ToArray())[before.Length..];
            Assert.EndsWith(answer.TrimStart(), marked, StringComparison.Ordinal);
            Assert.EndsWith(marked.TrimStart(), text.Text[..span.End], StringComparison.Ordinal);
            Assert.True(marked.Trim().Length == answer.Trim().Length, $"\"{marked}\" for \"{answer}\"");
        }

        return runs;
    }

    private static int[] Masked(TokenSequence sequence) =>
        [.. sequence.Tokens.ToArray().Where((_, i) => sequence.LossMask.Span[i])];

    private sealed class HeaderFormat(string opening) : ChatFormat("header", "<e>")
    {
        protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options) =>
            text.Append(opening).AppendAnswer(0, turns[0].Content, "<e>");
    }

    private sealed class MarkedFormat() : ChatFormat("marked", "</s>")
    {
        protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options) =>
            text.Append("<s>" + turns[0].Content + "<s>").AppendAnswer(1, turns[1].Content, "</s>");
    }

    private sealed class AcrossFormat() : ChatFormat("across", "a")
    {
        protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
        {
            for (int i = 0; i < turns.Count; i++)
            {
                if (turns[i].Role == "assistant") text.AppendAnswer(i, turns[i].Content, "a");
                else text.Append(turns[i].Content);
            }
        }
    }
}
