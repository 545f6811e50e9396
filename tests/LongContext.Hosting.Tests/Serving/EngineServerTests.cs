using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace LongContext.Hosting.Serving;

/// <summary>A loaded model with an engine under it, asked by the client package that people use.</summary>
public sealed class EngineServerTests : IClassFixture<EngineServerTests.Folder>
{
    private static readonly string[] Schemas =
    [
        """{"type":"object","properties":{"name":{"type":"string","maxLength":6},"age":{"type":"integer","minimum":0,"maximum":150},"kind":{"enum":["cat","dog"]}},"required":["name","age","kind"],"additionalProperties":false}""",
        """{"type":"array","items":{"enum":["red","green",3,null]},"minItems":2,"maxItems":5}""",
        """{"anyOf":[{"type":"boolean"},{"type":"string","pattern":"^[a-c]{2,4}$"}]}""",
        """{"type":"object","properties":{"list":{"type":"array","items":{"type":"object","properties":{"x":{"type":"integer","minimum":-9,"maximum":9}},"required":["x"],"additionalProperties":false},"minItems":1,"maxItems":3}},"required":["list"],"additionalProperties":false}""",
    ];

    private readonly ByteModel model;

    public EngineServerTests(Folder folder) => model = folder.Model;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answer_WithASchema_ParsesAndIsValid()
    {
        await using TestServer server = await StartAsync();
        // The package's own client: that of Microsoft.Extensions.AI takes maxLength and its like out of schemas, which OpenAI's servers refuse.
        ChatClient client = server.OpenAIClient().GetChatClient(TestServer.ModelId);
        foreach (string text in Schemas)
        {
            JsonSchema schema = JsonSchema.FromText(text);
            ChatCompletion[] answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(async seed => (await client.CompleteChatAsync([new UserChatMessage("An animal.")], new ChatCompletionOptions
            {
                ResponseFormat = OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat("thing", BinaryData.FromString(text)), Temperature = seed == 0 ? 0 : 1, MaxOutputTokenCount = 1500,
#pragma warning disable OPENAI001 // Marked as one that may change.
                Seed = seed,
#pragma warning restore OPENAI001
            }, Token)).Value));
            Assert.True(answers.Select(answer => answer.Content[0].Text).Distinct().Count() > 1);
            foreach (ChatCompletion answer in answers)
            {
                Assert.True(answer.FinishReason == OpenAI.Chat.ChatFinishReason.Stop, answer.Content[0].Text);
                using JsonDocument json = JsonDocument.Parse(answer.Content[0].Text);
                Assert.True(schema.Evaluate(json.RootElement).IsValid, answer.Content[0].Text);
            }
        }
    }

    [Fact]
    public async Task Logprobs_OfTheClientPackage_AreTheTokensOfTheText()
    {
        await using TestServer server = await StartAsync();
        ChatClient client = server.OpenAIClient().GetChatClient(TestServer.ModelId);
        var options = new ChatCompletionOptions
        {
            IncludeLogProbabilities = true, TopLogProbabilityCount = 3, MaxOutputTokenCount = 200,
            ResponseFormat = OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat("list", BinaryData.FromString(Schemas[1])),
        };
        UserChatMessage[] messages = [new("Colours.")];
        ChatCompletion whole = (await client.CompleteChatAsync(messages, options, Token)).Value;
        Assert.Equal(whole.Usage.OutputTokenCount, whole.ContentTokenLogProbabilities.Count);
        Assert.Equal(whole.Content[0].Text, string.Concat(whole.ContentTokenLogProbabilities.Select(token => token.Token)));
        foreach (ChatTokenLogProbabilityDetails token in whole.ContentTokenLogProbabilities)
        {
            Assert.Equal(token.Token, Encoding.UTF8.GetString(token.Utf8Bytes!.Value.Span));
            Assert.True(token.LogProbability <= 0);
            Assert.Equal(3, token.TopLogProbabilities.Count);
            Assert.True(token.TopLogProbabilities[0].LogProbability >= token.TopLogProbabilities[2].LogProbability && token.TopLogProbabilities[0].LogProbability >= token.LogProbability);
        }

        List<float> streamed = [];
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(messages, options, Token))
        {
            // Each piece comes with what it is made of.
            Assert.Equal(string.Concat(update.ContentUpdate.Select(part => part.Text)), string.Concat(update.ContentTokenLogProbabilities.Select(token => token.Token)));
            streamed.AddRange(update.ContentTokenLogProbabilities.Select(token => token.LogProbability));
        }

        Assert.Equal(whole.ContentTokenLogProbabilities.Select(token => token.LogProbability), streamed);
        Assert.Empty((await client.CompleteChatAsync(messages, new ChatCompletionOptions { MaxOutputTokenCount = 3 }, Token)).Value.ContentTokenLogProbabilities);
    }

    [Fact]
    public async Task Usage_OfTheSecondTurn_CountsWhatWasComputedBefore()
    {
        await using TestServer server = await StartAsync();
        using IChatClient client = server.OpenAI();
        List<ChatMessage> messages = [new(ChatRole.User, string.Join(' ', Enumerable.Repeat("once upon a time", 12)))];
        var options = new ChatOptions { MaxOutputTokens = 20, Seed = 1 };
        ChatResponse first = await client.GetResponseAsync(messages, options, Token);
        Assert.Equal(0, first.Usage!.CachedInputTokenCount);
        messages.AddRange(first.Messages);
        messages.Add(new ChatMessage(ChatRole.User, "And then?"));
        ChatResponse second = await client.GetResponseAsync(messages, options, Token);
        Assert.InRange(second.Usage!.CachedInputTokenCount!.Value, 64, second.Usage.InputTokenCount!.Value - 1);
        ChatResponse streamed = await client.GetStreamingResponseAsync(messages, options, Token).ToChatResponseAsync(Token);
        Assert.Equal(second.Text, streamed.Text);
        Assert.True(streamed.Usage!.CachedInputTokenCount >= second.Usage.CachedInputTokenCount);

        // Another's salt finds nothing.
        (int status, JsonNode salted) = await server.ChatAsync(Body(messages, ""","cache_salt":"tenant","max_tokens":2"""));
        Assert.Equal((200, 0), (status, (int)salted["usage"]!["prompt_tokens_details"]!["cached_tokens"]!));
    }

    [Fact]
    public async Task Streams_SixteenAtOnce_AreWhatEachIsAlone()
    {
        string[] questions = [.. Enumerable.Range(0, 16).Select(i => string.Concat(Enumerable.Repeat($"question {i} ", 1 + (7 * i % 5))))];
        List<(string Text, float[] Details)> expected = [];
        using (LongContextChatClient alone = model.Load())
        {
            for (int i = 0; i < questions.Length; i++)
            {
                ChatResponse response = await alone.GetResponseAsync(questions[i], new ChatOptions
                {
                    MaxOutputTokens = 40, Temperature = i % 2, Seed = i, AdditionalProperties = new() { [ChatOptionKeys.LogProbabilities] = true, [ChatOptionKeys.IgnoreEndOfSentence] = true },
                }, Token);
                expected.Add((response.Text, [.. response.GetLogProbabilities()!.Select(token => token.LogProbability)]));
            }
        }

        await using TestServer server = await StartAsync();
        await server.Model.LoadAsync(Token);
        (string Text, float[] Details)[] streamed = await Task.WhenAll(questions.Select(async (question, i) =>
        {
            List<string> events = await server.EventsAsync("/v1/chat/completions", $$"""
                {"model":"fake","messages":[{"role":"user","content":"{{question}}"}],"max_tokens":40,"temperature":{{i % 2}},"seed":{{i}},"logprobs":true,"ignore_eos":true,"stream":true}
                """);
            JsonNode[] choices = [.. events.SkipLast(1).Select(each => JsonNode.Parse(each)!["choices"]![0]!)];
            return (string.Concat(choices.Select(choice => (string?)choice["delta"]!["content"])),
                choices.SelectMany(choice => choice["logprobs"] is { } found ? found["content"]!.AsArray().Select(token => (float)token!["logprob"]!) : []).ToArray());
        }));
        for (int i = 0; i < questions.Length; i++)
        {
            Assert.Equal(expected[i].Text, streamed[i].Text);
            Assert.Equal(40, streamed[i].Details.Length);
            // To the last bit.
            Assert.Equal(expected[i].Details, streamed[i].Details);
        }

        GenerationEngineStatistics engine = server.Model.EngineStatistics!;
        Assert.True(engine.Steps < engine.GeneratedTokens, $"{engine.Steps} steps for {engine.GeneratedTokens} tokens: nothing was computed together");
    }

    [Fact]
    public async Task Connection_Cut_FreesThePages()
    {
        await using TestServer server = await StartAsync(engine: ByteModel.Engine with { ReusesPrefixes = false });
        await server.Model.LoadAsync(Token);
        using (Socket socket = await server.ConnectAsync())
        {
            await socket.SendAsync(TestServer.RawPost("/v1/chat/completions", TestServer.Chat("hello", ""","max_tokens":120000,"ignore_eos":true,"stream":true""")), Token);
            await socket.ReceiveAsync(new byte[16], Token);
            Assert.True(server.Model.EngineStatistics is { RunningRequests: 1, UsedCacheBytes: > 0 });
        }

        await FakeChatClient.UntilAsync(() => server.Model.EngineStatistics is { RunningRequests: 0, WaitingRequests: 0, UsedCacheBytes: 0 } && server.Model.RunningRequests == 0, Token);
        Assert.Equal((1L, 0L), (server.Model.EngineStatistics!.CancelledRequests, server.Model.EngineStatistics.CompletedRequests));
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("hello", ""","max_tokens":2"""))).Status);
    }

    [Fact]
    public async Task SamplingFields_DecideTheTokens()
    {
        await using TestServer server = await StartAsync();
        Assert.Equal("AAAA", await TextAsync(""","max_tokens":4,"logit_bias":{"65":100}"""));
        Assert.Equal("BBBB", await TextAsync(""","max_tokens":4,"logit_bias":{"65":100,"66":90},"bad_words":["A"]"""));
        Assert.Equal("AB", (await TextAsync(""","max_tokens":4,"logit_bias":{"65":100,"66":99},"no_repeat_ngram_size":1"""))[..2]);
        Assert.Equal("", await TextAsync(""","max_tokens":4,"logit_bias":{"65":100},"stop_token_ids":[65]"""));
        Assert.Equal("", await TextAsync(""","max_tokens":4,"logit_bias":{"259":100}"""));
        Assert.Equal(4, (int)(await AskAsync(""","max_tokens":4,"logit_bias":{"259":100},"ignore_eos":true"""))["usage"]!["completion_tokens"]!);
        // The token that ends it counts.
        Assert.Equal(4, (int)(await AskAsync(""","max_tokens":9,"logit_bias":{"65":90,"259":100},"min_tokens":3"""))["usage"]!["completion_tokens"]!);
        // Tokens that are not as likely as the likeliest are not drawn.
        string greedy = await TextAsync(""","max_tokens":8,"ignore_eos":true""");
        Assert.Equal(greedy, await TextAsync(""","max_tokens":8,"ignore_eos":true,"temperature":2,"seed":4,"min_p":1"""));
        Assert.Equal(greedy, await TextAsync(""","max_tokens":8,"ignore_eos":true,"temperature":2,"seed":4,"top_n_sigma":0"""));
        Assert.NotEqual(greedy, await TextAsync(""","max_tokens":8,"ignore_eos":true,"temperature":2,"seed":4"""));
        Assert.Equal("AB", await TextAsync(""","max_tokens":2,"logit_bias":{"65":100,"66":90},"repetition_penalty":50"""));
        Assert.Equal("AA", await TextAsync(""","max_tokens":2,"logit_bias":{"65":100,"66":90},"repetition_penalty":1"""));
        Assert.Equal(greedy, await TextAsync(""","max_tokens":8,"ignore_eos":true,"typical_p":1,"priority":-5,"cache_salt":"s","min_p":0,"no_repeat_ngram_size":0,"repetition_penalty":1"""));

        foreach ((string more, string name) in new[] { (""","logit_bias":{"300":1}""", "logit_bias"), (""","stop_token_ids":[300]""", "stop_token_ids") })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", more));
            Assert.Equal(400, status);
            Assert.Contains(name, (string)answer["error"]!["message"]!, StringComparison.Ordinal);
        }

        // What a grammar cannot hold is named by the field that it stands in.
        foreach ((string more, string field) in new[]
        {
            (""","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","uniqueItems":true,"minProperties":1}}}""", "response_format"),
            (""","guided_json":{"type":"nothing"}""", "guided_json"), (""","guided_regex":"(a" """, "guided_regex"),
        })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", more));
            Assert.Equal((400, field), (status, (string?)answer["error"]!["param"]));
            Assert.StartsWith($"'{field}' cannot be used: ", (string?)answer["error"]!["message"], StringComparison.Ordinal);
        }

        async Task<string> TextAsync(string more) => (string)(await AskAsync(more))["choices"]![0]!["message"]!["content"]!;

        async Task<JsonNode> AskAsync(string more)
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("hello", more));
            Assert.True(status == 200, answer.ToJsonString());
            return answer;
        }
    }

    [Fact]
    public async Task Completions_Logprobs_HaveOffsetsTokensAndTheLikeliest()
    {
        await using TestServer server = await StartAsync();
        const string more = """
            "prompt":"once","max_tokens":12,"temperature":1,"seed":3,"logit_bias":{"65":100,"66":100},"logprobs":2
            """;
        (int status, JsonNode whole) = await server.PostAsync("/v1/completions", TestServer.Json($$"""{"model":"fake",{{more}}}"""));
        Assert.Equal(200, status);
        JsonNode choice = whole["choices"]![0]!, details = choice["logprobs"]!;
        string text = (string)choice["text"]!;
        Assert.Equal(12, text.Length);
        Assert.Equal(text, string.Concat(details["tokens"]!.AsArray().Select(token => (string)token!)));
        Assert.Equal(Enumerable.Range(0, 12), details["text_offset"]!.AsArray().Select(offset => (int)offset!));
        Assert.All(Enumerable.Range(0, 12), i =>
        {
            float own = (float)details["token_logprobs"]![i]!;
            JsonObject likeliest = details["top_logprobs"]![i]!.AsObject();
            Assert.InRange(likeliest.Count, 2, 3);
            Assert.Equal(own, (float)likeliest[(string)details["tokens"]![i]!]!);
            Assert.True(likeliest.All(pair => (float)pair.Value! <= 0));
        });

        List<string> events = await server.EventsAsync("/v1/completions", $$"""{"model":"fake","stream":true,{{more}}}""");
        JsonNode[] pieces = [.. events.SkipLast(1).Select(each => JsonNode.Parse(each)!["choices"]![0]!["logprobs"]).OfType<JsonNode>()];
        foreach (string list in new[] { "text_offset", "tokens", "token_logprobs", "top_logprobs" })
            Assert.Equal(details[list]!.ToJsonString(), new JsonArray([.. pieces.SelectMany(piece => piece[list]!.AsArray()).Select(each => each!.DeepClone())]).ToJsonString());
    }

    [Fact]
    public async Task Choices_Several_AreTheAnswersOfTheirSeedsAndShareThePrompt()
    {
        await using TestServer server = await StartAsync();
        string prompt = string.Join(' ', Enumerable.Repeat("tell me", 20));
        List<string> expected = [];
        for (int seed = 5; seed < 8; seed++)
            expected.Add((string)(await AskAsync(seed, ""","cache_salt":"alone" """))["choices"]![0]!["message"]!["content"]!);
        Assert.Equal(3, expected.Distinct().Count());
        long before = server.Model.EngineStatistics!.ReusedTokens;
        JsonNode together = await AskAsync(5, ""","n":3""");
        Assert.Equal(expected, together["choices"]!.AsArray().Select(choice => (string)choice!["message"]!["content"]!));
        Assert.Equal([0, 1, 2], together["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
        JsonNode usage = together["usage"]!;
        Assert.Equal((60, 0), ((int)usage["completion_tokens"]!, (int)usage["prompt_tokens_details"]!["cached_tokens"]!));
        Assert.Equal((int)usage["prompt_tokens"]! + 60, (int)usage["total_tokens"]!);
        Assert.InRange(server.Model.EngineStatistics!.ReusedTokens - before, 2 * 128, long.MaxValue);

        List<string> events = await server.EventsAsync("/v1/chat/completions", Body([new(ChatRole.User, prompt)], ""","temperature":1,"seed":5,"max_tokens":20,"ignore_eos":true,"n":3,"stream":true,"stream_options":{"include_usage":true}"""));
        JsonNode[] chunks = [.. events.SkipLast(1).Select(each => JsonNode.Parse(each)!)];
        for (int i = 0; i < 3; i++)
        {
            JsonNode[] own = [.. chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Where(choice => (int)choice!["index"]! == i).Select(choice => choice!)];
            Assert.Equal(expected[i], string.Concat(own.Select(choice => (string?)choice["delta"]!["content"])));
            Assert.Equal(["length"], own.Select(choice => (string?)choice["finish_reason"]).OfType<string>());
        }

        Assert.Equal(60, (int)chunks[^1]["usage"]!["completion_tokens"]!);

        async Task<JsonNode> AskAsync(int seed, string more)
        {
            (int status, JsonNode answer) = await server.ChatAsync(Body([new(ChatRole.User, prompt)], $$""","temperature":1,"seed":{{seed}},"max_tokens":20,"ignore_eos":true{{more}}"""));
            Assert.True(status == 200, answer.ToJsonString());
            return answer;
        }
    }

    [Fact]
    public async Task Request_ThatCannotFitTheMemory_IsRefusedWithTheFigures()
    {
        await using TestServer server = await StartAsync(engine: new GenerationEngineOptions { CacheTokens = 256, StepTokens = 64, Threads = 1 });
        await server.Model.LoadAsync(Token);
        foreach (string more in new[] { ""","max_tokens":5000""", ""","max_tokens":5000,"stream":true""" })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat(new string('x', 100), more));
            Assert.Equal((400, "context_length_exceeded", "messages"), (status, (string?)answer["error"]!["code"], (string?)answer["error"]!["param"]));
            Assert.Contains("up to 5119 tokens", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
            Assert.Contains("holds 257 of one request", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
        }

        Assert.Equal(400, (await server.ChatAsync(TestServer.Chat(new string('x', 300)))).Status);
        // Where nobody says how long, an answer ends where the memory does.
        (int fits, JsonNode whole) = await server.ChatAsync(TestServer.Chat(new string('x', 100), ""","ignore_eos":true"""));
        Assert.Equal((200, "length", 257), (fits, (string?)whole["choices"]![0]!["finish_reason"], (int)whole["usage"]!["total_tokens"]!));
    }

    private Task<TestServer> StartAsync(GenerationEngineOptions? engine = null) => TestServer.StartAsync(model.Load(engine));

    private static string Body(IEnumerable<ChatMessage> messages, string more) => $$"""
        {"model":"fake","messages":{{JsonSerializer.Serialize(messages.Select(message => new Dictionary<string, string> { ["role"] = message.Role.Value, ["content"] = message.Text }))}}{{more}}}
        """;

    /// <summary>The model's folder, written once.</summary>
    public sealed class Folder : IDisposable
    {
        internal ByteModel Model { get; } = new();

        public void Dispose() => Model.Dispose();
    }
}
