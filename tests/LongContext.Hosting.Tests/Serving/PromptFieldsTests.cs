using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting.Support;
using LongContext.Positions;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>Fields of other servers that mean what is there, and the library's own for long prompts.</summary>
public sealed class PromptFieldsTests
{
    [Theory]
    [InlineData(""","truncate_prompt_tokens":50""", 50, 0.0)]
    [InlineData(""","truncate_prompt_tokens":50,"truncation_side":"left" """, 50, 0.0)]
    [InlineData(""","truncate_prompt_tokens":50,"truncation_side":"right" """, 50, 1.0)]
    [InlineData(""","truncate_prompt_tokens":50,"truncation_side":"middle" """, 50, 0.5)]
    [InlineData(""","longcontext_token_truncation":{"maximum_tokens":60}""", 60, 0.5)]
    [InlineData(""","longcontext_token_truncation":{"maximum_tokens":60,"start_share":0.25,"protected_start":null}""", 60, 0.25)]
    public async Task Truncation_InEitherForm_ReachesTheModel(string more, int most, double share)
    {
        TokenTruncation truncation = Assert.IsType<TokenTruncation>((await AskAsync(more)).AdditionalProperties![ChatOptionKeys.TokenTruncation]);
        Assert.Equal((most, share, 0, 0, 0), (truncation.MaximumTokens, truncation.StartShare, truncation.ProtectedStart, truncation.ProtectedEnd, truncation.Marker.Count));
    }

    [Fact]
    public async Task OwnFields_AllMembers_ReachTheModel()
    {
        AdditionalPropertiesDictionary found = (await AskAsync("""
            ,"longcontext_token_truncation":{"maximum_tokens":9,"start_share":1,"protected_start":2,"protected_end":3,"marker":[4,5]},
            "longcontext_token_dropping":{"type":"attention_sinks","sinks":2,"window":64,"positions":"in_text"},"longcontext_position_remapping":{"type":"self_extend","group_size":4,"neighbor_window":16}
            """)).AdditionalProperties!;
        TokenTruncation truncation = Assert.IsType<TokenTruncation>(found[ChatOptionKeys.TokenTruncation]);
        Assert.Equal((9, 1.0, 2, 3), (truncation.MaximumTokens, truncation.StartShare, truncation.ProtectedStart, truncation.ProtectedEnd));
        Assert.Equal([4, 5], truncation.Marker);
        Assert.Equal(new AttentionSinks { Sinks = 2, Window = 64, Positions = SinkPositions.InText }, found[ChatOptionKeys.TokenDropping]);
        Assert.Equal(new SelfExtend(4, 16), found[ChatOptionKeys.PositionRemapping]);

        found = (await AskAsync(""","longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":100,"observed_tokens":16,"pool_size":5,"pooling":"mean"},"longcontext_position_remapping":{"type":"dual_chunk_attention","chunk_size":64,"local_size":16}""")).AdditionalProperties!;
        Assert.Equal(new PromptSelection { MaximumTokens = 100, ObservedTokens = 16, PoolSize = 5, Pooling = VotePooling.Mean }, found[ChatOptionKeys.TokenDropping]);
        Assert.Equal(new DualChunkAttention(64, 16), found[ChatOptionKeys.PositionRemapping]);
        // Their defaults are those of the library.
        found = (await AskAsync(""","longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":100}""")).AdditionalProperties!;
        Assert.Equal(new PromptSelection { MaximumTokens = 100 }, found[ChatOptionKeys.TokenDropping]);
        found = (await AskAsync(""","longcontext_token_dropping":{"type":"attention_sinks","window":100}""")).AdditionalProperties!;
        Assert.Equal(new AttentionSinks { Window = 100 }, found[ChatOptionKeys.TokenDropping]);
    }

