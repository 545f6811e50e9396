using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Functions that answers call.</summary>
public sealed class ToolTests : IDisposable
{
    private const string Call = "<tool_call>\n{\"name\": \"get\", \"arguments\": {\"city\": \"Köln\"}}\n</tool_call>", Other = "<tool_call>\n{\"name\": \"get\", \"arguments\": {\"city\": \"Bonn\"}}\n</tool_call>";
    private const string BareCall = """{"name": "get", "parameters": {"city": "Köln"}}""";
    private static readonly ToolFormat Hermes = new(ToolCallSyntax.Hermes), Thinks = new(ToolCallSyntax.Hermes, ReasoningTags.Think);
    private static readonly AIFunctionDeclaration Get = Function("get", """{"type":"object","properties":{"city":{"enum":["Bonn","Köln"]}},"required":["city"]}""");

    private readonly CausalLanguageModel model = ChatModels.Model(window: 4096);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ChatOptions Asked => new() { Tools = [Get] };

    public void Dispose() => model.Dispose();

    [Fact]
    public async Task Answer_ThatCalls_HasTheCallsBehindItsText()
    {
        string written = $"Let me see.\n{Call}\n{Other}";
        ChatResponse response = await Ask(written, Hermes, Asked);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Equal("Let me see.", response.Text);
        Assert.Equal([typeof(TextContent), typeof(FunctionCallContent), typeof(FunctionCallContent)], response.Messages.Single().Contents.Select(content => content.GetType()));
        FunctionCallContent[] calls = Calls(response);
        Assert.Equal([("get", "Köln"), ("get", "Bonn")], calls.Select(call => (call.Name, call.Arguments!["city"]?.ToString())));
        Assert.NotEqual(calls[0].CallId, calls[1].CallId);
        Assert.Equal(Encoding.UTF8.GetByteCount(written), (int)response.Usage!.OutputTokenCount!);

        // Calls alone have no text beside them.
        response = await Ask(Call, Hermes, Asked);
        Assert.IsType<FunctionCallContent>(Assert.Single(response.Messages.Single().Contents));
        // An answer that calls nothing is as ever, and what looks like a call and is none is text.
        response = await Ask("No <tool_call> here.", Hermes, Asked);
        Assert.Equal(("No <tool_call> here.", ChatFinishReason.Stop), (response.Text, response.FinishReason));
        // So is a call where no functions were named.
        Assert.Equal(Call, (await Ask(Call, Hermes, null)).Text);
        Assert.Equal(Call, (await Ask(Call, Hermes, new ChatOptions { Tools = [Get], ToolMode = ChatToolMode.None })).Text);
    }

    [Fact]
    public async Task Answer_WithTextBehindCalls_KeepsTheOrderOfTheModel()
    {
        string written = $"<think>Hm.</think>First. {Call} Then.\n{Other}\nDone.";
        var generator = new AnsweringGenerator(written, written, "x", "x");
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, Thinks, null, generator);
        string[] expected = ["Hm.", "First.", "Köln", "Then.", "Bonn", "Done."];
        ChatResponse whole = await client.GetResponseAsync("x", Asked, Token), streamed = await client.GetStreamingResponseAsync("x", Asked, Token).ToChatResponseAsync(Token);
        Assert.Equal(expected, Said(whole));
        Assert.Equal(expected, Said(streamed));
        Assert.Equal([typeof(TextReasoningContent), typeof(TextContent), typeof(FunctionCallContent), typeof(TextContent), typeof(FunctionCallContent), typeof(TextContent)], whole.Messages.Single().Contents.Select(content => content.GetType()));

        // Templates write calls behind all text; both ways have the same history.
        foreach (ChatResponse response in (ChatResponse[])[whole, streamed])
        {
            IEnumerable<AIContent> results = Calls(response).Select(call => new FunctionResultContent(call.CallId, "1"));
            await client.GetResponseAsync([new(ChatRole.User, "x"), .. response.Messages, new(ChatRole.Tool, [.. results])], Asked, Token);
            Assert.Contains($"<|im_start|>assistant\nFirst.\nThen.\nDone.{Call}\n{Other}<|im_end|>", ChatModels.Tokenizer.Decode(generator.Prompts[^1]), StringComparison.Ordinal);
        }

