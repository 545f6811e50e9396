using System.Text;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Thoughts apart from answers.</summary>
public sealed class ReasoningTests : IDisposable
{
    private static readonly ChatFormat Thinks = ChatFormat.Named("qwen3"), AlwaysThinks = ChatFormat.Named("qwen3-thinking");

    private readonly CausalLanguageModel model = ChatModels.Model();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => model.Dispose();

    [Theory]
    [InlineData("<think>\nSo.\n</think>\n\nYes.", "So.", "Yes.")]
    [InlineData("\n <think>So.</think>Yes.", "So.", "Yes.")]
    [InlineData("<think>\n\n</think>\n\nYes.", "", "Yes.")]
    [InlineData("Yes.", "", "Yes.")]
    [InlineData("  \n Yes <think>no</think>", "", "  \n Yes <think>no</think>")]
    [InlineData("<think>a </thin </think>b</think>c <think>", "a </thin ", "b</think>c <think>")]
    [InlineData("<think>\na\n\nb", "a\n\nb", "")]
    [InlineData("<think>a\n</thi", "a\n</thi", "")]
    [InlineData("<thin", "", "<thin")]
    [InlineData(" \n", "", " \n")]
    [InlineData("<think>", "", "")]
    [InlineData("", "", "")]
    public void Splitter_HoweverTheTextIsCut_TellsTheSame(string text, string reasoning, string answer)
    {
        for (int seed = 0; seed < 40; seed++) Assert.Equal((reasoning, answer), Split(text, ReasoningStage.Before, seed));
    }

    [Theory]
    [InlineData("So.\n</think>\n\nYes.", "So.", "Yes.")]
    [InlineData("\n\nSo", "So", "")]
    [InlineData("</think>Yes.", "", "Yes.")]
    [InlineData("<think>twice</think>Yes.", "<think>twice", "Yes.")]
    public void Splitter_OfAPromptThatHasOpenedThem_BeginsWithThoughts(string text, string reasoning, string answer)
    {
        for (int seed = 0; seed < 40; seed++) Assert.Equal((reasoning, answer), Split(text, ReasoningStage.Thinking, seed));
    }

    [Fact]
    public void Splitter_OfAnyText_LosesNothingButTagsAndLineFeeds()
    {
        string[] parts = ["<think>", "</think>", "<", "</", "think", ">", "\n", " ", "a", "🦜", "</thi", "<thin"];
        for (int seed = 0; seed < 2_000; seed++)
        {
            var random = new SplitMix64(seed, 1);
            string text = string.Concat(Enumerable.Range(0, (int)(random.Next() % 12)).Select(_ => parts[(int)(random.Next() % (ulong)parts.Length)]));
            foreach (ReasoningStage stage in Enum.GetValues<ReasoningStage>())
            {
                (string reasoning, string answer) = Split(text, stage, seed);
                (string raw, string behind) = Split(text, stage, seed, keepsTags: true);
                Assert.Equal(text, raw + behind);
                Assert.Equal((answer, raw.EndsWith("</think>", StringComparison.Ordinal)), (raw.Length == 0 ? behind : behind.TrimStart('\n'), raw.Length > 0 && text.Contains("</think>", StringComparison.Ordinal)));
                Assert.Equal(Whole(text, stage), (reasoning, answer));
            }
        }
    }

    [Fact]
    public async Task Answer_OfAModelThatThinks_HasThoughtsApart()
    {
        const string written = "<think>\nGrüße? 🦜\n</think>\n\nHallo.";
        ChatResponse response = await Ask(written, Thinks);
        Assert.Equal(("Hallo.", "Grüße? 🦜"), (response.Text, Thoughts(response)));
        Assert.Equal([typeof(TextReasoningContent), typeof(TextContent)], response.Messages.Single().Contents.Select(content => content.GetType()));
        Assert.Equal((Encoding.UTF8.GetByteCount(written), ChatFinishReason.Stop), ((int)response.Usage!.OutputTokenCount!, response.FinishReason));

        // A stream has the same, piece by piece, in order.
        List<ChatResponseUpdate> updates = await Stream(written, Thinks);
        Assert.Equal(("Hallo.", "Grüße? 🦜"), (string.Concat(updates.Select(update => update.Text)), string.Concat(updates.SelectMany(update => update.Contents.OfType<TextReasoningContent>()).Select(each => each.Text))));
        Assert.True(updates.Count(update => update.Contents.OfType<TextReasoningContent>().Any()) > 5);
        Assert.True(updates.FindLastIndex(update => update.Contents.OfType<TextReasoningContent>().Any()) < updates.FindIndex(update => update.Text.Length > 0));
        Assert.Equal("Hallo.", updates.ToChatResponse().Text);

        // A template that opens the thoughts leaves the model to close them.
        response = await Ask("Hm.\n</think>\n\nNo.", AlwaysThinks);
        Assert.Equal(("No.", "Hm."), (response.Text, Thoughts(response)));
    }