    [Theory]
    [InlineData(""","truncate_prompt_tokens":0""", "truncate_prompt_tokens")]
    [InlineData(""","truncate_prompt_tokens":"5" """, "truncate_prompt_tokens")]
    [InlineData(""","truncation_side":"top" """, "truncation_side")]
    [InlineData(""","truncate_prompt_tokens":5,"longcontext_token_truncation":{"maximum_tokens":5}""", "truncate_prompt_tokens")]
    [InlineData(""","longcontext_token_truncation":5""", "longcontext_token_truncation")]
    [InlineData(""","longcontext_token_truncation":{}""", "longcontext_token_truncation.maximum_tokens")]
    [InlineData(""","longcontext_token_truncation":{"maximum_tokens":5,"start":1}""", "longcontext_token_truncation")]
    [InlineData(""","longcontext_token_truncation":{"maximum_tokens":5,"start_share":2}""", "longcontext_token_truncation.start_share")]
    [InlineData(""","longcontext_token_truncation":{"maximum_tokens":5,"marker":[-1]}""", "longcontext_token_truncation.marker[0]")]
    [InlineData(""","longcontext_token_dropping":{"window":5}""", "longcontext_token_dropping.type")]
    [InlineData(""","longcontext_token_dropping":{"type":"attention_sinks"}""", "longcontext_token_dropping.window")]
    [InlineData(""","longcontext_token_dropping":{"type":"attention_sinks","window":5,"positions":"here"}""", "longcontext_token_dropping.positions")]
    [InlineData(""","longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":50,"window":5}""", "longcontext_token_dropping")]
    [InlineData(""","longcontext_position_remapping":{"type":"yarn"}""", "longcontext_position_remapping.type")]
    [InlineData(""","longcontext_position_remapping":{"type":"self_extend","group_size":0,"neighbor_window":4}""", "longcontext_position_remapping.group_size")]
    [InlineData(""","longcontext_position_remapping":{"type":"dual_chunk_attention","chunk_size":8,"local_size":5}""", "longcontext_position_remapping.local_size")]
    [InlineData(""","max_tokens":5,"n_predict":6""", "n_predict")]
    [InlineData(""","max_new_tokens":5,"max_tokens":5,"n_predict":-1""", "n_predict")]
    [InlineData(""","max_tokens":9007199254740993,"n_predict":9007199254740992""", "n_predict")]
    [InlineData(""","max_tokens":1e99999999999,"n_predict":1e99999999999""", "n_predict")]
    [InlineData(""","repetition_penalty":"\ud800","repeat_penalty":"\uD800" """, "repeat_penalty")]
    [InlineData(""","add_generation_prompt":false""", "add_generation_prompt")]
    [InlineData(""","echo":true""", "echo")]
    [InlineData(""","documents":[{"text":"a"}]""", "documents")]
    [InlineData(""","n_predict":-2""", "n_predict")]
    [InlineData(""","repeat_penalty":1.1,"repetition_penalty":1.2""", "repeat_penalty")]
    [InlineData(""","repeat_penalty":"1.1","repetition_penalty":1.1""", "repeat_penalty")]
    [InlineData(""","repeat_penalty":0""", "repeat_penalty")]
    [InlineData(""","repeat_penalty":1.1,"repeat_last_n":64""", "repeat_last_n")]
    [InlineData(""","logit_bias":[[5]]""", "logit_bias[0]")]
    [InlineData(""","logit_bias":[[5,1],[5,2]]""", "logit_bias")]
    [InlineData(""","logit_bias":[["a",1]]""", "logit_bias[0]")]
    [InlineData(""","json_schema":5""", "json_schema")]
    [InlineData(""","json_schema":"{" """, "json_schema")]
    [InlineData(""","json_schema":{},"guided_json":{}""", "guided_json")]
    [InlineData(""","json_schema":{},"response_format":{"type":"json_object"}""", "json_schema")]
    [InlineData(""","structured_outputs":{"grammar":"a"}""", "structured_outputs")]
    [InlineData(""","mirostat":"x" """, "mirostat")]
    [InlineData(""","include_reasoning":1""", "include_reasoning")]
    public async Task Field_ThatIsWrong_IsRefusedByName(string more, string field)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", more));
        Assert.Equal((400, field, 0), (status, (string?)answer["error"]!["param"], client.Begun));
        Assert.Contains($"'{field}'", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FieldsOfOtherServers_ThatHaveAnEqual_AreTaken()
    {
        ChatOptions options = await AskAsync(""","n_predict":7,"repeat_penalty":1.25,"repeat_last_n":-1,"typical_p":0.5,"min_new_tokens":2,"logit_bias":[[5,false],[6,1.5]],"json_schema":{"type":"array"}""");
        Assert.Equal((7, 1.25, 0.5, 2), (options.MaxOutputTokens, options.AdditionalProperties![ChatOptionKeys.RepetitionPenalty], options.AdditionalProperties[ChatOptionKeys.TypicalP],
            options.AdditionalProperties[ChatOptionKeys.MinimumNewTokens]));
        Assert.Equal(new Dictionary<int, double> { [5] = double.NegativeInfinity, [6] = 1.5 }, options.AdditionalProperties[ChatOptionKeys.LogitBias]);
        Assert.Equal("""{"type":"array"}""", Schema(options));
        Assert.Equal(8, (await AskAsync(""","max_new_tokens":8""")).MaxOutputTokens);
        Assert.Equal(int.MaxValue, (await AskAsync(""","n_predict":-1""")).MaxOutputTokens);
        foreach (string more in new[]
        {
            ""","guided_json":{"type":"array"}""", ""","guided_json":"{\"type\":\"array\"}" """, ""","structured_outputs":{"json":{"type":"array"}}""",
            ""","response_format":{"type":"json_object","schema":{"type":"array"}}""", ""","response_format":{"type":"text"},"json_schema":"{\"type\":\"array\"}" """,
        })
        {
            Assert.Equal("""{"type":"array"}""", Schema(await AskAsync(more)));
        }

        // Text that goes on can have a form, too.
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        Assert.Equal(200, (await server.PostAsync("/v1/completions", TestServer.Json("""{"prompt":"x","json_schema":{"type":"array"},"n_predict":3}"""))).Status);
        Assert.Equal(("""{"type":"array"}""", 3), (Schema(client.LastOptions!), client.LastOptions!.MaxOutputTokens));

        static string Schema(ChatOptions options) => JsonSerializer.Serialize(Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat).Schema!.Value);
    }

