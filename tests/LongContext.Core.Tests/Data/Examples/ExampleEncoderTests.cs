using System.Text.Json;
using LongContext.Chat;
using LongContext.Core.Tests.Tokenization;
using LongContext.Packing;
using LongContext.Tokenization;

namespace LongContext.Data.Examples;

public sealed class ExampleEncoderTests
{
    private const string EndConfig = """{"bos_token": "<s>", "eos_token": "</s>"}""";

    /// <summary>Ids: 0 &lt;unk&gt;, 1 &lt;s&gt;, 2 &lt;/s&gt;, 3 to 258 bytes, then these: 259 ▁, 260 a, 261 b, 262 ▁a, 263 ▁b, 264 ab.</summary>
    private static readonly HuggingFaceTokenizer s_llama = TinyTokenizer.Load(TinyTokenizer.Llama(["▁", "a", "b", "▁a", "▁b", "ab"], "▁ a", "▁ b", "a b"), EndConfig);

    [Fact]
    public void Encode_Text_BeginsAndEndsAsTheTokenizerHasIt()
    {
        TokenSequence sequence = new ExampleEncoder(s_llama).Encode(new TextExample("a b"));
        Assert.Equal([1, 262, 263, 2], sequence.Tokens.ToArray());
        Assert.True(sequence.LossMask.IsEmpty);
        Assert.Equal([1, 262, 263], new ExampleEncoder(s_llama, options: new() { AddsEndOfSentence = false }).Encode(new TextExample("a b")).Tokens.ToArray());
        // An end that is there already does not come twice.
        Assert.Equal([1, 262, 2], new ExampleEncoder(s_llama).Encode(new TextExample("a</s>")).Tokens.ToArray());
        HuggingFaceTokenizer bare = TinyTokenizer.Load(TinyTokenizer.Bpe(["a", "b"], []));
        Assert.Equal([0, 1], new ExampleEncoder(bare).Encode(new TextExample("ab")).Tokens.ToArray());
    }

    [Fact]
    public void Encode_Prompt_CompletionGoesOnWithoutABlankNobodyWrote()
    {
        // "a" | "b": the prompt as it is asked, ▁a; then b, neither ▁b (what b alone would be) nor joined with the prompt to ▁ ab.
        TokenSequence sequence = new ExampleEncoder(s_llama).Encode(new PromptExample("a", "b"));
        Assert.Equal([1, 262, 261, 2], sequence.Tokens.ToArray());
        Assert.Equal([false, false, true, true], sequence.LossMask.ToArray());
        Assert.Equal([1, 262, 263, 2], new ExampleEncoder(s_llama).Encode(new PromptExample("a", " b")).Tokens.ToArray());
        // Nothing in front: the completion begins the text.
        Assert.Equal([1, 263, 2], new ExampleEncoder(s_llama).Encode(new PromptExample("", "b")).Tokens.ToArray());
        // A completion that joins with nothing and begins with the very character that it is encoded behind.
        Assert.Equal([1, 262, 3 + 10, 261, 2], new ExampleEncoder(s_llama).Encode(new PromptExample("a", "\nb")).Tokens.ToArray());
    }

