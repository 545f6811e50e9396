using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>Prompts that come as tokens: what is said of a text's tokens is what is said of the text.</summary>
public sealed class TokenPromptTests : IClassFixture<EngineServerTests.Folder>
{
    private const string Text = "once upon 🦜 a time";
    private const int Turn = 257, End = 259;
    private readonly ByteModel model;

    public TokenPromptTests(EngineServerTests.Folder folder) => model = folder.Model;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(""" "max_tokens":0,"echo":true,"logprobs":2 """)]
    [InlineData(""" "max_tokens":1,"echo":true,"logprobs":1,"temperature":0,"seed":1234 """)]
    [InlineData(""" "max_tokens":9,"echo":true,"temperature":1,"seed":3,"n":2 """)]
    [InlineData(""" "max_tokens":9,"logprobs":2,"temperature":1,"seed":3 """)]
    [InlineData(""" "max_tokens":3,"prompt_logprobs":2,"n":2 """)]
    [InlineData(""" "max_tokens":3,"echo":true,"truncate_prompt_tokens":8 """)]
    public async Task Tokens_OfAText_AreAnsweredAsTheTextIs(string more)
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        JsonNode text = await CompleteAsync(server, $"\"{Text}\"", more);
        foreach (string prompt in new[] { Ids(Text), $"[{Ids(Text)}]" })
        {
            JsonNode tokens = await CompleteAsync(server, prompt, more + ""","add_special_tokens":false""");
            Assert.Equal(text["choices"]!.ToJsonString(), tokens["choices"]!.ToJsonString());
            Assert.Equal(
                ((int)text["usage"]!["prompt_tokens"]!, (int)text["usage"]!["completion_tokens"]!), ((int)tokens["usage"]!["prompt_tokens"]!, (int)tokens["usage"]!["completion_tokens"]!));
        }

        if (more.Contains("prompt_logprobs", StringComparison.Ordinal)) return;
        string[] streamed = [Events(await server.EventsAsync("/v1/completions", Body($"\"{Text}\"", more + ",\"stream\":true"))), Events(await server.EventsAsync("/v1/completions", Body(Ids(Text), more + ",\"stream\":true")))];
        Assert.Equal(streamed[0], streamed[1]);
    }

    [Theory]
    [InlineData(""" "truncate_prompt_tokens":8 """, "\uFFFD a time")]
    [InlineData(""" "truncate_prompt_tokens":7,"truncation_side":"right" """, "once up")]
    [InlineData(""" "truncate_prompt_tokens":8,"truncation_side":"middle" """, "oncetime")]
    [InlineData(""" "longcontext_token_truncation":{"maximum_tokens":9,"marker":[257]} """, "once<|im_start|>time")]
    [InlineData(""" "truncate_prompt_tokens":21 """, Text)]
    public async Task Echo_OfAPromptThatIsCut_ShowsAndScoresWhatIsLeft(string cut, string expected)
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        foreach (string more in new[] { "\"max_tokens\":0,\"logprobs\":1", "\"max_tokens\":2,\"logprobs\":1,\"ignore_eos\":true", "\"max_tokens\":2,\"ignore_eos\":true,\"n\":2,\"temperature\":1,\"seed\":1" })
        {
            foreach (string prompt in new[] { $"\"{Text}\"", Ids(Text), $"[\"x\",\"{Text}\"]" })
            {
                string body = $"{more},\"echo\":true,{cut}";
                JsonNode[] choices = [.. (await CompleteAsync(server, prompt, body))["choices"]!.AsArray().Select(choice => choice!)];
                JsonNode last = choices[^1];
                Assert.StartsWith(expected, (string)last["text"]!, StringComparison.Ordinal);
                if (more.Contains("\"max_tokens\":0", StringComparison.Ordinal)) Assert.Equal(expected, (string)last["text"]!);
                if (last["logprobs"] is { } details)
                {
                    // Each token where its text is: where they are one character each, at its place.
                    string[] tokens = [.. details["tokens"]!.AsArray().Select(token => (string)token!)];
                    Assert.Null(details["token_logprobs"]![0]);
                    Assert.Equal(tokens.Length - 1, details["token_logprobs"]!.AsArray().Count(score => score is not null));
                    Assert.Equal(0, (int)details["text_offset"]![0]!);
                    if (expected == "oncetime") Assert.Equal("oncetime", string.Concat(tokens.Take(8)));
                    if (expected == "oncetime") Assert.Equal(Enumerable.Range(0, 8), details["text_offset"]!.AsArray().Take(8).Select(offset => (int)offset!));
                }

                List<string> events = await server.EventsAsync("/v1/completions", Body(prompt, body + ",\"stream\":true"));
                JsonNode[] pieces = [.. events.SkipLast(1).SelectMany(each => JsonNode.Parse(each)!["choices"]!.AsArray()).Select(each => each!)];
                for (int i = 0; i < choices.Length; i++)
                    Assert.Equal((string?)choices[i]["text"], string.Concat(pieces.Where(piece => (int)piece["index"]! == i).Select(piece => (string?)piece["text"])));
            }
        }
    }

    [Fact]
    public async Task Echo_OfATextThatLosesItsMiddle_HasNothingOfTheTokenBeforeIt()
    {
        using var own = new ByteModel();
        own.PutBefore();
        await using TestServer server = await TestServer.StartAsync(own.Load());
        JsonNode choice = (await CompleteAsync(server, $"\"{Text}\"", """ "max_tokens":0,"echo":true,"logprobs":0,"truncate_prompt_tokens":9,"truncation_side":"middle" """))["choices"]![0]!;
        // Of nine tokens one is before the text.
        Assert.Equal("once time"[..3] + " time", (string?)choice["text"]);
        Assert.Equal([0, 0, 1, 2, 3, 4, 5, 6, 7], choice["logprobs"]!["text_offset"]!.AsArray().Select(each => (int)each!));
        // Where the beginning is cut off, that is.
        choice = (await CompleteAsync(server, $"\"{Text}\"", """ "max_tokens":0,"echo":true,"logprobs":0,"truncate_prompt_tokens":4 """))["choices"]![0]!;
        Assert.Equal(("time", "[0,1,2,3]"), ((string?)choice["text"], choice["logprobs"]!["text_offset"]!.ToJsonString()));
    }

    [Fact]
    public async Task Echo_OfSpecialTokensAndBrokenBytes_SpellsThemInPlace()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        JsonNode choice = (await CompleteAsync(server, $"[{Turn},240,159,97,{Turn},195]", """ "max_tokens":0,"echo":true,"logprobs":0 """))["choices"]![0]!;
        Assert.Equal("<|im_start|>\uFFFDa<|im_start|>\uFFFD", (string?)choice["text"]);
        Assert.Equal([0, 12, 12, 13, 14, 26], choice["logprobs"]!["text_offset"]!.AsArray().Select(each => (int)each!));
        Assert.Equal(["<|im_start|>", "\uFFFD", "\uFFFD", "a", "<|im_start|>", "\uFFFD"], choice["logprobs"]!["tokens"]!.AsArray().Select(each => (string)each!));
    }

    [Fact]
    public async Task Character_BegunByThePrompt_IsWholeInTheAnswer()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        byte[] parrot = Encoding.UTF8.GetBytes("🦜");
        string prompt = $"[97,{parrot[0]},{parrot[1]},{parrot[2]}]", more = $$""" "max_tokens":1,"logit_bias":{"{{parrot[3]}}":100},"logprobs":0 """;
        Assert.Equal("🦜", Answer(await CompleteAsync(server, prompt, more)));
        JsonNode echoed = await CompleteAsync(server, prompt, more + ""","echo":true""");
        Assert.Equal("a🦜", Answer(echoed));
        Assert.Equal([0, 1, 1, 1, 1], echoed["choices"]![0]!["logprobs"]!["text_offset"]!.AsArray().Select(each => (int)each!));
        List<string> events = await server.EventsAsync("/v1/completions", Body(prompt, more + ""","echo":true,"stream":true"""));
        Assert.Equal("a🦜", string.Concat(events.SkipLast(1).Select(each => (string?)JsonNode.Parse(each)!["choices"]![0]!["text"])));
        // Alone it spells nothing yet, but is a token all the same.
        events = await server.EventsAsync("/v1/completions", Body($"[{parrot[0]},{parrot[1]},{parrot[2]}]", more + ""","echo":true,"stream":true"""));
        Assert.Equal([3, 1], events.SkipLast(1).Select(each => JsonNode.Parse(each)!["choices"]![0]!["logprobs"]?["tokens"]!.AsArray().Count).OfType<int>());
        // Nothing comes behind it: what is there is damaged.
        Assert.Equal("a\uFFFD", Answer(await CompleteAsync(server, prompt, """ "max_tokens":1,"logit_bias":{"259":100},"echo":true """)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Logprobs_OfAnAnswerThatATokenEnds_HaveAnEntryForIt(bool isEcho)
    {
        // Who scores a text asks for one token more and leaves out the last entry: with none for the end, the text's own last token would be left out.
        await using TestServer server = await TestServer.StartAsync(model.Load());
        string more = $$""" "max_tokens":1,"logprobs":1,"temperature":0,"seed":1234,"echo":{{(isEcho ? "true" : "false")}},"logit_bias":{"{{End}}":100} """;
        int before = isEcho ? 21 : 0, offset = isEcho ? 18 : 0;
        JsonNode whole = await CompleteAsync(server, Ids(Text), more), choice = whole["choices"]![0]!, details = choice["logprobs"]!;
        Assert.Equal((isEcho ? Text : "", "stop", 1), ((string?)choice["text"], (string?)choice["finish_reason"], (int)whole["usage"]!["completion_tokens"]!));
        foreach (string list in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" }) Assert.Equal(before + 1, details[list]!.AsArray().Count);
        Assert.Equal(("<|endoftext|>", offset), ((string?)details["tokens"]![before], (int)details["text_offset"]![before]!));
        float score = (float)details["token_logprobs"]![before]!;
        Assert.True(score < 0);
        Assert.Equal(score, (float)details["top_logprobs"]![before]!["<|endoftext|>"]!);
        // As likely as the model finds it where it is a token of the prompt.
        JsonNode given = (await CompleteAsync(server, $"[{Ids(Text)[1..^1]},{End}]", """ "max_tokens":0,"logprobs":1,"echo":true """))["choices"]![0]!["logprobs"]!;
        Assert.Equal((float)given["token_logprobs"]![21]!, score, 1e-5f);

        List<string> events = await server.EventsAsync("/v1/completions", Body(Ids(Text), more + ",\"stream\":true"));
        JsonNode[] pieces = [.. events.SkipLast(1).Select(each => JsonNode.Parse(each)!["choices"]![0]!["logprobs"]).OfType<JsonNode>()];
        Assert.Equal(details["tokens"]!.ToJsonString(), new JsonArray([.. pieces.SelectMany(piece => piece["tokens"]!.AsArray()).Select(each => each!.DeepClone())]).ToJsonString());
        // With a stop string it is the text that ended.
        JsonNode stopped = (await CompleteAsync(server, Ids(Text), """ "max_tokens":4,"logprobs":0,"logit_bias":{"65":100},"stop":"AA" """))["choices"]![0]!;
        Assert.DoesNotContain("<|endoftext|>", stopped.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_SentAgain_AreFoundAgain()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        string long1 = string.Join(' ', Enumerable.Repeat("tell me", 20));
        JsonNode first = await CompleteAsync(server, $"\"{long1}\"", """ "max_tokens":4 """), second = await CompleteAsync(server, Ids(long1), """ "max_tokens":4 """);
        Assert.Equal((0, 128), ((int)first["usage"]!["prompt_tokens_details"]!["cached_tokens"]!, (int)second["usage"]!["prompt_tokens_details"]!["cached_tokens"]!));
        Assert.Equal(Answer(first), Answer(second));
    }

    [Theory]
    [InlineData("[]", "prompt")]
    [InlineData("[[]]", "prompt[0]")]
    [InlineData("[null]", "prompt[0]")]
    [InlineData("[{}]", "prompt[0]")]
    [InlineData("[true]", "prompt[0]")]
    [InlineData("{}", "prompt")]
    [InlineData("7", "prompt")]
    [InlineData("""[1,"a"]""", "prompt[1]")]
    [InlineData("[1,null]", "prompt[1]")]
    [InlineData("[1,[2]]", "prompt[1]")]
    [InlineData("[1,1.5]", "prompt[1]")]
    [InlineData("[1,2,-1]", "prompt[2]")]
    [InlineData("[1e3]", "prompt[0]")]
    [InlineData("[99999999999999999999]", "prompt[0]")]
    [InlineData("[[1,2147483648]]", "prompt[0][1]")]
    [InlineData("[[[1]]]", "prompt[0][0]")]
    [InlineData("[1,300]", "prompt", "300 at place 1, expected 0 to 299")]
    [InlineData("[2147483647]", "prompt", "expected 0 to 299")]
    public async Task Tokens_ThatAreNone_AreRefusedByPlace(string prompt, string parameter, string message = "")
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(Body(prompt, "\"max_tokens\":1")));
        Assert.Equal((400, parameter), (status, (string?)answer["error"]!["param"]));
        Assert.Contains($"'{parameter}'", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Contains(message, (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_MoreThanMayBe_AreRefusedWithTheFigure()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load(), limits => (limits.MaximumPromptTokens, limits.MaximumPromptLogprobs) = (200, 30));
        await ExpectAsync(server, 200, 200, "\"max_tokens\":1", null);
        await ExpectAsync(server, 201, 400, "\"max_tokens\":1", "context_length_exceeded");
        await ExpectAsync(server, 5, 200, """ "max_tokens":0,"echo":true,"logprobs":1,"n":3 """, null);
        await ExpectAsync(server, 6, 400, """ "max_tokens":0,"echo":true,"logprobs":1,"n":3 """, null);
        using var small = new ByteModel(window: 64);
        await using TestServer narrow = await TestServer.StartAsync(small.Load());
        await ExpectAsync(narrow, 63, 200, "\"max_tokens\":1", null);
        await ExpectAsync(narrow, 64, 400, "\"max_tokens\":1", "context_length_exceeded");
        await ExpectAsync(narrow, 3_000_000, 400, """ "max_tokens":1,"echo":true """, "context_length_exceeded");

        static async Task ExpectAsync(TestServer server, int count, int expected, string more, string? code)
        {
            (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(Body($"[{string.Join(',', Enumerable.Repeat(97, count))}]", more)));
            Assert.Equal((expected, code, expected == 400 ? "prompt" : null), (status, (string?)answer["error"]?["code"], (string?)answer["error"]?["param"]));
        }
    }

    [Fact]
    public async Task Tokens_BeforeTheModelIsLoaded_WaitForIt()
    {
        var loaded = new TaskCompletionSource<IChatClient>();
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), model: options => options.ClientFactory = (_, _) => loaded.Task);
        Task<JsonNode> asked = CompleteAsync(server, Ids(Text), "\"max_tokens\":1");
        await FakeChatClient.UntilAsync(() => server.Model.State == ModelState.Loading, Token);
        Assert.False(asked.IsCompleted);
        loaded.SetResult(model.Load());
        Assert.Equal(21, (int)(await asked)["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task Requests_BeforeTheModelIsLoaded_AreAsManyAsMayWait()
    {
        var loaded = new TaskCompletionSource<IChatClient>();
        await using TestServer server = await TestServer.StartAsync(
            new FakeChatClient(), model: options => (options.ClientFactory, options.MaximumConcurrentRequests, options.MaximumQueuedRequests) = ((_, _) => loaded.Task, 2, 2));
        // What waits for the model itself, and what waits for its turn.
        string[] prompts = [Ids(Text), $"[{Ids("a")},{Ids("b")}]", $"[\"a\",\"b\"]", $"\"{Text}\""];
        Task<JsonNode>[] waiting = [.. prompts.Where((_, i) => i is 0 or 3).Concat([Ids("c"), "\"d\""]).Select(prompt => CompleteAsync(server, prompt, "\"max_tokens\":1"))];
        await FakeChatClient.UntilAsync(() => server.Model.WaitingRequests == 4, Token);
        foreach (string prompt in prompts)
        {
            using HttpResponseMessage response = await server.Http.PostAsync("/v1/completions", TestServer.Json(Body(prompt, "\"max_tokens\":1")), Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
            JsonNode error = JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!["error"]!;
            Assert.Equal((429, "overloaded"), ((int)response.StatusCode, (string?)error["code"]));
            Assert.Contains("4 requests wait for it", (string?)error["message"], StringComparison.Ordinal);
            Assert.NotNull(response.Headers.RetryAfter);
        }

        Assert.Equal(4, server.Model.WaitingRequests);
        loaded.SetResult(model.Load());
        await Task.WhenAll(waiting);
        Assert.Equal((0, 0), (server.Model.WaitingRequests, server.Model.RunningRequests));
    }

    [Fact]
    public async Task Tokens_ThatWaitForTheModelTooLong_AreRefused()
    {
        using var meter = new RequestMeter("slow");
        var loaded = new TaskCompletionSource<IChatClient>();
        await using TestServer server = await TestServer.StartAsync(
            new FakeChatClient(), model: options => (options.ClientFactory, options.QueueTimeout, options.ModelId) = ((_, _) => loaded.Task, TimeSpan.FromMilliseconds(100), "slow"));
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json("""{"prompt":[1],"max_tokens":1}"""));
        Assert.Equal((429, "overloaded"), (status, (string?)answer["error"]!["code"]));
        Assert.Contains("still being loaded within 0.1 seconds", (string?)answer["error"]!["message"], StringComparison.Ordinal);
        using (Socket gone = await server.ConnectAsync())
        {
            await gone.SendAsync(TestServer.RawPost("/v1/completions", """{"prompt":[1],"max_tokens":1}"""), Token);
            await FakeChatClient.UntilAsync(() => server.Model.WaitingRequests == 1, Token);
        }

        await FakeChatClient.UntilAsync(() => server.Model.WaitingRequests == 0, Token);
        loaded.SetException(new InvalidDataException("torn shard"));
        (status, answer) = await server.PostAsync("/v1/completions", TestServer.Json("""{"prompt":[1],"max_tokens":1}"""));
        Assert.Equal((503, "unavailable"), (status, (string?)answer["error"]!["code"]));
        await FakeChatClient.UntilAsync(() => meter.Outcomes.Length == 3, Token);
        Assert.Equal("overloaded", meter.Outcomes[0]);
        Assert.Equal("failed", meter.Outcomes[2]);
        Assert.Equal((3, 0), (meter.Began, meter.Waiting));
    }

    [Fact]
    public async Task Tokens_ToAModelThatTakesText_AreRefused()
    {
        var fake = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(fake);
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(Body("[1,2]", "\"max_tokens\":1")));
        Assert.Equal((400, "prompt", 0), (status, (string?)answer["error"]!["param"], fake.Begun));
        Assert.Contains("takes text only", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }

    private static string Ids(string text) => $"[{string.Join(',', Encoding.UTF8.GetBytes(text))}]";

    private static string Body(string prompt, string more) => $$"""{"model":"fake","prompt":{{prompt}},{{more}}}""";

    private static string Answer(JsonNode whole) => (string)whole["choices"]![0]!["text"]!;

    /// <summary>What a stream says but for its name and time.</summary>
    private static string Events(List<string> events) =>
        string.Join('\n', events.SkipLast(1).SelectMany(each => JsonNode.Parse(each)!["choices"]!.AsArray()).OrderBy(choice => (int)choice!["index"]!).Select(choice => choice!.ToJsonString()));

    private static async Task<JsonNode> CompleteAsync(TestServer server, string prompt, string more)
    {
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(Body(prompt, more)));
        Assert.True(status == 200, answer.ToJsonString());
        return answer;
    }
}