    [Fact]
    public async Task Answer_CutWithinTheThoughts_HasNoText()
    {
        ChatResponse response = await Ask("<think>\nOn and on and on", Thinks, options: new ChatOptions { MaxOutputTokens = 12 });
        Assert.Equal(("", "On a", ChatFinishReason.Length), (response.Text, Thoughts(response), response.FinishReason));
        response = await Ask("On and on", AlwaysThinks, options: new ChatOptions { MaxOutputTokens = 5 });
        Assert.Equal(("", "On an", ChatFinishReason.Length), (response.Text, Thoughts(response), response.FinishReason));
        // A stop string counts in thoughts too.
        response = await Ask("<think>\nOn and on</think>x", Thinks, options: new ChatOptions { StopSequences = ["and"] });
        Assert.Equal(("", "On ", ChatFinishReason.Stop), (response.Text, Thoughts(response), response.FinishReason));
    }

    [Fact]
    public async Task Answer_WhereNobodyThinks_IsTextAsItWas()
    {
        const string written = "<think>a</think>b";
        Assert.Equal(written, (await Ask(written, ChatModels.Format)).Text);
        Assert.Equal(written, (await Ask(written, format: null)).Text);
        // A text that goes on is no answer.
        Assert.Equal(written, (await Ask(written, Thinks, options: new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.Completion] = true } })).Text);
        // Switched off by the client, by a request; and on again.
        var raw = new LongContextChatClientOptions { SeparatesReasoning = false };
        Assert.Equal(written, (await Ask(written, Thinks, raw)).Text);
        Assert.Equal(written, (await Ask(written, Thinks, options: Separating(false))).Text);
        Assert.Equal("b", (await Ask(written, Thinks, raw, Separating(true))).Text);
        using LongContextChatClient one = ChatModels.Scripted(model, new ScriptedGenerator(), format: Thinks), other = ChatModels.Scripted(model, new ScriptedGenerator(), format: Thinks, options: raw);
        Assert.NotEqual(one.ToEvaluationModel().Identity, other.ToEvaluationModel().Identity);
        // Held to a form from its first token on, where no one token ends the thoughts: nothing of it is a thought.
        ChatResponse json = await Ask("""{"a":1}""", AlwaysThinks, options: new ChatOptions { ResponseFormat = ChatResponseFormat.Json });
        Assert.Equal(("""{"a":1}""", null), (json.Text, Thoughts(json)));

        static ChatOptions Separating(bool value) => new() { AdditionalProperties = new() { [ChatOptionKeys.SeparateReasoning] = value } };
    }

    [Fact]
    public async Task Answer_WithASchema_BeginsBehindTheThoughtsThatThePromptHasOpened()
    {
        HuggingFaceTokenizer tokenizer = WithTag();
        Assert.True(tokenizer.TryGetTokenId("</think>", out int closing));
        var asked = new ChatOptions { ResponseFormat = ChatResponseFormat.Json };
        var generator = new ScriptedGenerator([.. ChatModels.Bytes("Hm."), closing, .. ChatModels.Bytes("{}")]);
        using LongContextChatClient client = ChatModels.Scripted(model, generator, tokenizer, AlwaysThinks);
        ChatResponse response = await client.GetResponseAsync("x", asked, Token);
        Assert.Equal(("{}", "Hm.", closing), (response.Text, Thoughts(response), generator.Asked.Single().Options.GrammarBegins));
        // Where the model would open them itself, the form holds from the beginning.
        generator = new ScriptedGenerator(ChatModels.Bytes("{}"));
        using LongContextChatClient open = ChatModels.Scripted(model, generator, tokenizer, Thinks);
        Assert.Equal("{}", (await open.GetResponseAsync("x", asked, Token)).Text);
        Assert.Null(generator.Asked.Single().Options.GrammarBegins);

        // A prompt that has closed them leaves none: the form begins at once, and so do calls that are required.
        generator = new ScriptedGenerator(ChatModels.Bytes("{}"));
        using LongContextChatClient closed = ChatModels.Scripted(model, generator, tokenizer, Thinks);
        asked.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None };
        Assert.Equal("{}", (await closed.GetResponseAsync("x", asked, Token)).Text);
        Assert.Null(generator.Asked.Single().Options.GrammarBegins);
        asked = new ChatOptions { Reasoning = asked.Reasoning, ToolMode = ChatToolMode.RequireAny, Tools = [AIFunctionFactory.Create(() => "now", "get_time")] };
        using CausalLanguageModel wide = ChatModels.Model(window: 4096); // what the model is told of a function is long in bytes
        foreach (bool thinks in new[] { true, false })
        {
            generator = new ScriptedGenerator(ChatModels.Bytes("<tool_call>\n{\"name\": \"get_time\", \"arguments\": {}}\n</tool_call>"));
            using LongContextChatClient calling = ChatModels.Scripted(wide, generator, tokenizer, Thinks);
            asked.Reasoning.Effort = thinks ? ReasoningEffort.Medium : ReasoningEffort.None;
            Assert.Equal("get_time", (await calling.GetResponseAsync("x", asked, Token)).Messages.Single().Contents.OfType<FunctionCallContent>().Single().Name);
            CompiledGrammar grammar = generator.Asked.Single().Options.AnswerGrammar!;
            Assert.Equal(thinks, grammar.IsMatch("<think>\nHm.\n</think>\n\n<tool_call>\n{\"name\": \"get_time\", \"arguments\": {}}\n</tool_call>"));
            Assert.True(grammar.IsMatch("<tool_call>\n{\"name\": \"get_time\", \"arguments\": {}}\n</tool_call>"));
        }

        // And with a model, alone and in an engine: free, then the form.
        int[] prompt = [1, 2, 3];
        var options = new GenerationOptions { MaximumNewTokens = 60, Temperature = 1, Seed = 3, Grammar = JsonGrammar.FromSchema("""{"const":"yes"}""", tokenizer), GrammarBegins = closing, LogitBias = new Dictionary<int, double> { [closing] = 4 } };
        int[] alone = new TextGenerator(model).Generate(prompt, options, Token);
        Assert.Equal("\"yes\"", tokenizer.Decode(alone[(Array.IndexOf(alone, closing) + 1)..]));
        using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 256, Threads = 1 });
        Assert.Equal(alone, (await engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Options = options }, Token)).Tokens);
    }

    [Fact]
    public async Task Thoughts_NotAskedFor_AreLeftOut()
    {
        var options = new ChatOptions { Reasoning = new ReasoningOptions { Output = ReasoningOutput.None }, AdditionalProperties = new() { [ChatOptionKeys.LogProbabilities] = true } };
        List<ChatResponseUpdate> updates = await Stream("<think>\nab\n</think>\n\ncd", Thinks, options);
        Assert.Equal("cd", string.Concat(updates.Select(update => update.Text)));
        Assert.Empty(updates.SelectMany(update => update.Contents.OfType<TextReasoningContent>()));
        string shown = string.Concat(updates.SelectMany(update => update.GetLogProbabilities() ?? []).Select(token => token.Token));
        Assert.EndsWith("cd", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("ab", shown, StringComparison.Ordinal);
        Assert.Equal(23, updates[^1].Contents.OfType<UsageContent>().Single().Details.OutputTokenCount);

        // Where they are, their tokens' probabilities come too, each once.
        updates = await Stream("<think>\nab\n</think>\n\ncd", Thinks, new ChatOptions { AdditionalProperties = options.AdditionalProperties });
        Assert.Equal("<think>\nab\n</think>\n\ncd", string.Concat(updates.SelectMany(update => update.GetLogProbabilities() ?? []).Select(token => token.Token)));
    }

    [Fact]
    public async Task History_WithThoughts_GoesBackToTheTemplate()
    {
        ChatMessage thought = new(ChatRole.Assistant, [new TextReasoningContent("Because."), new TextContent("Yes")]);
        ChatOptions goesOn = new() { AdditionalProperties = new() { [ChatOptionKeys.ContinueFinalMessage] = true } };
        var generator = new ScriptedGenerator(ChatModels.Bytes(", <think>no</think>"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: Thinks);
        ChatResponse response = await client.GetResponseAsync([new(ChatRole.User, "Why?"), thought], goesOn, Token);
        string prompt = ChatModels.Tokenizer.Decode(generator.Asked.Single().Prompt)!;
        Assert.EndsWith("<think>\nBecause.\n</think>\n\nYes", prompt, StringComparison.Ordinal);
        // The thoughts are over; what looks like more of them is text.
        Assert.Equal((", <think>no</think>", null), (response.Text, Thoughts(response)));

        // An answer that is gone on with in the midst of its thoughts.
        generator = new ScriptedGenerator(ChatModels.Bytes("der.</think>Done"));
        using LongContextChatClient midst = ChatModels.Scripted(model, generator, format: Thinks);
        response = await midst.GetResponseAsync([new(ChatRole.User, "Why?"), new(ChatRole.Assistant, "<think>\nI won")], goesOn, Token);
        Assert.Equal(("Done", "der."), (response.Text, Thoughts(response)));

        // What a user says of tags opens none.
        generator = new ScriptedGenerator(ChatModels.Bytes("It opens."));
        using LongContextChatClient asked = ChatModels.Scripted(model, generator, format: Thinks);
        Assert.Equal("It opens.", (await asked.GetResponseAsync("What is <think>", cancellationToken: Token)).Text);
    }

    [Fact]
    public void Formats_ThatThink_SayHow()
    {
        string[] thinking = [.. ChatFormat.KnownNames.Where(name => ChatFormat.Named(name).ReasoningTags is not null)];
        Assert.Equal(["deepseek-r1", "granite-3.2", "granite-3.3", "qwen3", "qwen3-thinking", "smollm3"], thinking.Order(StringComparer.Ordinal));
        Assert.Null(ChatFormat.Named("chatml").ReasoningTags);
        Assert.Throws<ArgumentException>("Closing", () => new ReasoningTags("<a>", " "));
        Assert.Throws<ArgumentException>("Opening", () => new ReasoningTags("", "</a>"));
    }

    /// <summary>A tokenizer that has a token for the end of thoughts.</summary>
    private static HuggingFaceTokenizer WithTag()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        ChatModels.Write(folder.Path);
        string path = folder["tokenizer.json"];
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 260, ["content"] = "</think>", ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = false });
        File.WriteAllText(path, json.ToJsonString());
        return HuggingFaceTokenizer.Load(folder.Path);
    }

    /// <summary>The definition, over the whole text.</summary>
    private static (string Reasoning, string Answer) Whole(string text, ReasoningStage stage)
    {
        if (stage == ReasoningStage.Before)
        {
            if (!text.TrimStart().StartsWith("<think>", StringComparison.Ordinal)) return ("", text);
            text = text.TrimStart()["<think>".Length..];
            stage = ReasoningStage.Thinking;
        }
        else if (stage == ReasoningStage.Answering)
        {
            return ("", text);
        }

        text = text.TrimStart('\n');
        int end = text.IndexOf("</think>", StringComparison.Ordinal);
        return end < 0 ? (text, "") : (text[..end].TrimEnd('\n'), text[(end + "</think>".Length)..].TrimStart('\n'));
    }

    private static (string Reasoning, string Answer) Split(string text, ReasoningStage stage, int seed, bool keepsTags = false)
    {
        var splitter = new ReasoningSplitter(ReasoningTags.Think, stage);
        if (keepsTags) splitter = splitter.KeepingTags();
        StringBuilder reasoning = new(), answer = new();
        var random = new SplitMix64(seed, 0);
        for (int at = 0; at < text.Length;)
        {
            int count = seed == 0 ? text.Length : Math.Min(text.Length - at, 1 + (int)(random.Next() % 4));
            Take(splitter.Add(text.Substring(at, count)));
            at += count;
        }

        Take(splitter.Flush());
        return (reasoning.ToString(), answer.ToString());

        void Take((string Reasoning, string Text) parts)
        {
            reasoning.Append(parts.Reasoning);
            answer.Append(parts.Text);
        }
    }

    private static string? Thoughts(ChatResponse response) => response.Messages.Single().Contents.OfType<TextReasoningContent>().SingleOrDefault()?.Text;

    private async Task<ChatResponse> Ask(string written, ChatFormat? format, LongContextChatClientOptions? own = null, ChatOptions? options = null)
    {
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(ChatModels.Bytes(written)), format: format, options: own);
        return await client.GetResponseAsync("x", options, Token);
    }

    private async Task<List<ChatResponseUpdate>> Stream(string written, ChatFormat? format, ChatOptions? options = null)
    {
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(ChatModels.Bytes(written)), format: format);
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("x", options, Token)) updates.Add(update);
        return updates;
    }
}