        static IEnumerable<string?> Said(ChatResponse response) => response.Messages.Single().Contents.Select(content => content switch
        {
            TextReasoningContent thought => thought.Text,
            FunctionCallContent call => call.Arguments!["city"]?.ToString(),
            _ => ((TextContent)content).Text,
        });
    }

    [Fact]
    public async Task Stream_GivesACallAsSoonAsItIsWhole()
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes($"So: {Call}\n{Other}"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: Hermes);
        List<(AIContent Content, int Given)> seen = [];
        ChatFinishReason? reason = null;
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("x", Asked, Token))
        {
            seen.AddRange(update.Contents.Select(content => (content, generator.Given)));
            reason = update.FinishReason ?? reason;
        }

        Assert.Equal("So:", string.Concat(seen.Select(each => each.Content).OfType<TextContent>().Select(text => text.Text)));
        int[] given = [.. seen.Where(each => each.Content is FunctionCallContent).Select(each => each.Given)];
        Assert.Equal(2, given.Length);
        Assert.True(given[0] <= Encoding.UTF8.GetByteCount($"So: {Call}") && given[1] <= generator.Given, string.Join(' ', given));
        Assert.Equal(ChatFinishReason.ToolCalls, reason);
        Assert.Single(seen, each => each.Content is UsageContent);
    }

    [Fact]
    public async Task Answer_WhereOneCallMayBe_EndsBehindIt()
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes($"{Call}\n{Other} and more"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: Hermes);
        ChatOptions one = Asked;
        one.AllowMultipleToolCalls = false;
        ChatResponse response = await client.GetResponseAsync("x", one, Token);
        Assert.Equal(("Köln", "", ChatFinishReason.ToolCalls), (Calls(response).Single().Arguments!["city"]?.ToString(), response.Text, response.FinishReason));
        Assert.True(generator.Closed && generator.Given <= Encoding.UTF8.GetByteCount(Call));
        Assert.Equal(generator.Given, (int)response.Usage!.OutputTokenCount!);
    }

    [Fact]
    public async Task Answer_CutWithinACall_IsTextAndSaysSo()
    {
        ChatOptions cut = Asked;
        cut.MaxOutputTokens = Encoding.UTF8.GetByteCount(Call) + 30;
        ChatResponse response = await Ask($"{Call}\n{Other}", Hermes, cut);
        Assert.Equal((1, "<tool_call>\n{\"name\": \"get\", \""[..29], ChatFinishReason.Length), (Calls(response).Length, response.Text, response.FinishReason));
        // A stop string counts in calls as well.
        ChatOptions stopped = Asked;
        stopped.StopSequences = ["Kö"];
        response = await Ask(Call, Hermes, stopped);
        Assert.Equal(("<tool_call>\n{\"name\": \"get\", \"arguments\": {\"city\": \"", ChatFinishReason.Stop), (response.Text, response.FinishReason));
    }

    [Fact]
    public async Task Answer_OfAModelThatThinks_CallsBehindItsThoughts()
    {
        ChatResponse response = await Ask($"<think>\nI could {Other}\n</think>\n\n{Call}", Thinks, Asked);
        Assert.Equal([typeof(TextReasoningContent), typeof(FunctionCallContent)], response.Messages.Single().Contents.Select(content => content.GetType()));
        Assert.Equal("Köln", Calls(response).Single().Arguments!["city"]?.ToString());
        Assert.Equal($"I could {Other}", response.Messages.Single().Contents.OfType<TextReasoningContent>().Single().Text);
        // And where they are not to be seen.
        ChatOptions hides = Asked;
        hides.Reasoning = new ReasoningOptions { Output = ReasoningOutput.None };
        Assert.IsType<FunctionCallContent>(Assert.Single((await Ask($"<think>\n{Other}</think>{Call}", Thinks, hides)).Messages.Single().Contents));
    }

    [Fact]
    public async Task Answer_ThatOpensByASpecialToken_IsSeen()
    {
        HuggingFaceTokenizer tokenizer = WithSpecial("[TOOL_CALLS]");
        Assert.True(tokenizer.TryGetTokenId("[TOOL_CALLS]", out int opening));
        var format = new ToolFormat(ToolCallSyntax.MistralNemo);
        const string list = """[{"name": "get", "arguments": {"city": "Köln"}}, {"name": "get", "arguments": {"city": "Bonn"}}]""";
        var generator = new ScriptedGenerator([.. ChatModels.Bytes("Gr\u00fc\u00dfe! "), opening, .. ChatModels.Bytes(list)]);
        using LongContextChatClient client = ChatModels.Scripted(model, generator, tokenizer, format);
        ChatResponse response = await client.GetResponseAsync("x", Asked, Token);
        Assert.Equal(("Grüße!", 2), (response.Text, Calls(response).Length));
        Assert.All(Calls(response), call => Assert.Equal(9, call.CallId.Length));
        // The grammar takes that token for its text; text that only looks like it is another token's.
        GenerationOptions options = generator.Asked.Single().Options;
        Assert.True(options.AnswerGrammar!.IsMatch("[TOOL_CALLS]" + list));
        Assert.NotNull(options.AnswerGrammar.After(options.AnswerGrammar.Start, opening));
        Assert.Null(options.AnswerGrammar.After(options.AnswerGrammar.After(options.AnswerGrammar.Start, opening)!, 'x'));
        // Where no functions are named, it is left out as other special tokens are.
        Assert.Equal("Grüße! " + list, (await client.GetResponseAsync("x", cancellationToken: Token)).Text);
    }

    [Fact]
    public async Task Answer_WithLogProbabilities_HasThoseOfACallsTokens()
    {
        ChatOptions options = Asked;
        options.AdditionalProperties = new() { [ChatOptionKeys.LogProbabilities] = true };
        string written = $"So: {Call}";
        ChatResponse response = await Ask(written, Hermes, options);
        Assert.Equal(ChatModels.Bytes(written), response.GetLogProbabilities()!.Select(token => token.TokenId));
        Assert.Single(Calls(response));
    }

    [Fact]
    public async Task Prompt_HasFunctionsCallsAndResults()
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes("Sunny."));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: Hermes);
        ChatMessage[] messages =
        [
            new(ChatRole.User, "How is it?"),
            new(ChatRole.Assistant, [new TextReasoningContent("Hm."), new TextContent("Let me see."), new FunctionCallContent("a", "get", new Dictionary<string, object?> { ["city"] = "Köln", ["days"] = new[] { 1, 2 }, ["none"] = null }), new FunctionCallContent("b", "get")]),
            new(ChatRole.Tool, [new FunctionResultContent("b", "warm"), new FunctionResultContent("a", new { sky = "blue" })]),
            new(ChatRole.Assistant, [new FunctionCallContent("c", "fail", new Dictionary<string, object?> { ["x"] = JsonElement.Parse("1.50") })]),
            new(ChatRole.Tool, [new FunctionResultContent("c", null) { Exception = new InvalidOperationException("secret") }]),
        ];
        await client.GetResponseAsync(messages, new ChatOptions { Tools = [Get], Instructions = "Be short." }, Token);
        string prompt = ChatModels.Tokenizer.Decode(generator.Asked.Single().Prompt);
        Assert.Equal(
            """
            tool get (Does get.) {"type":"object","properties":{"city":{"enum":["Bonn","Köln"]}},"required":["city"]}
            <|im_start|>system
            Be short.<|im_end|>
            <|im_start|>user
            How is it?<|im_end|>
            <|im_start|>assistant
            Let me see.<tool_call>
            {"name": "get", "arguments": {"city": "Köln", "days": [1, 2], "none": null}}
            </tool_call>
            <tool_call>
            {"name": "get", "arguments": {}}
            </tool_call><|im_end|>
            <|im_start|>tool get b
            warm<|im_end|>
            <|im_start|>tool get a
            {"sky":"blue"}<|im_end|>
            <|im_start|>assistant
            <tool_call>
            {"name": "fail", "arguments": {"x": 1.5}}
            </tool_call><|im_end|>
            <|im_start|>tool fail c
            Error: Function failed.<|im_end|>
            <|im_start|>assistant

            """.ReplaceLineEndings("\n"), prompt.Replace("1.50", "1.5", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prompt_OfResultsThatAreContents_HasTheirText()
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes("Sunny."));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: Hermes);
        ChatMessage call = new(ChatRole.Assistant, [new FunctionCallContent("a", "get"), new FunctionCallContent("b", "get")]);
        await client.GetResponseAsync([new(ChatRole.User, "x"), call, new(ChatRole.Tool, [new FunctionResultContent("a", new TextContent("warm")), new FunctionResultContent("b", new AIContent[] { new TextContent("1"), new TextContent("{}") })])], Asked, Token);
        string prompt = ChatModels.Tokenizer.Decode(generator.Asked.Single().Prompt);
        Assert.Contains("tool get a\nwarm<|im_end|>\n<|im_start|>tool get b\n1\n{}<|im_end|>", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_ThatCannotBe_IsRefusedByName()
    {
        ChatMessage user = new(ChatRole.User, "x");
        ChatMessage call = new(ChatRole.Assistant, [new FunctionCallContent("a", "get")]);
        await Refused<NotSupportedException>([user], new ChatOptions { Tools = [Get, new HostedWebSearchTool()] }, "Tools[1] is a HostedWebSearchTool");
        await Refused<ArgumentException>([user], new ChatOptions { Tools = [Get, Get] }, "\"get\"");
        await Refused<ArgumentException>([user], new ChatOptions { Tools = [Function("a b", "{}")] }, "Tools[0]");
        await Refused<ArgumentException>([user], new ChatOptions { ToolMode = ChatToolMode.RequireAny }, "requires a call");
        await Refused<ArgumentException>([user], new ChatOptions { Tools = [Get], ToolMode = ChatToolMode.RequireSpecific("set") }, "\"set\"");
        Assert.Equal("f", (await Refused<FunctionSchemaException>([user], new ChatOptions { Tools = [Get, Function("f", """{"minProperties":1}""", strict: true)] }, "\"f\" is strict")).FunctionName);
        Assert.Equal("f", (await Refused<FunctionSchemaException>([user], new ChatOptions { Tools = [Function("f", """{"type":"array"}""", strict: true)] }, "\"f\" is strict")).FunctionName);
        await Refused<FunctionSchemaException>([user], new ChatOptions { Tools = [Function("f", """{"minProperties":1}""")], AdditionalProperties = new() { ["strict"] = true } }, "\"f\" is strict");
        await Refused<NotSupportedException>([user], new ChatOptions { Tools = [Get], AdditionalProperties = new() { [ChatOptionKeys.Completion] = true } }, ChatOptionKeys.Completion);
        await Refused<NotSupportedException>([user, call], new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.Completion] = true } }, "a function's call");
        await RefusedBy<NotSupportedException>(null, [user], Asked, "no chat format");
        await RefusedBy<NotSupportedException>(ChatModels.Format, [user], Asked, "\"chatml\"");
        await Refused<ArgumentException>([new(ChatRole.User, [new FunctionCallContent("a", "get")])], null, "only an assistant");
        await Refused<ArgumentException>([user, call, new(ChatRole.User, [new FunctionResultContent("a", "x")])], null, "Message 2 is the user's");
        await Refused<ArgumentException>([user, call, new(ChatRole.Tool, [new FunctionResultContent("b", "x")])], null, "\"b\"");
        await Refused<ArgumentException>([user, call, new(ChatRole.Tool, "x")], null, "Message 2");
        await Refused<ArgumentException>([user, new(ChatRole.Tool, [new FunctionResultContent("a", "x")]), call], null, "Message 1");
        await Refused<ArgumentException>([user, new(ChatRole.Assistant, [new FunctionCallContent("a", "get"), new FunctionCallContent("a", "get")])], null, "Message 1 has two calls");
        await Refused<ArgumentException>([user, new(ChatRole.Assistant, [new FunctionCallContent("a", "get", new Dictionary<string, object?> { ["x"] = new Action(() => { }) })])], null, "Message 1 has a call of \"get\"");
        await Refused<ArgumentException>([user, call, new(ChatRole.Tool, [new FunctionResultContent("a", new Action(() => { }))])], null, "Message 2 has a result");
        await Refused<ArgumentException>([user, call, new(ChatRole.Tool, [new FunctionResultContent("a", new AIContent[] { new TextContent("1"), new DataContent(new byte[1], "image/png") })])], null, "holds a DataContent");

        Task<T> Refused<T>(ChatMessage[] messages, ChatOptions? options, string part)
            where T : Exception => RefusedBy<T>(Hermes, messages, options, part);

        async Task<T> RefusedBy<T>(ChatFormat? format, ChatMessage[] messages, ChatOptions? options, string part)
            where T : Exception
        {
            using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(), format: format);
            T e = await Assert.ThrowsAsync<T>(() => client.GetResponseAsync(messages, options, Token));
            Assert.Contains(part, e.Message, StringComparison.Ordinal);
            return e;
        }
    }

    [Fact]
    public async Task Request_Tools_BecomeAGrammar()
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes("x"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: Hermes);
        AIFunctionDeclaration set = Function("set", "{}");
        ChatOptions[] asked =
        [
            new() { Tools = [Get, set] }, new() { Tools = [Get, set], ToolMode = ChatToolMode.RequireAny }, new() { Tools = [Get, set], ToolMode = ChatToolMode.RequireSpecific("set") },
            new() { Tools = [Get, set], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false }, new() { Tools = [Get, set], ResponseFormat = ChatResponseFormat.Json }, new() { Tools = [Get, set] },
            new() { Tools = [Get, set], ToolMode = ChatToolMode.None },
        ];
        foreach (ChatOptions options in asked) await client.GetResponseAsync("x", options, Token);
        Assert.All(generator.Asked, each => Assert.Null(each.Options.Grammar));
        string setCall = Call.Replace("\"get\"", "\"set\"", StringComparison.Ordinal), wrong = Call.Replace("Köln", "Rome", StringComparison.Ordinal);
        string[] texts = ["Hi.", Call, setCall, $"Hi. {Call}\n{setCall}", $"{Call}\n{setCall}", wrong, "{\"a\": 1}"];
        Assert.Equal(["1111101", "0110100", "0010000", "0110000", "0110101", "1111101"], generator.Asked.SkipLast(1).Select(each => string.Concat(texts.Select(text => each.Options.AnswerGrammar!.IsMatch(text) ? '1' : '0'))));
        // The same functions again have the same grammar; where none may be called, there is none.
        Assert.Same(generator.Asked[0].Options.AnswerGrammar, generator.Asked[5].Options.AnswerGrammar);
        Assert.Null(generator.Asked[6].Options.AnswerGrammar);
        Assert.DoesNotContain("tool get", ChatModels.Tokenizer.Decode(generator.Asked[6].Prompt), StringComparison.Ordinal);
        // All of them are told of, even where one is required.
        Assert.Contains("tool get", ChatModels.Tokenizer.Decode(generator.Asked[2].Prompt), StringComparison.Ordinal);

        // A format that has no words for where a call begins leaves answers free, unless one is required or a function is strict.
        using LongContextChatClient bare = ChatModels.Scripted(model, generator, format: new ToolFormat(ToolCallSyntax.Llama3));
        await bare.GetResponseAsync("x", asked[0], Token);
        await bare.GetResponseAsync("x", asked[1], Token);
        await bare.GetResponseAsync("x", new ChatOptions { Tools = [Get, Function("set", "{}", strict: true)] }, Token);
        string[] answers = ["Hi.", BareCall, BareCall.Replace("Köln", "Rome", StringComparison.Ordinal), "{\"a\": 1}"];
        Assert.Null(generator.Asked[^3].Options.AnswerGrammar);
        Assert.Equal(["0100", "1101"], generator.Asked.TakeLast(2).Select(each => string.Concat(answers.Select(text => each.Options.AnswerGrammar!.IsMatch(text) ? '1' : '0'))));
    }

    [Fact]
    public async Task Request_WhoseThoughtsAreText_HoldsCallsInThemToo()
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes($"<think>{Call}</think>"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: Thinks);
        string wrong = Call.Replace("Köln", "Rome", StringComparison.Ordinal);
        foreach (bool separates in (bool[])[true, false])
        {
            ChatOptions options = Asked;
            options.AdditionalProperties = new() { [ChatOptionKeys.SeparateReasoning] = separates };
            Assert.Equal(separates ? 0 : 1, Calls(await client.GetResponseAsync("x", options, Token)).Length);
            CompiledGrammar grammar = generator.Asked[^1].Options.AnswerGrammar!;
            Assert.Equal(separates, grammar.IsMatch($"<think>{wrong}"));
            Assert.True(grammar.IsMatch($"<think>Hm.</think>{Call}"));
            // What must be a call may be thought about all the same.
            options.ToolMode = ChatToolMode.RequireAny;
            await client.GetResponseAsync("x", options, Token);
            Assert.True(generator.Asked[^1].Options.AnswerGrammar!.IsMatch($"<think>Hm.</think>{Call}"));
        }
    }

    [Fact]
    public async Task Answer_ThatMustCallWithThoughtsAsText_CallsBehindThemOnly()
    {
        string wrong = Call.Replace("Köln", "Rome", StringComparison.Ordinal);
        const string later = "{\"a\": 1}";
        foreach ((string thoughts, string prompted) in new[] { ($"<think>\nI could {wrong} or\n\n{Other}\n</think>", ""), ($"Or {wrong}?</think>", "<think>\n"), ("", "") })
        {
            var format = new ToolFormat(ToolCallSyntax.Hermes, ReasoningTags.Think, prompted);
            foreach (ReasoningOutput output in (ReasoningOutput[])[ReasoningOutput.Full, ReasoningOutput.None])
            {
                ChatOptions options = Asked;
                (options.ToolMode, options.Reasoning) = (ChatToolMode.RequireAny, new ReasoningOptions { Output = output });
                options.AdditionalProperties = new() { [ChatOptionKeys.SeparateReasoning] = false, [ChatOptionKeys.LogProbabilities] = true };
                ChatResponse response = await Ask($"{thoughts}\n\n{Call}", format, options);
                Assert.Equal("Köln", Assert.Single(Calls(response)).Arguments!["city"]?.ToString());
                // As it was written, tags and all.
                Assert.Equal(thoughts, response.Text);
                Assert.DoesNotContain(response.Messages.Single().Contents, content => content is TextReasoningContent);
                Assert.Equal(Encoding.UTF8.GetByteCount($"{thoughts}\n\n{Call}"), response.GetLogProbabilities()!.Count);
            }

            // The same where the answer is of a form.
            ChatOptions formed = Asked;
            (formed.ResponseFormat, formed.AdditionalProperties) = (ChatResponseFormat.Json, new() { [ChatOptionKeys.SeparateReasoning] = false });
            ChatResponse other = await Ask(thoughts + later, format, formed);
            Assert.Equal((thoughts + later, 0), (other.Text, Calls(other).Length));
        }

        // Thoughts that do not end are text, and no call.
        ChatOptions cut = Asked;
        (cut.ToolMode, cut.MaxOutputTokens) = (ChatToolMode.RequireAny, 400);
        cut.AdditionalProperties = new() { [ChatOptionKeys.SeparateReasoning] = false };
        ChatResponse endless = await Ask($"<think>{Call}{Other}</thin", Thinks, cut);
        Assert.Equal(($"<think>{Call}{Other}</thin", 0), (endless.Text, Calls(endless).Length));
    }

    [Fact]
    public async Task Answer_WithAStrictFunctionAndNoOpening_IsHeldOnceItBeginsLikeACall()
    {
        HuggingFaceTokenizer tokenizer = ChatModels.Create("{\"name\"");
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 8192, Threads = 1 });
        using LongContextChatClient client = new(engine, tokenizer, new ToolFormat(ToolCallSyntax.Llama3));
        AIFunctionDeclaration get = Function("get", """{"type":"object","properties":{"city":{"enum":["Bonn","Köln"]}},"required":["city"],"additionalProperties":false}""", strict: true);
        AIFunctionDeclaration set = Function("set", """{"type":"object","properties":{},"additionalProperties":false}""");
        for (int seed = 0; seed < 4; seed++)
        {
            // The model would say nothing else.
            var options = new ChatOptions { Tools = [get, set], Temperature = 1, Seed = seed, MaxOutputTokens = 400, AdditionalProperties = new() { [ChatOptionKeys.LogitBias] = new Dictionary<int, double> { [256] = 50 } } };
            ChatResponse response = await client.GetResponseAsync("x", options, Token);
            FunctionCallContent call = Assert.Single(Calls(response));
            Assert.True(call.Name == "set" || call.Arguments!["city"]?.ToString() is "Köln" or "Bonn", response.Text);
            Assert.Equal(("", ChatFinishReason.ToolCalls), (response.Text, response.FinishReason));
            options.ToolMode = ChatToolMode.None;
            Assert.StartsWith("{\"name\"{\"name\"", (await client.GetResponseAsync("x", options, Token)).Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task FunctionInvocation_OverAScript_RunsToTheAnswer()
    {
        foreach (bool streams in (bool[])[false, true])
        {
            var generator = new AnsweringGenerator($"Let me see. {Call}\n{Other}", "Sunny.");
            using var own = new LongContextChatClient(model, ChatModels.Tokenizer, Hermes, null, generator);
            using IChatClient client = own.AsBuilder().UseFunctionInvocation().Build();
            List<string> cities = [];
            AIFunction get = AIFunctionFactory.Create(([Description("Where.")] string city) => { cities.Add(city); return city.Length; }, "get", "How it is.");
            var options = new ChatOptions { Tools = [get] };
            ChatResponse response = streams ? await client.GetStreamingResponseAsync("How is it?", options, Token).ToChatResponseAsync(Token) : await client.GetResponseAsync("How is it?", options, Token);
            Assert.Equal(["Köln", "Bonn"], cities);
            Assert.Equal("Sunny.", response.Messages[^1].Text);
            string prompt = ChatModels.Tokenizer.Decode(generator.Prompts[^1]);
            Assert.Contains($"Let me see.{Call}\n{Other}<|im_end|>", prompt, StringComparison.Ordinal);
            Assert.Equal(2, prompt.Split("<|im_start|>tool get ").Length - 1);
            Assert.Contains("\n4<|im_end|>", prompt, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task FunctionInvocation_OfARandomModel_CallsWithArgumentsThatFit()
    {
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 8192, Threads = 1 });
        using LongContextChatClient alone = new(model, ChatModels.Tokenizer, Thinks), together = new(engine, ChatModels.Tokenizer, Thinks);
        foreach (LongContextChatClient own in (LongContextChatClient[])[alone, together])
        {
            using IChatClient client = own.AsBuilder().UseFunctionInvocation().Build();
            for (int seed = 0; seed < 4; seed++)
            {
                int called = 0;
                AIFunction get = AIFunctionFactory.Create((Sky sky, int days, bool[]? nights) => { called++; return $"{sky} for {days}"; }, "get", "How it is.");
                AIFunction set = AIFunctionFactory.Create(() => { called++; return "done"; }, "set", "Sets it.");
                // Thoughts would never end.
                var options = new ChatOptions { Tools = [get, set], ToolMode = seed % 2 == 0 ? ChatToolMode.RequireAny : ChatToolMode.RequireSpecific("get"), Temperature = 1, Seed = seed, MaxOutputTokens = 300, AdditionalProperties = new() { [ChatOptionKeys.BadWords] = new[] { "<th" } } };
                ChatResponse response = await client.GetResponseAsync("How is it?", options, Token);
                FunctionResultContent[] results = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>()];
                FunctionCallContent[] calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
                Assert.True(called > 0 && calls.Length == called, $"{calls.Length} calls, {called} ran: {response.Messages[0].Text}");
                Assert.All(results, result => Assert.DoesNotContain("Error", result.Result?.ToString(), StringComparison.Ordinal));
                if (seed % 2 == 1) Assert.All(response.Messages[0].Contents.OfType<FunctionCallContent>(), call => Assert.Equal("get", call.Name));
            }
        }
    }

    [Fact]
    public async Task Answer_HeldToACall_IsTheSameWithSpeculationAndWithout()
    {
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 8192, Threads = 1 });
        List<string> answers = [];
        foreach (SpeculationOptions? speculation in (SpeculationOptions?[])[null, new SpeculationOptions()])
        {
            using LongContextChatClient client = new(engine, ChatModels.Tokenizer, Hermes, new LongContextChatClientOptions { Generation = new GenerationOptions { Speculation = speculation } });
            ChatResponse response = await client.GetResponseAsync(Call + Call, new ChatOptions { Tools = [Get], ToolMode = ChatToolMode.RequireAny, MaxOutputTokens = 400 }, Token);
            answers.Add(string.Join(' ', Calls(response).Select(call => call.Name + call.Arguments!["city"])) + response.FinishReason);
        }

        Assert.Contains("get", answers[0], StringComparison.Ordinal);
        Assert.Equal(answers[0], answers[1]);
    }

    /// <summary>What the sky can be.</summary>
    [System.Text.Json.Serialization.JsonConverter(typeof(System.Text.Json.Serialization.JsonStringEnumConverter<Sky>))]
    private enum Sky
    {
        Blue,
        Grey,
    }

    private static FunctionCallContent[] Calls(ChatResponse response) => [.. response.Messages.Single().Contents.OfType<FunctionCallContent>()];

    private static Declared Function(string name, string schema, bool? strict = null) => new Declared(name, JsonElement.Parse(schema), strict);

    /// <summary>A byte-level tokenizer with a special token more.</summary>
    private static HuggingFaceTokenizer WithSpecial(string token)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        ChatModels.Write(folder.Path);
        string path = folder["tokenizer.json"];
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 260, ["content"] = token, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true });
        File.WriteAllText(path, json.ToJsonString());
        return HuggingFaceTokenizer.Load(folder.Path);
    }

    private async Task<ChatResponse> Ask(string written, ChatFormat format, ChatOptions? options)
    {
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(ChatModels.Bytes(written)), format: format);
        return await client.GetResponseAsync("x", options, Token);
    }

    private sealed class Declared(string name, JsonElement schema, bool? strict) : AIFunctionDeclaration
    {
        public override string Name => name;

        public override string Description => $"Does {name}.";

        public override JsonElement JsonSchema => schema;

        public override IReadOnlyDictionary<string, object?> AdditionalProperties => strict is { } flag ? new Dictionary<string, object?> { ["strict"] = flag } : [];
    }

    /// <summary>Says one text after another, each to another request.</summary>
    private sealed class AnsweringGenerator(params string[] answers) : ITokenGenerator
    {
        public List<int[]> Prompts { get; } = [];

        public async IAsyncEnumerable<GeneratedToken> GenerateAsync(GenerationRequest request, GenerationUsage usage, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            string answer = answers[Prompts.Count];
            Prompts.Add(request.Prompt.ToArray());
            foreach (int token in ChatModels.Bytes(answer))
            {
                await Task.Yield();
                yield return new GeneratedToken(token);
            }
        }
    }
}
