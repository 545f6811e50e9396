using LongContext.Chat;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

/// <summary>What of messages and options reaches the model.</summary>
public sealed class ChatRequestTests : IDisposable
{
    private readonly CausalLanguageModel model = ChatModels.Model();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => model.Dispose();

    [Fact]
    public async Task Prompt_OfADevelopersMessage_IsTheSystems()
    {
        ChatMessage[] Messages(ChatRole role) => [new(role, "Be short."), new(ChatRole.User, "Hi")];
        Assert.Equal((await Ask(Messages(ChatRole.System), null, ChatModels.Format)).Prompt, (await Ask(Messages(new ChatRole("developer")), null, ChatModels.Format)).Prompt);
    }

    [Fact]
    public async Task Fault_OfWhatIsAsked_IsToldFromABug()
    {
        var bug = new ArgumentException("bug");
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator('a', 'b') { Fault = bug });
        Assert.Same(bug, await Assert.ThrowsAsync<ArgumentException>(() => client.GetResponseAsync("x", cancellationToken: Token)));
        Assert.False(RequestFault.Is(bug));
        using LongContextChatClient own = new(model, ChatModels.Tokenizer);
        foreach (ChatOptions asked in new[]
        {
            new ChatOptions { ModelId = "other" }, new ChatOptions { ConversationId = "c" }, new ChatOptions { Temperature = -1 },
            new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.TokenDropping] = new AttentionSinks { Window = 9 } } }, new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.PromptLogProbabilities] = 1 } },
        })
        {
            Exception e = await Assert.ThrowsAnyAsync<Exception>(() => own.GetResponseAsync("x", asked, Token));
            Assert.True(RequestFault.Is(e), e.ToString());
            Assert.False(RequestFault.IsOfForm(e));
        }

        Exception form = await Assert.ThrowsAnyAsync<Exception>(() => own.GetResponseAsync("x", new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(System.Text.Json.JsonElement.Parse("""{"minProperties":1}""")) }, Token));
        Assert.True(RequestFault.IsOfForm(form), form.ToString());
    }

    [Fact]
    public async Task Prompt_OfAConversation_IsTheTemplatesTextEncoded()
    {
        ChatMessage[] messages = [new(ChatRole.System, "Be short."), new(ChatRole.User, "Hi 😀"), new(ChatRole.Assistant, "Hello."), new(ChatRole.User, [new TextContent("And "), new TextContent("now?")])];
        ChatTurn[] turns = [ChatTurn.System("Be short."), ChatTurn.User("Hi 😀"), ChatTurn.Assistant("Hello."), ChatTurn.User("And now?")];
        (int[] prompt, GenerationOptions options) = await Ask(messages, null, ChatModels.Format);
        Assert.Equal(ChatModels.Tokenizer.EncodeToIds(ChatModels.Format.Render(turns, new ChatRenderOptions { AddGenerationPrompt = true }).Text), prompt);
        Assert.Equal(5, prompt.Count(id => id == prompt[0])); // four turns and the answer's are opened
        Assert.Equal([ChatModels.EndOfTurn, 259], options.StopTokenIds!.Order());

        // Instructions go before all, into the system's message where there is one.
        (prompt, _) = await Ask(messages, new ChatOptions { Instructions = "First of all." }, ChatModels.Format);
        turns[0] = ChatTurn.System("First of all.\n\nBe short.");
        Assert.Equal(Rendered(turns), prompt);
        (prompt, _) = await Ask(messages[1..2], new ChatOptions { Instructions = "First of all." }, ChatModels.Format);
        Assert.Equal(Rendered(ChatTurn.System("First of all."), turns[1]), prompt);
    }

    [Fact]
    public async Task Prompt_ContinuingTheFinalMessage_StopsAfterIt()
    {
        ChatMessage[] messages = [new(ChatRole.User, "Count."), new(ChatRole.Assistant, "One, two,")];
        var options = new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.ContinueFinalMessage] = true } };
        (int[] prompt, _) = await Ask(messages, options, ChatModels.Format);
        ChatTurn[] turns = [ChatTurn.User("Count."), ChatTurn.Assistant("One, two,")];
        Assert.Equal(ChatModels.Tokenizer.EncodeToIds(ChatModels.Format.Render(turns, new ChatRenderOptions { ContinueFinalTurn = true }).Text), prompt);
        Assert.EndsWith("One, two,", ChatModels.Tokenizer.Decode(prompt), StringComparison.Ordinal);

        // Without a template: what was asked, and the answer's beginning right after it.
        (prompt, _) = await Ask(messages, options, format: null);
        Assert.Equal(ChatModels.Tokenizer.Encode("Count.One, two,"), prompt);
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => Ask(messages[..1], options, ChatModels.Format));
        Assert.Contains(ChatOptionKeys.ContinueFinalMessage, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompt_OfACompletion_IsTheTextAfterTheBeginning()
    {
        ChatMessage[] messages = [new(ChatRole.System, "Rules."), new(ChatRole.User, "Once upon")];
        var completion = new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.Completion] = true } };
        int begin = ChatModels.Tokenizer.BeginningOfSentenceId!.Value;
        (int[] prompt, _) = await Ask(messages, completion, ChatModels.Format);
        Assert.Equal([begin, .. ChatModels.Bytes("Rules.\n\nOnce upon")], prompt);
        (prompt, _) = await Ask(messages, null, format: null);
        Assert.Equal([begin, .. ChatModels.Bytes("Rules.\n\nOnce upon")], prompt);
        // Not twice where the text has it.
        (prompt, _) = await Ask([new(ChatRole.User, "<s>Once")], completion, ChatModels.Format);
        Assert.Equal([begin, .. ChatModels.Bytes("Once")], prompt);
    }

    [Fact]
    public async Task Options_AllThatCount_ReachTheGenerator()
    {
        var options = new ChatOptions { MaxOutputTokens = 9, Temperature = 0.7f, TopK = 5, TopP = 0.9f, Seed = 42, FrequencyPenalty = 0.1f, PresencePenalty = -0.2f };
        (_, GenerationOptions asked) = await Ask([new(ChatRole.User, "x")], options, ChatModels.Format);
        Assert.Equal((9, 0.7, 5, 0.9, 42), (asked.MaximumNewTokens, asked.Temperature, asked.TopK, asked.TopP, asked.Seed));
        Assert.Equal((0.1, -0.2), (asked.FrequencyPenalty, asked.PresencePenalty));

        var own = new LongContextChatClientOptions
        {
            Generation = new GenerationOptions
            {
                MaximumNewTokens = 11, MinimumNewTokens = 2, Temperature = 0.5, TopK = 3, TopP = 0.8, MinP = 0.1, RepetitionPenalty = 1.1, PrefillChunkTokens = 5, StopTokenIds = [4], RerotateCachedKeys = true,
            },
        };
        (_, asked) = await Ask([new(ChatRole.User, "x")], null, ChatModels.Format, own);
        Assert.Equal((11, 2, 0.5, 3, 0.8), (asked.MaximumNewTokens, asked.MinimumNewTokens, asked.Temperature, asked.TopK, asked.TopP));
        Assert.Equal((0.1, 1.1, 5, true), (asked.MinP, asked.RepetitionPenalty, asked.PrefillChunkTokens, asked.RerotateCachedKeys));
        Assert.Equal([4], asked.StopTokenIds);

        // Greedy where nobody says otherwise.
        (int[] prompt, asked) = await Ask([new(ChatRole.User, "x")], new ChatOptions(), ChatModels.Format);
        Assert.Equal((ChatModels.Window - prompt.Length, 0.0), (asked.MaximumNewTokens, asked.Temperature));
    }

    [Fact]
    public async Task Options_ByName_ReachTheGenerator()
    {
        var remapping = new LongContext.Positions.SelfExtend(4, 16);
        var options = new ChatOptions
        {
            AdditionalProperties = new()
            {
                [ChatOptionKeys.LogProbabilities] = true, [ChatOptionKeys.TopLogProbabilities] = 3, [ChatOptionKeys.LogitBias] = new Dictionary<int, float> { [5] = 0.7f, [6] = -100 },
                [ChatOptionKeys.MinP] = 0.1f, [ChatOptionKeys.TypicalP] = 0.9, [ChatOptionKeys.TopNSigma] = 2, [ChatOptionKeys.RepetitionPenalty] = 1.3, [ChatOptionKeys.NoRepeatNGramSize] = 3,
                [ChatOptionKeys.BadWords] = new[] { "no", " way" }, [ChatOptionKeys.StopTokenIds] = new[] { 7, 7, 8 }, [ChatOptionKeys.Priority] = -4, [ChatOptionKeys.CacheSalt] = "tenant",
                [ChatOptionKeys.PositionRemapping] = remapping,
            },
        };
        GenerationRequest request = await Request(options);
        GenerationOptions asked = request.Options;
        Assert.Equal((3, 0.1, 0.9, 2.0, 1.3, 3), (asked.LogProbabilities, asked.MinP, asked.TypicalP, asked.TopNSigma, asked.RepetitionPenalty, asked.NoRepeatNGramSize));
        Assert.Equal(new Dictionary<int, double> { [5] = 0.7, [6] = -100 }, asked.LogitBias);
        // Each by itself and behind a blank, as far as that begins with another token of as many.
        Assert.Equal([ChatModels.Bytes("no"), ChatModels.Bytes("way")], asked.BadWordIds);
        Assert.Equal([7, 8, ChatModels.EndOfTurn, 259], asked.StopTokenIds!.Order());
        // Lower numbers go first there.
        Assert.Equal((4, "tenant"), (request.Priority, request.CacheSalt));
        Assert.Same(remapping, request.PositionRemapping);

        // As JSON brings them.
        using var json = System.Text.Json.JsonDocument.Parse("""{"logprobs":true,"logit_bias":{"5":0.5},"min_p":0.25,"no_repeat_ngram_size":0,"bad_words":["x"],"stop_token_ids":[9],"ignore_eos":true,"priority":2,"cache_salt":"s","typical_p":null}""");
        request = await Request(new ChatOptions { AdditionalProperties = new(json.RootElement.EnumerateObject().ToDictionary(each => each.Name, each => (object?)each.Value)) },
            new LongContextChatClientOptions { Generation = new GenerationOptions { NoRepeatNGramSize = 2, TypicalP = 0.5, BadWordIds = [[1, 2]] } });
        asked = request.Options;
        Assert.Equal((0, 0.25, 0.5, null), (asked.LogProbabilities, asked.MinP, asked.TypicalP, asked.NoRepeatNGramSize));
        Assert.Equal([[1, 2], ChatModels.Bytes("x")], asked.BadWordIds);
        Assert.Equal([9], asked.StopTokenIds);
        Assert.Equal((0.5, -2, "s"), (asked.LogitBias[5], request.Priority, request.CacheSalt));

        // And nothing where nothing is asked for.
        request = await Request(new ChatOptions());
        Assert.Equal((null, null, 1.0, 0, null, null), (request.Options.LogProbabilities, request.Options.MinP, request.Options.RepetitionPenalty, request.Priority, request.CacheSalt, request.PositionRemapping));
        Assert.Empty(request.Options.LogitBias);
    }

    /// <summary>A remapping is there to go beyond the window: it is held to its own length.</summary>
    [Fact]
    public async Task Length_WithARemapping_IsWhatTheRemappingHolds()
    {
        int longest = new LongContext.Positions.SelfExtend(4, 64).MaximumLength(ChatModels.Window);
        Assert.Equal(((ChatModels.Window - 64) * 4) + 64, longest);
        foreach ((LongContext.Positions.PositionRemapping? remapping, int? most) in new (LongContext.Positions.PositionRemapping?, int?)[]
            { (null, ChatModels.Window), (new LongContext.Positions.SelfExtend(4, 64), longest), (new LongContext.Positions.DualChunkAttention(128, 32), null), (new LongContext.Positions.SelfExtend(4, 5_000), ChatModels.Window) })
        {
            ChatOptions options = new() { MaxOutputTokens = 100_000, AdditionalProperties = new() { [ChatOptionKeys.Completion] = true, [ChatOptionKeys.PositionRemapping] = remapping } };
            // The token that begins every text counts.
            GenerationRequest request = await Request(options, text: new string('x', 99));
            Assert.Equal(most - 100 ?? 100_000, request.Options.MaximumNewTokens);
            // What the client is told to hold, it holds.
            Assert.Equal(100, (await Request(options, new LongContextChatClientOptions { ContextLength = 200 }, text: new string('x', 99))).Options.MaximumNewTokens);
            if (most is null) continue;
            Assert.Equal(1, (await Request(options, text: new string('x', most.Value - 2))).Options.MaximumNewTokens);
            PromptTooLongException e = await Assert.ThrowsAsync<PromptTooLongException>(() => Request(options, text: new string('x', most.Value - 1)));
            Assert.Contains($"has {most}", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Form_OfChoicesOrAPattern_BecomesAGrammar()
    {
        ChatOptions With(string key, object value, ChatResponseFormat? format = null) => new() { ResponseFormat = format, AdditionalProperties = new() { [key] = value } };
        GenerationGrammar choice = (await Request(With(ChatOptionKeys.Choices, new[] { "yes", "no" }))).Options.Grammar!, pattern = (await Request(With(ChatOptionKeys.Pattern, "a+", ChatResponseFormat.Text))).Options.Grammar!;
        Assert.True(choice.IsMatch("no") && !choice.IsMatch("maybe") && pattern.IsMatch("aaa") && !pattern.IsMatch("b"));
        foreach (ChatOptions wrong in new[]
        {
            With(ChatOptionKeys.Choices, new[] { "a" }, ChatResponseFormat.Json), With(ChatOptionKeys.Pattern, "a", ChatResponseFormat.Json), With(ChatOptionKeys.Pattern, "(?=a)"), With(ChatOptionKeys.Choices, new[] { "a", "" }),
        })
            await Assert.ThrowsAsync<ArgumentException>(() => Request(wrong));
    }

    public static TheoryData<string, object> WrongValues => new()
    {
        { ChatOptionKeys.LogProbabilities, 1 }, { ChatOptionKeys.TopLogProbabilities, 2 }, { ChatOptionKeys.TopLogProbabilities, -1 }, { ChatOptionKeys.TopLogProbabilities, 301 },
        { ChatOptionKeys.LogitBias, "5" }, { ChatOptionKeys.LogitBias, new Dictionary<int, double> { [300] = 1 } }, { ChatOptionKeys.LogitBias, new Dictionary<int, double> { [5] = double.NaN } },
        { ChatOptionKeys.LogitBias, new Dictionary<string, int> { ["a"] = 1 } }, { ChatOptionKeys.LogitBias, new Dictionary<string, object> { ["5"] = "1" } }, { ChatOptionKeys.MinP, 1.5 }, { ChatOptionKeys.MinP, "0.1" },
        { ChatOptionKeys.TypicalP, 0 }, { ChatOptionKeys.TopNSigma, double.PositiveInfinity }, { ChatOptionKeys.RepetitionPenalty, 0.0 }, { ChatOptionKeys.NoRepeatNGramSize, -1 }, { ChatOptionKeys.NoRepeatNGramSize, 1.5 },
        { ChatOptionKeys.BadWords, "no" }, { ChatOptionKeys.BadWords, new[] { "a", "" } }, { ChatOptionKeys.StopTokenIds, new[] { -1 } }, { ChatOptionKeys.StopTokenIds, new[] { 300 } }, { ChatOptionKeys.StopTokenIds, 3 },
        { ChatOptionKeys.IgnoreEndOfSentence, "true" }, { ChatOptionKeys.Priority, int.MinValue }, { ChatOptionKeys.Priority, 0.5 }, { ChatOptionKeys.CacheSalt, "" }, { ChatOptionKeys.CacheSalt, 5 },
        { ChatOptionKeys.PositionRemapping, "self-extend" }, { ChatOptionKeys.TokenTruncation, 40 }, { ChatOptionKeys.TokenDropping, "sinks" },
    };

    [Theory, MemberData(nameof(WrongValues), DisableDiscoveryEnumeration = true)]
    public async Task Options_ByNameThatCannotBe_AreRefusedByTheName(string key, object value)
    {
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => Request(new ChatOptions { AdditionalProperties = new() { [key] = value } }));
        Assert.Contains($"\"{key}\"", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_AnswerThatReachesTheMemorysEnd_IsCutThereUnlessItsLengthIsAskedFor()
    {
        GenerationRequest request = await Request(new ChatOptions(), memory: 100);
        Assert.Equal(100, request.Prompt.Length + request.Options.MaximumNewTokens);
        Assert.Equal(256, (await Request(new ChatOptions { MaxOutputTokens = 256 }, memory: 100)).Options.MaximumNewTokens);
        Assert.Equal(1, (await Request(new ChatOptions(), memory: request.Prompt.Length)).Options.MaximumNewTokens);
    }

    [Fact]
    public async Task Options_AnswerThatReachesTheWindowsEnd_IsCutThere()
    {
        string text = new('x', ChatModels.Window - 10);
        (int[] prompt, GenerationOptions asked) = await Ask([new(ChatRole.User, text)], new ChatOptions { MaxOutputTokens = 100 }, format: null);
        Assert.Equal(ChatModels.Window, prompt.Length + asked.MaximumNewTokens);
        Assert.Equal(9, asked.MaximumNewTokens);
    }

    [Fact]
    public async Task Prompt_LongerThanTheWindow_IsRefusedWithTheFigureUnlessAllowed()
    {
        string text = new('x', ChatModels.Window - 1);
        PromptTooLongException e = await Assert.ThrowsAsync<PromptTooLongException>(() => Ask([new(ChatRole.User, text)], null, format: null));
        Assert.Contains($"{ChatModels.Window} tokens", e.Message, StringComparison.Ordinal);
        Assert.Contains("AllowsBeyondContext", e.Message, StringComparison.Ordinal);
        (_, GenerationOptions asked) = await Ask([new(ChatRole.User, text[1..])], null, format: null);
        Assert.Equal(1, asked.MaximumNewTokens);

        (int[] prompt, asked) = await Ask([new(ChatRole.User, text)], null, format: null, new LongContextChatClientOptions { AllowsBeyondContext = true });
        Assert.Equal((ChatModels.Window, 256), (prompt.Length, asked.MaximumNewTokens));
        await Assert.ThrowsAsync<PromptTooLongException>(() => Ask([new(ChatRole.User, "more than ten")], null, format: null, new LongContextChatClientOptions { ContextLength = 10 }));
    }

    [Fact]
    public async Task Request_WhatTheClientCannotDo_IsRefusedByName()
    {
        ChatMessage[] user = [new(ChatRole.User, "x")];
        await Refused<NotSupportedException>(user, new ChatOptions { Tools = [AIFunctionFactory.Create(() => 1, "one")] }, "\"chatml\" has no place for tools");
        await Refused<NotSupportedException>(user, new ChatOptions { ConversationId = "c1" }, "\"c1\"");
        await Refused<ArgumentException>(user, new ChatOptions { ModelId = "gpt" }, "\"gpt\"");
        await Refused<ArgumentException>(user, new ChatOptions { StopSequences = ["a", ""] }, "empty");
        await Refused<ArgumentException>(user, new ChatOptions { StopSequences = ["\uDE00"] }, "half a character");
        await Refused<ArgumentException>(user, new ChatOptions { MaxOutputTokens = 0 }, "MaximumNewTokens");
        await Refused<ArgumentException>(user, new ChatOptions { Temperature = -1 }, "Temperature");
        await Refused<ArgumentException>(user, new ChatOptions { Temperature = float.NaN }, "Temperature");
        await Refused<ArgumentException>(user, new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.Completion] = "yes" } }, ChatOptionKeys.Completion);
        await Refused<ArgumentException>(user, new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.MinimumNewTokens] = -3 } }, "-3");
        await Refused<ArgumentException>([new(ChatRole.Tool, "x")], null, "Message 0 is a tool's and holds a TextContent");
        await Refused<ArgumentException>([.. user, new(ChatRole.User, [new UriContent("http://localhost/a.png", "image/png")])], null, "Message 1 holds a UriContent");
        await Refused<ArgumentException>([], null, "no message");
        await Assert.ThrowsAsync<ArgumentException>(() => Ask([new(ChatRole.Assistant, "x"), null!], null, ChatModels.Format));
        await Assert.ThrowsAsync<ArgumentNullException>("messages", () => Ask(null!, null, ChatModels.Format));

        // Tools that are not to be called, plain text, values as JSON brings them: all fine.
        await Ask(user, new ChatOptions
        {
            Tools = [AIFunctionFactory.Create(() => 1, "one")], ToolMode = ChatToolMode.None, ResponseFormat = ChatResponseFormat.Text, ModelId = "llama",
            AdditionalProperties = new() { [ChatOptionKeys.MinimumNewTokens] = System.Text.Json.JsonSerializer.SerializeToElement(2), [ChatOptionKeys.Completion] = System.Text.Json.JsonSerializer.SerializeToElement(false) },
        }, ChatModels.Format);

        async Task Refused<T>(ChatMessage[] messages, ChatOptions? options, string part)
            where T : Exception
        {
            T e = await Assert.ThrowsAsync<T>(() => Ask(messages, options, ChatModels.Format));
            Assert.Contains(part, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Client_OptionsThatCannotBe_AreNamedTogether()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new LongContextChatClient(model, ChatModels.Tokenizer, null, new LongContextChatClientOptions
        {
            ModelId = "", ContextLength = 1, Rendering = new ChatRenderOptions { ContinueFinalTurn = true },
        }));
        Assert.All(["ModelId", "ContextLength", "Rendering"], name => Assert.Contains(name, e.Message, StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => new LongContextChatClient(model, ChatModels.Tokenizer, null, new LongContextChatClientOptions { Generation = new GenerationOptions { TopK = 0 } }));
        Assert.Throws<ArgumentNullException>("model", () => new LongContextChatClient((CausalLanguageModel)null!, ChatModels.Tokenizer));
        Assert.Throws<ArgumentNullException>("tokenizer", () => new LongContextChatClient(model, null!));
        // Gemma's format with a tokenizer that has no <end_of_turn>.
        Assert.Contains("<end_of_turn>", Assert.Throws<ArgumentException>(() => new LongContextChatClient(model, ChatModels.Tokenizer, ChatFormat.Named("gemma"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_RenderingThatOpensTheAnswer_IsWhatRequestsDoAnyway()
    {
        (int[] prompt, _) = await Ask([new(ChatRole.User, "x")], null, ChatModels.Format, new LongContextChatClientOptions { Rendering = new ChatRenderOptions { AddGenerationPrompt = true } });
        Assert.Equal(Rendered(ChatTurn.User("x")), prompt);
    }

    [Fact]
    public void ContextLength_AboveTheModelsWindow_IsRefusedWithTheFigures()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        model.Save(folder.Path);
        ChatModels.Write(folder.Path);
        var longer = new LongContextChatClientOptions { ContextLength = ChatModels.Window + 1, Engine = null };
        string weights = folder["model.safetensors"], aside = folder["aside"];
        File.Move(weights, aside);
        // Said before the weights are looked for.
        foreach (ArgumentException e in new[]
        {
            Assert.Throws<ArgumentException>(() => LongContextChatClient.Load(folder.Path, longer)),
            Assert.Throws<ArgumentException>(() => new LongContextChatClient(model, ChatModels.Tokenizer, null, longer)),
            Assert.Throws<ArgumentException>(() => new ModelTokenScorer(model, ChatModels.Tokenizer, new ModelTokenScorerOptions { ContextLength = ChatModels.Window + 1 })),
        })
        {
            Assert.All(["ContextLength", $"{ChatModels.Window + 1}", $"{ChatModels.Window}", "AllowsBeyondContext", "ModelLoadOptions"], part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
        }

        File.Move(aside, weights);
        using (LongContextChatClient whole = LongContextChatClient.Load(folder.Path, longer with { ContextLength = ChatModels.Window })) Assert.Equal(ChatModels.Window, whole.ContextLength);
        using (LongContextChatClient free = LongContextChatClient.Load(folder.Path, longer with { AllowsBeyondContext = true })) Assert.Null(free.ContextLength);
        // What loading makes of the window counts.
        using (LongContextChatClient extended = LongContextChatClient.Load(folder.Path, longer with { Loading = new ModelLoadOptions { RopeScaling = RopeScaling.Linear(2) } }))
            Assert.Equal(ChatModels.Window + 1, extended.ContextLength);
        using (LongContextChatClient stated = LongContextChatClient.Load(folder.Path, longer with { Loading = new ModelLoadOptions { ContextLength = 2 * ChatModels.Window } }))
            Assert.Equal(ChatModels.Window + 1, stated.ContextLength);
    }

    [Fact]
    public void Constructor_OptionsThatOnlyLoadingUses_AreRefusedOrUsed()
    {
        var own = new LongContextChatClientOptions { Engine = new GenerationEngineOptions { CacheTokens = 100 } };
        Assert.Contains("GenerationEngine", Assert.Throws<ArgumentException>("options", () => new LongContextChatClient(model, ChatModels.Tokenizer, null, own)).Message, StringComparison.Ordinal);
        using var engine = new GenerationEngine(model, own.Engine);
        Assert.Contains("Engine", Assert.Throws<ArgumentException>("options", () => new LongContextChatClient(engine, ChatModels.Tokenizer, null, own)).Message, StringComparison.Ordinal);
        // The default and null say nothing.
        using var plain = new LongContextChatClient(model, ChatModels.Tokenizer, null, own with { Engine = new GenerationEngineOptions() });
        using var alone = new LongContextChatClient(model, ChatModels.Tokenizer, null, own with { Engine = null });
        using var over = new LongContextChatClient(engine, ChatModels.Tokenizer, null, own with { Engine = null });
        Assert.Null(alone.GetService(typeof(GenerationEngine)));

        ChatFormat other = ChatFormat.Named("chatml");
        using var named = new LongContextChatClient(model, ChatModels.Tokenizer, null, new LongContextChatClientOptions { ChatFormat = other });
        using var twice = new LongContextChatClient(model, ChatModels.Tokenizer, other, new LongContextChatClientOptions { ChatFormat = other });
        Assert.Same(other, named.ChatFormat);
        Assert.Throws<ArgumentException>("options", () => new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format, new LongContextChatClientOptions { ChatFormat = other }));
    }

    private static IReadOnlyList<int> Rendered(params ChatTurn[] turns) =>
        ChatModels.Tokenizer.EncodeToIds(ChatModels.Format.Render(turns, new ChatRenderOptions { AddGenerationPrompt = true }).Text);

    private async Task<GenerationRequest> Request(ChatOptions options, LongContextChatClientOptions? own = null, int? memory = null, string text = "x")
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes("ok")) { MaximumTokens = memory };
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: ChatModels.Format, options: own);
        await client.GetResponseAsync(text, options, Token);
        return generator.Requests.Single();
    }

    private async Task<(int[] Prompt, GenerationOptions Options)> Ask(
        IEnumerable<ChatMessage> messages, ChatOptions? options, ChatFormat? format, LongContextChatClientOptions? own = null)
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes("ok"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: format, options: own);
        await client.GetResponseAsync(messages, options, Token);
        return generator.Asked.Single();
    }

    /// <summary>A minimum that the request does not name is no reason to refuse its length; its own is.</summary>
    [Fact]
    public async Task Request_ShorterThanTheClientsMinimum_HasItsLength()
    {
        using CausalLanguageModel model = ChatModels.Model();
        var generator = new ScriptedGenerator(ChatModels.Bytes("abcdefgh"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, options: new LongContextChatClientOptions { Generation = new GenerationOptions { MaximumNewTokens = 20, MinimumNewTokens = 10 } });
        Assert.Equal("abc", (await client.GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 3 }, Token)).Text);
        Assert.Equal((3, 3), (generator.Asked[^1].Options.MinimumNewTokens, generator.Asked[^1].Options.MaximumNewTokens));
        await client.GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 15 }, Token);
        Assert.Equal((10, 15), (generator.Asked[^1].Options.MinimumNewTokens, generator.Asked[^1].Options.MaximumNewTokens));
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 3, AdditionalProperties = new() { [ChatOptionKeys.MinimumNewTokens] = 10 } }, Token));
    }

    [Fact]
    public async Task Request_Seeds_AreAllTheirOwn()
    {
        using CausalLanguageModel model = ChatModels.Model();
        var generator = new ScriptedGenerator(ChatModels.Bytes("a"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator);
        long[] seeds = [0, 4, -5, -1, int.MaxValue, int.MinValue, 1L << 40, -(1L << 40), (1L << 40) - 1, long.MaxValue, long.MinValue];
        foreach (long seed in seeds) await client.GetResponseAsync("x", new ChatOptions { Seed = seed }, Token);
        int[] asked = [.. generator.Asked.Select(each => each.Options.Seed)];
        Assert.Equal([0, 4, -5, -1, int.MaxValue, int.MinValue], asked[..6]);
        Assert.Equal(seeds.Length, asked.Distinct().Count());
    }

    [Fact]
    public async Task Request_LogitBias_IsAddedToTheClients()
    {
        using CausalLanguageModel model = ChatModels.Model();
        var generator = new ScriptedGenerator(ChatModels.Bytes("a"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, options: new LongContextChatClientOptions
        {
            Generation = new GenerationOptions { LogitBias = new Dictionary<int, double> { [3] = double.NegativeInfinity, [4] = 1, [5] = float.MaxValue } },
        });
        var biases = new Dictionary<int, double> { [3] = 50, [4] = 0.5, [5] = float.MaxValue, [6] = -2 };
        await client.GetResponseAsync("x", new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.LogitBias] = biases } }, Token);
        Assert.Equal(new Dictionary<int, double> { [3] = double.NegativeInfinity, [4] = 1.5, [5] = float.MaxValue, [6] = -2 }, generator.Asked[^1].Options.LogitBias.OrderBy(pair => pair.Key).ToDictionary());
    }

    /// <summary>A caller who gives up does not wait for its text to be read; what the client owns is held until it is.</summary>
    [Fact]
    public async Task Request_CancelledWhileItIsRead_EndsAtOnceAndHoldsWhatItTouches()
    {
        CausalLanguageModel model = ChatModels.Model();
        LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(ChatModels.Bytes("a")), options: new LongContextChatClientOptions { OwnsModel = true });
        using var go = new ManualResetEventSlim();
        var begun = new TaskCompletionSource();
        using var gone = new CancellationTokenSource();
        Task<ChatResponse> asked = client.GetResponseAsync(Slow(), cancellationToken: gone.Token);
        await begun.Task.WaitAsync(Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.WaitAsync(TimeSpan.FromSeconds(20), Token));
        client.Dispose();
        model.ThrowIfDisposed();
        go.Set();
        while (!IsDisposed()) await Task.Delay(5, Token);

        bool IsDisposed()
        {
            try
            {
                model.ThrowIfDisposed();
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }

        IEnumerable<ChatMessage> Slow()
        {
            begun.TrySetResult();
            go.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
            yield return new ChatMessage(ChatRole.User, "x");
        }
    }
}