    [Fact]
    public void Constructor_FormatWhoseEndTheTokenizerLacks_IsRefused()
    {
        string message = Assert.Throws<ArgumentException>("tokenizer", () => new ExampleEncoder(s_llama, ChatFormat.Named("chatml"))).Message;
        Assert.Contains("<|im_end|>", message, StringComparison.Ordinal);
        Assert.Contains("chatml", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_PromptLearned_EveryTokenCounts()
    {
        TokenSequence sequence = new ExampleEncoder(s_llama, options: new() { LearnsPrompts = true }).Encode(new PromptExample("a", "b"));
        Assert.Equal([1, 262, 261, 2], sequence.Tokens.ToArray());
        Assert.True(sequence.LossMask.IsEmpty);
    }

    [Fact]
    public void Encode_PromptThatCounts_EveryTokenCountsAndTheBorderStays()
    {
        // "bab" in one piece is ▁b ab; apart it is ▁b a | b.
        TokenSequence sequence = new ExampleEncoder(s_llama).Encode(new PromptExample("ba", "b") { PromptCounts = true });
        Assert.Equal([1, 263, 260, 261, 2], sequence.Tokens.ToArray());
        Assert.True(sequence.LossMask.IsEmpty);
        Assert.Equal([1, 263, 264, 2], new ExampleEncoder(s_llama).Encode(new TextExample("bab")).Tokens.ToArray());
    }

    [Fact]
    public void Encode_PostProcessorEndsTexts_TheEndStandsBehindTheCompletionAlone()
    {
        // The tokenizer itself puts </s> behind a text: between prompt and completion there is none, and at the end one.
        var json = TinyTokenizer.Llama(["▁", "a", "b", "▁a", "▁b"], "▁ a", "▁ b");
        json["post_processor"]!["single"]!.AsArray().Add(System.Text.Json.Nodes.JsonNode.Parse("""{"SpecialToken": {"id": "</s>", "type_id": 0}}"""));
        json["post_processor"]!["special_tokens"]!["</s>"] = System.Text.Json.Nodes.JsonNode.Parse("""{"id": "</s>", "ids": [2], "tokens": ["</s>"]}""");
        ExampleEncoder encoder = new(TinyTokenizer.Load(json, EndConfig));
        Assert.Equal([1, 262, 261, 2], encoder.Encode(new PromptExample("a", "b")).Tokens.ToArray());
        Assert.Equal([1, 262, 2], encoder.Encode(new TextExample("a")).Tokens.ToArray());
    }

    [Theory]
    [InlineData("llama2")]
    [InlineData("llama3_1")]
    [InlineData("qwen3")]
    public void Encode_PromptOfARealTokenizer_IsAskedExactlySoAndTheTextStaysWhole(string name)
    {
        HuggingFaceTokenizer tokenizer = TokenizerFolders.Load(name);
        ExampleEncoder encoder = new(tokenizer);
        string[] prompts = ["Question: what?\nAnswer:", "Once upon a time, ", "def f(x):\n", "  lead", "日本語の", "😀", "a\n\n", "### Response:", "x ="];
        string[] completions = [" yes", "yes", "\n\nNo.", "  two", "です。", "é", "\tx", " 42\n", "=", ")", ".", "0", "\n"];
        int whole = 0, all = 0;
        foreach (string prompt in prompts)
        {
            foreach (string completion in completions)
            {
                TokenSequence sequence = encoder.Encode(new PromptExample(prompt, completion));
                int[] tokens = sequence.Tokens.ToArray(), asked = tokenizer.Encode(prompt);
                int border = sequence.LossMask.Span.IndexOf(true);
                Assert.Equal(asked, tokens[..border]);
                Assert.DoesNotContain(false, sequence.LossMask.ToArray()[border..]);
                Assert.Equal(prompt + completion, Decoded(tokenizer, tokens));

                // The text in one piece, where it has a border there: the very same tokens.
                int[] piece = [.. tokenizer.Encode(prompt + completion), .. tokenizer.EndOfSentenceId is { } end ? new[] { end } : []];
                all++;
                if (!piece.AsSpan().StartsWith(asked)) continue;
                whole++;
                Assert.Equal(piece, tokens);
            }
        }

        Assert.InRange(whole, all / 2, all);
    }

    [Fact]
    public void Encode_Chat_IsTheFormatsTextWithItsMask()
    {
        ChatTurn[] turns = [ChatTurn.User("a"), ChatTurn.Assistant("b"), ChatTurn.User("a"), ChatTurn.Assistant("a b")];
        ChatFormat format = new BracketFormat();
        TokenSequence expected = format.Render(turns).Encode(s_llama), sequence = new ExampleEncoder(s_llama, format).Encode(new ChatExample(turns));
        Assert.Equal(expected.Tokens.ToArray(), sequence.Tokens.ToArray());
        Assert.Equal(expected.LossMask.ToArray(), sequence.LossMask.ToArray());
        Assert.Equal(2 * 2 + 1, sequence.LossMask.Span.Count(true));
        Assert.True(new ExampleEncoder(s_llama, format, new() { LearnsPrompts = true }).Encode(new ChatExample(turns)).LossMask.IsEmpty);
    }

    [Fact]
    public void Encode_AnswerThatDoesNotCount_IsReadOnly()
    {
        ChatTurn[] turns = [ChatTurn.User("a"), ChatTurn.Assistant("b") with { CountsInLoss = false }, ChatTurn.User("a"), ChatTurn.Assistant("a b")];
        TokenSequence all = new ExampleEncoder(s_llama, new BracketFormat()).Encode(new ChatExample([turns[0], ChatTurn.Assistant("b"), .. turns[2..]]));
        TokenSequence some = new ExampleEncoder(s_llama, new BracketFormat()).Encode(new ChatExample(turns));
        Assert.Equal(all.Tokens.ToArray(), some.Tokens.ToArray());
        int first = all.LossMask.Span.IndexOf(true);
        // The first answer, ▁b </s>, falls away; the second stays.
        Assert.Equal([.. Enumerable.Repeat(false, first + 2), .. all.LossMask.ToArray()[(first + 2)..]], some.LossMask.ToArray());
        Assert.Contains(true, some.LossMask.ToArray());
        TokenSequence prompts = new ExampleEncoder(s_llama, new BracketFormat(), new() { LearnsPrompts = true }).Encode(new ChatExample(turns));
        Assert.Equal(Enumerable.Range(0, prompts.Length).Select(i => i != first && i != first + 1), prompts.LossMask.ToArray());
    }

    [Fact]
    public void Encode_NothingToLearn_SaysSoAndWhere()
    {
        RecordOrigin origin = new("a.jsonl", 4);
        ExampleEncoder encoder = new(s_llama, new BracketFormat());
        Assert.Contains("a.jsonl, line 4 cannot be encoded: there is nothing to learn", Refused(encoder, new ChatExample([ChatTurn.User("a")])), StringComparison.Ordinal);
        Assert.Contains("the text has no tokens", Refused(encoder, new TextExample("")), StringComparison.Ordinal);
        Assert.Contains("the completion is empty", Refused(encoder, new PromptExample("a", "")), StringComparison.Ordinal);
        Assert.Contains("no chat format", Refused(new ExampleEncoder(s_llama), new ChatExample([ChatTurn.User("a")])), StringComparison.Ordinal);
        Assert.Contains("Turn 0 has the role \"judge\"", Refused(encoder, new ChatExample([new ChatTurn("judge", "a")])), StringComparison.Ordinal);
        Assert.Contains("nothing to learn", Refused(new ExampleEncoder(TinyTokenizer.Load(TinyTokenizer.Bpe(["a"], []))), new TextExample("a")), StringComparison.Ordinal);
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new ExampleEncoder(s_llama, null, new() { Rendering = new ChatRenderOptions { AddGenerationPrompt = true, ContinueFinalTurn = true } }));
        Assert.Contains("AddGenerationPrompt", fault.Message, StringComparison.Ordinal);
        Assert.Contains("ContinueFinalTurn", fault.Message, StringComparison.Ordinal);

        string Refused(ExampleEncoder encoder, TrainingExample example) =>
            Assert.Throws<ArgumentException>(() => encoder.Encode(example with { Origin = origin })).Message;
    }

    [Fact]
    public void TryEncode_GivesTokensOrTheFaultWithItsPlace()
    {
        ExampleEncoder encoder = new(s_llama);
        Assert.True(encoder.TryEncode(new TextExample("a b"), out TokenSequence? sequence, out DataFormatException? fault));
        Assert.Equal(encoder.Encode(new TextExample("a b")).Tokens.ToArray(), sequence.Tokens.ToArray());
        Assert.Null(fault);

        Assert.False(encoder.TryEncode(new ChatExample([ChatTurn.User("a"), ChatTurn.Assistant("b")]) { Origin = new RecordOrigin("a.jsonl", 4) }, out sequence, out fault));
        Assert.Null(sequence);
        Assert.Equal(("a.jsonl", 4), (fault.Path, fault.LineNumber));
        Assert.StartsWith("a.jsonl, line 4: it is a conversation, and the encoder has no chat format", fault.Message, StringComparison.Ordinal);
        Assert.False(encoder.TryEncode(new TextExample(""), out _, out fault));
        Assert.StartsWith("The example cannot be encoded: the text has no tokens", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryEncode_ToolsWhereTheFormatHasNoPlaceForThem_NamesTheFormatAndThePlace()
    {
        ChatExample example = new([ChatTurn.User("a"), ChatTurn.Assistant("b")])
        {
            Tools = [new ChatTool("f", null, JsonElement.Parse("{}"))],
            Origin = new RecordOrigin("a.jsonl", 4),
        };
        Assert.False(new ExampleEncoder(s_llama, new BracketFormat()).TryEncode(example, out _, out DataFormatException? fault));
        Assert.StartsWith("a.jsonl, line 4: The chat format \"", fault.Message, StringComparison.Ordinal);
        Assert.Contains("has no place for tools, and there are tools", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_TellsTokenizersFormatsAndOptionsApart()
    {
        HuggingFaceTokenizer other = TinyTokenizer.Load(TinyTokenizer.Llama(["▁", "a", "b", "▁a", "▁b", "ba"], "▁ a", "▁ b", "b a"), EndConfig);
        HuggingFaceTokenizer chat = TinyTokenizer.Load(TinyTokenizer.Llama(["▁", "a", "b", "▁a", "▁b", "ab", "<|im_end|>", "<|eot_id|>"], "▁ a", "▁ b", "a b"), EndConfig);
        string[] identities =
        [
            new ExampleEncoder(s_llama).Identity,
            new ExampleEncoder(other).Identity,
            new ExampleEncoder(s_llama, new BracketFormat()).Identity,
            new ExampleEncoder(chat, ChatFormat.Named("qwen2.5")).Identity,
            new ExampleEncoder(chat, ChatFormat.Named("llama3.1")).Identity,
            new ExampleEncoder(chat, ChatFormat.Named("llama3.1"), new() { Rendering = new() { Date = new DateOnly(2024, 1, 2) } }).Identity,
            new ExampleEncoder(chat, ChatFormat.Named("qwen3")).Identity,
            new ExampleEncoder(chat, ChatFormat.Named("qwen3"), new() { Rendering = new() { EnableThinking = false } }).Identity,
            new ExampleEncoder(s_llama, options: new() { LearnsPrompts = true }).Identity,
            new ExampleEncoder(s_llama, options: new() { AddsEndOfSentence = false }).Identity,
        ];
        Assert.Equal(identities.Length, identities.Distinct().Count());
        Assert.Equal(identities[0], new ExampleEncoder(TinyTokenizer.Load(TinyTokenizer.Llama(["▁", "a", "b", "▁a", "▁b", "ab"], "▁ a", "▁ b", "a b"), EndConfig)).Identity);
    }

    [Fact]
    public void Encode_Source_ResumesAtEveryItemUnderTheSameEncoderOnly()
    {
        TrainingExample[] examples = [.. Enumerable.Range(0, 9).Select(i => new TextExample(new string('a', i + 1)))];
        IDataSource<TokenSequence> Make() => DataSource.FromList(examples, seed: 2, epochs: 2).Encode(new ExampleEncoder(s_llama));
        int[] walk = [.. Make().Take().Select(sequence => sequence.Length)];
        Assert.Equal(18, walk.Length);
        for (int stop = 0; stop <= walk.Length; stop++)
        {
            IDataSource<TokenSequence> first = Make(), second = Make();
            first.Take(stop);
            second.Take(1);
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(walk[stop..], second.Take().Select(sequence => sequence.Length));
        }

        StreamState state = Make().Capture();
        IDataSource<TokenSequence> other = DataSource.FromList(examples, seed: 2, epochs: 2).Encode(new ExampleEncoder(s_llama, options: new() { AddsEndOfSentence = false }));
        Assert.Contains("encoder was", Assert.Throws<ArgumentException>(() => other.Restore(state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_BadExample_StopsBeforeItOrIsPassedOver()
    {
        TrainingExample bad = new ChatExample([ChatTurn.User("a")]) { Origin = new RecordOrigin("a.jsonl", 3) };
        TrainingExample[] examples = [new TextExample("a"), bad, new TextExample("b")];
        IDataSource<TokenSequence> source = DataSource.FromList(examples, seed: null).Encode(new ExampleEncoder(s_llama, new BracketFormat()));
        Assert.Single(source.Take(1));
        string before = Written(source.Capture());
        for (int attempt = 0; attempt < 2; attempt++)
        {
            DataFormatException fault = Assert.Throws<DataFormatException>(() => source.Next(TestContext.Current.CancellationToken));
            Assert.Equal(("a.jsonl", 3L), (fault.Path!, fault.LineNumber!.Value));
            Assert.StartsWith("a.jsonl, line 3: there is nothing to learn", fault.Message, StringComparison.Ordinal);
            Assert.Equal(before, Written(source.Capture()));
        }

        List<string> faults = [];
        IDataSource<TokenSequence> passing = DataSource.FromList(examples, seed: null).Encode(new ExampleEncoder(s_llama, new BracketFormat()), fault => faults.Add(fault.Message));
        Assert.Equal([[1, 262, 2], [1, 263, 2]], passing.Take().Select(sequence => sequence.Tokens.ToArray()));
        Assert.Single(faults);

        static string Written(StreamState state)
        {
            using TestSupport.TemporaryFolder folder = TestSupport.TestPaths.NewTemporaryFolder();
            state.Save(folder["state"]);
            return Convert.ToHexString(File.ReadAllBytes(folder["state"]));
        }
    }

    private static string Decoded(HuggingFaceTokenizer tokenizer, int[] tokens) => tokenizer.Decode(tokens, skipSpecialTokens: true);

    /// <summary>[a] and then the answer.</summary>
    private sealed class BracketFormat() : ChatFormat("bracket", "</s>")
    {
        protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
        {
            text.Append("<s>");
            for (int i = 0; i < turns.Count; i++)
            {
                if (turns[i].Role == "assistant") text.AppendAnswer(i, " " + turns[i].Content, "</s>");
                else text.Append("[").Append(turns[i].Content).Append("]");
            }
        }
    }
}