    [Fact]
    public async Task Values_UnderSeveralNames_AreTakenWhereTheyAreTheSame()
    {
        // As SillyTavern sends them.
        ChatOptions options = await AskAsync(""","max_new_tokens":7,"max_tokens":7,"n_predict":7,"repetition_penalty":1.10,"repeat_penalty":1.1,"min_tokens":2,"min_new_tokens":2,"echo":false,"documents":[],"add_generation_prompt":true""");
        Assert.Equal((7, 1.1, 2), (options.MaxOutputTokens, options.AdditionalProperties![ChatOptionKeys.RepetitionPenalty], options.AdditionalProperties[ChatOptionKeys.MinimumNewTokens]));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(",\"seed\":-1", null)]
    [InlineData(",\"seed\":-2", -2L)]
    [InlineData(",\"seed\":0", 0L)]
    public async Task Seed_OfMinusOne_IsNone(string more, long? seed) => Assert.Equal(seed, (await AskAsync(more)).Seed);

    [Fact]
    public async Task TextParts_OfAMessage_StandOnLinesOfTheirOwn()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        Assert.Equal(200, (await server.ChatAsync("""{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":""},{"type":"text","text":"b"}]},{"role":"user","content":[{"type":"text","text":"c"}]}]}""")).Status);
        Assert.Equal(["a\n\nb", "c"], client.LastMessages!.Select(message => message.Text));
    }

    [Fact]
    public async Task Priority_WhereRequestsMayNotSayIt_IsRefused()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client, limits => limits.AllowsPriority = false);
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", ""","priority":-1"""));
        Assert.Equal((400, "priority", 0), (status, (string?)answer["error"]!["param"], client.Begun));
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("x", ""","priority":0"""))).Status);
    }

    [Fact]
    public async Task Thoughts_OfTheModel_ComeApartAndGoBack()
    {
        var client = new ThinkingClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.ChatAsync("""
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","reasoning":"so"},{"role":"assistant","content":"c","reasoning_content":"thus"},{"role":"user","content":"d"}],
             "separate_reasoning":true,"include_reasoning":false,"reasoning_effort":"low"}
            """);
        Assert.Equal((200, "It is.", "Is it?"), (status, (string?)answer["choices"]![0]!["message"]!["content"], (string?)answer["choices"]![0]!["message"]!["reasoning_content"]));
        Assert.Equal(9, (int)answer["usage"]!["completion_tokens"]!);
        Assert.Equal(["so", "thus"], client.Asked!.SelectMany(message => message.Contents.OfType<TextReasoningContent>()).Select(each => each.Text));
        Assert.Equal((true, ReasoningOutput.None, ReasoningEffort.Low), (client.Options!.AdditionalProperties![ChatOptionKeys.SeparateReasoning], client.Options.Reasoning!.Output, client.Options.Reasoning.Effort));

        List<string> events = await server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", ""","stream":true"""));
        JsonNode[] deltas = [.. events.SkipLast(1).Select(each => JsonNode.Parse(each)!["choices"]![0]!["delta"]!)];
        Assert.Equal(("It is.", "Is it?"), (string.Concat(deltas.Select(delta => (string?)delta["content"])), string.Concat(deltas.Select(delta => (string?)delta["reasoning_content"]))));
        Assert.Null(client.Options!.Reasoning);
        // A model that does not think says nothing of it.
        await using TestServer plain = await TestServer.StartAsync(new FakeChatClient());
        Assert.DoesNotContain("reasoning", (await plain.ChatAsync(TestServer.Chat())).Body.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PromptCutAndDroppedTokens_AreToldUnderTheVendorsName()
    {
        using var model = new ByteModel();
        await using TestServer server = await TestServer.StartAsync(model.Load());
        string text = new('x', 200);
        const string cut = ""","truncate_prompt_tokens":100,"truncation_side":"middle","max_tokens":3,"ignore_eos":true""";
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat(text, cut));
        Assert.True(status == 200, answer.ToJsonString());
        (int start, int count) = ((int)answer["longcontext"]!["prompt_cut"]!["start"]!, (int)answer["longcontext"]!["prompt_cut"]!["count"]!);
        Assert.Equal((50, 100), (start, (int)answer["usage"]!["prompt_tokens"]!));
        Assert.InRange(count, 101, 150);
        Assert.Null(answer["longcontext"]!["dropped_tokens"]);

        // In a stream it comes with the last piece, once.
        List<string> events = await server.EventsAsync("/v1/chat/completions", TestServer.Chat(text, cut + ""","stream":true,"n":2"""));
        JsonNode[] chunks = [.. events.SkipLast(1).Select(each => JsonNode.Parse(each)!)];
        Assert.Equal(count, (int)chunks.Single(chunk => chunk["longcontext"] is not null)["longcontext"]!["prompt_cut"]!["count"]!);
        Assert.NotNull(chunks[^1]["longcontext"]);

        const string sinks = ""","longcontext_token_dropping":{"type":"attention_sinks","sinks":4,"window":32},"max_tokens":8,"ignore_eos":true""";
        foreach (string more in new[] { sinks, sinks + ""","n":2,"seed":1""" })
        {
            (status, answer) = await server.ChatAsync(TestServer.Chat(text, more));
            Assert.True(status == 200, answer.ToJsonString());
            Assert.Equal((int)answer["usage"]!["prompt_tokens"]! + 7 - 36, (int)answer["longcontext"]!["dropped_tokens"]!);
        }

        (status, answer) = await server.PostAsync("/v1/completions", TestServer.Json($$"""{"prompt":"{{text}}"{{sinks}}}"""));
        Assert.Equal((200, (int)answer["usage"]!["prompt_tokens"]! + 7 - 36), (status, (int)answer["longcontext"]!["dropped_tokens"]!));
        // Where nothing was left out, nothing is said.
        Assert.Null((await server.ChatAsync(TestServer.Chat("x", cut))).Body["longcontext"]);
    }

    private static async Task<ChatOptions> AskAsync(string more)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", more));
        Assert.True(status == 200, answer.ToJsonString());
        return client.LastOptions!;
    }

    /// <summary>Thinks before it answers.</summary>
    private sealed class ThinkingClient : IChatClient
    {
        public IReadOnlyList<ChatMessage>? Asked { get; private set; }

        public ChatOptions? Options { get; private set; }

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            (Asked, Options) = ([.. messages], options);
            await Task.Yield();
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new TextReasoningContent("Is ")]);
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new TextReasoningContent("it?"), new TextContent("It ")]);
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new TextContent("is.")]);
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 1, OutputTokenCount = 9, TotalTokenCount = 10 })]) { FinishReason = ChatFinishReason.Stop };
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

        public void Dispose()
        {
        }
    }
}
