using System.Text;
using System.Text.Json.Nodes;
using LongContext.Hosting.Support;

namespace LongContext.Hosting.Serving;

/// <summary>Several prompts in one request: each is answered as it would be alone, in the places that OpenAI's protocol gives them.</summary>
public sealed class SeveralPromptTests : IClassFixture<EngineServerTests.Folder>
{
    private static readonly string[] Texts = ["once upon 🦜 a time", "x", "and then there were none"];
    private readonly ByteModel model;

    public SeveralPromptTests(EngineServerTests.Folder folder) => model = folder.Model;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, """ "max_tokens":0,"echo":true,"logprobs":2 """)]
    [InlineData(1, """ "max_tokens":1,"echo":true,"logprobs":1,"temperature":0,"seed":1234 """)]
    [InlineData(2, """ "max_tokens":0,"echo":true,"logprobs":1 """)]
    [InlineData(2, """ "max_tokens":7,"echo":true,"logprobs":1,"temperature":1,"seed":3,"ignore_eos":true """)]
    [InlineData(3, """ "max_tokens":7,"temperature":1,"seed":3,"ignore_eos":true,"echo":true """)]
    [InlineData(2, """ "max_tokens":7,"prompt_logprobs":2,"temperature":1,"seed":5 """)]
    [InlineData(1, """ "max_tokens":3,"temperature":0,"truncate_prompt_tokens":8,"longcontext_token_dropping":{"type":"attention_sinks","sinks":1,"window":4,"positions":"in_cache"} """)]
    public async Task Prompts_Together_AreAnsweredAsEachIsAlone(int answers, string more)
    {
        more += $",\"n\":{answers}";
        await using TestServer server = await TestServer.StartAsync(model.Load());
        JsonNode[] alone = await Task.WhenAll(Texts.Select(text => CompleteAsync(server, $"\"{text}\"", more)));
        foreach (string prompts in new[] { $"[{string.Join(',', Texts.Select(text => $"\"{text}\""))}]", $"[{string.Join(',', Texts.Select(Ids))}]" })
        {
            JsonNode together = await CompleteAsync(server, prompts, more);
            JsonArray choices = together["choices"]!.AsArray();
            Assert.Equal(Enumerable.Range(0, Texts.Length * answers), choices.Select(choice => (int)choice!["index"]!));
            for (int i = 0; i < choices.Count; i++) Assert.Equal(Choice(alone[i / answers], i % answers), Choice(together, i));
            foreach (string count in new[] { "prompt_tokens", "completion_tokens", "total_tokens" })
                Assert.Equal(alone.Sum(each => (int)each["usage"]![count]!), (int)together["usage"]![count]!);

            if (more.Contains("prompt_logprobs", StringComparison.Ordinal)) continue;
            List<string> events = await server.EventsAsync("/v1/completions", Body(prompts, more + ""","stream":true,"stream_options":{"include_usage":true}"""));
            JsonNode[] pieces = [.. events.SkipLast(2).SelectMany(each => JsonNode.Parse(each)!["choices"]!.AsArray()).Select(each => each!)];
            for (int i = 0; i < choices.Count; i++)
            {
                JsonNode[] own = [.. pieces.Where(piece => (int)piece["index"]! == i)];
                Assert.Equal((string?)choices[i]!["text"], string.Concat(own.Select(piece => (string?)piece["text"])));
                Assert.Equal((string?)choices[i]!["finish_reason"], own.Select(piece => (string?)piece["finish_reason"]).Single(reason => reason is not null));
                foreach (string list in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
                    Assert.Equal(List(choices[i]!, list), string.Concat(own.Select(piece => List(piece, list))));
                // What was left out of a prompt is said with each answer to it.
                Assert.Equal(choices[i]!["longcontext"]?.ToJsonString(), own[^1]["longcontext"]?.ToJsonString());
            }

            JsonNode usage = JsonNode.Parse(events[^2])!["usage"]!;
            Assert.Equal(((int)together["usage"]!["prompt_tokens"]!, (int)together["usage"]!["total_tokens"]!), ((int)usage["prompt_tokens"]!, (int)usage["total_tokens"]!));
        }
    }

    [Fact]
    public async Task Prompts_Together_AreComputedTogether()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load(), model: options => options.MaximumConcurrentRequests = 16);
        await CompleteAsync(server, $"[{string.Join(',', Enumerable.Range(0, 16).Select(i => $"\"text {i}\""))}]", """ "max_tokens":40,"ignore_eos":true """);
        Generation.GenerationEngineStatistics engine = server.Model.EngineStatistics!;
        Assert.Equal(640, engine.GeneratedTokens);
        Assert.InRange(engine.Steps, 40, 320);
    }

    [Fact]
    public async Task Prompts_MoreThanTheModelHasPlaces_WaitForOneAnother()
    {
        var client = new FakeChatClient { Wait = token => Task.Delay(2, token) };
        await using TestServer server = await TestServer.StartAsync(client, model: options => (options.MaximumConcurrentRequests, options.MaximumQueuedRequests) = (3, 0));
        JsonNode answer = await CompleteAsync(server, """["a","b","c","d","e","f","g"]""", "\"n\":2");
        Assert.Equal(["a", "a", "b", "b", "c", "c", "d", "d", "e", "e", "f", "f", "g", "g"], answer["choices"]!.AsArray().Select(choice => ((string)choice!["text"]!)[^1..]));
        Assert.Equal((3, 14, 0), (client.MostAtOnce, client.Completed, server.Model.RunningRequests));
        Assert.Equal("""{"prompt_tokens":7,"completion_tokens":56,"total_tokens":63}""", answer["usage"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""["a",1]""", "prompt[1]")]
    [InlineData("""["a",[1]]""", "prompt[1]")]
    [InlineData("""["a","b",null]""", "prompt[2]")]
    [InlineData("""[[1],"a"]""", "prompt[1]")]
    [InlineData("[[1],2]", "prompt[1]")]
    [InlineData("[[1],[]]", "prompt[1]")]
    [InlineData("[[1],[2,-1]]", "prompt[1][1]")]
    [InlineData("[[1],[2],[3,\"a\"]]", "prompt[2][1]")]
    [InlineData("""["a","\ud800"]""", "prompt[1]")]
    [InlineData("[[1],[2,300]]", "prompt[1]", "300 at place 1, expected 0 to 299")]
    public async Task Prompt_ThatIsNone_IsRefusedByPlace(string prompts, string parameter, string message = "")
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        await RefusedAsync(server, prompts, "\"max_tokens\":1", parameter, message);
    }

    [Fact]
    public async Task Limits_OfSeveralPrompts_AreHeld()
    {
        await using TestServer server = await TestServer.StartAsync(
            model.Load(), limits => (limits.MaximumPrompts, limits.MaximumChoices, limits.MaximumPromptTokens, limits.MaximumPromptLogprobs) = (4, 6, 5, 24));
        await CompleteAsync(server, """["a","b","c","d"]""", "\"max_tokens\":1");
        await RefusedAsync(server, """["a","b","c","d","e"]""", "\"max_tokens\":1", "prompt", "5 prompts, expected at most 4");
        await CompleteAsync(server, """["a","b"]""", "\"max_tokens\":1,\"n\":2");
        await RefusedAsync(server, """["a","b"]""", "\"max_tokens\":1,\"n\":3", "n", "6 answers to 2 prompts, expected at most 4");
        await CompleteAsync(server, "\"a\"", "\"max_tokens\":1,\"n\":6");
        // Of each, and of all together.
        await CompleteAsync(server, """["12345","12345","12345"]""", "\"max_tokens\":1");
        await RefusedAsync(server, """["12345","12345","123456"]""", "\"max_tokens\":1", "prompt[2]", "more than the 5 tokens", "context_length_exceeded");
        await RefusedAsync(server, "[[1,2,3,4,5],[1,2,3,4,5,6]]", "\"max_tokens\":1", "prompt[1]", "more than the 5 tokens", "context_length_exceeded");
        const string scores = """ "max_tokens":0,"echo":true,"logprobs":1 """;
        await CompleteAsync(server, "[[1,2,3],[1,2,3],[1,2,3],[1,2,3]]", scores);
        await RefusedAsync(server, "[[1,2,3],[1,2,3],[1,2,3],[1,2,3,4]]", scores, "prompt", "up to 26 of them");
        await CompleteAsync(server, """["123","123"]""", scores + ",\"n\":2");
        await RefusedAsync(server, """["123","1234"]""", scores + ",\"n\":2", "prompt", "up to 28 of them");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prompt_ThatDoesNotFit_RefusesAllBeforeAnyIsComputed(bool areTokens)
    {
        using var small = new ByteModel(window: 64);
        await using TestServer server = await TestServer.StartAsync(small.Load());
        string[] fits = ["a", new string('b', 63), "c"], full = ["a", "b", new string('c', 64)];
        foreach (string more in new[] { "\"max_tokens\":1", "\"max_tokens\":1,\"stream\":true" })
        {
            await RefusedAsync(server, Prompts(full), more, "prompt[2]", "'prompt[2]' has 64 tokens, but the model's window has room for 63 of it", "context_length_exceeded");
            Assert.Equal(0, server.Model.EngineStatistics!.Steps);
        }

        Assert.Equal(3, (await CompleteAsync(server, Prompts(fits), "\"max_tokens\":1"))["choices"]!.AsArray().Count);
        // Without an answer the prompt may have all of it, and one that is cut is as long as it is cut to.
        await CompleteAsync(server, Prompts(full), """ "max_tokens":0,"echo":true,"logprobs":0 """);
        await CompleteAsync(server, Prompts(full), """ "max_tokens":1,"truncate_prompt_tokens":9 """);

        string Prompts(string[] texts) => $"[{string.Join(',', texts.Select(text => areTokens ? Ids(text) : $"\"{text}\""))}]";
    }

    [Fact]
    public async Task Prompt_ThatFitsWithoutTheTokenBeforeIt_IsTooLong()
    {
        using var small = new ByteModel(window: 64);
        small.PutBefore();
        await using TestServer server = await TestServer.StartAsync(small.Load());
        await RefusedAsync(server, $"[\"a\",\"{new string('b', 63)}\"]", "\"max_tokens\":1", "prompt[1]", "'prompt[1]' has 64 tokens", "context_length_exceeded");
        Assert.Equal(0, server.Model.EngineStatistics!.Steps);
        // Where a text has it already, none is put before.
        JsonNode answer = await CompleteAsync(server, $"[\"{new string('b', 62)}\",\"<s>{new string('b', 62)}\"]", "\"max_tokens\":1");
        Assert.Equal(126, (int)answer["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task Prompt_ThatTheMemoryDoesNotHold_IsNamed()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load(ByteModel.Engine with { CacheTokens = 128 }));
        await RefusedAsync(server, $"[\"a\",\"{new string('b', 300)}\"]", "\"max_tokens\":1", "prompt[1]", "'prompt[1]' and its answer have up to 301 tokens, but the server's memory holds 129", "context_length_exceeded");
        Assert.Equal(0, server.Model.EngineStatistics!.Steps);
        await CompleteAsync(server, """["a","b"]""", "\"max_tokens\":1");
    }

    [Fact]
    public async Task Prompt_ThatFailsOnTheWay_EndsTheOthers()
    {
        var client = new FakeChatClient
        {
            Inspect = (messages, _) => { if (messages[^1].Text == "bad") throw new NotSupportedException("not this one"); },
            Answer = (_, _) => Enumerable.Repeat("a ", 100_000), Wait = token => Task.Delay(1, token),
        };
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json("""{"prompt":["a","b","bad","d"],"max_tokens":100000}"""));
        Assert.Equal((400, "not this one"), (status, (string?)answer["error"]!["message"]));
        await FakeChatClient.UntilAsync(() => client.Running == 0 && server.Model.RunningRequests == 0, Token);
    }

    [Fact]
    public async Task Connection_CutWithinSeveralPrompts_FreesTheModel()
    {
        var client = new FakeChatClient { Answer = (_, _) => Enumerable.Repeat("a ", 1_000_000), Wait = token => Task.Delay(1, token) };
        await using TestServer server = await TestServer.StartAsync(client, model: options => options.MaximumConcurrentRequests = 2);
        using (System.Net.Sockets.Socket socket = await server.ConnectAsync())
        {
            await socket.SendAsync(TestServer.RawPost("/v1/completions", """{"prompt":["a","b","c"],"max_tokens":1000000,"stream":true}"""), Token);
            await FakeChatClient.UntilAsync(() => client.Running == 2, Token);
        }

        await FakeChatClient.UntilAsync(() => client.Running == 0 && server.Model is { RunningRequests: 0, WaitingRequests: 0 }, Token);
        Assert.Equal((2, 0), (client.Begun, client.Completed));
    }

    [Fact]
    public async Task EmptyText_AmongSeveral_IsAsOneAlone()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        (int status, JsonNode alone) = await server.PostAsync("/v1/completions", TestServer.Json(Body("\"\"", "\"max_tokens\":1")));
        (int together, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(Body("""["a",""]""", "\"max_tokens\":1")));
        Assert.Equal((status, (string?)alone["error"]?["message"]), (together, (string?)answer["error"]?["message"]));
    }

    private static string Ids(string text) => $"[{string.Join(',', Encoding.UTF8.GetBytes(text))}]";

    private static string Body(string prompts, string more) => $$"""{"model":"fake","prompt":{{prompts}},{{more}}}""";

    /// <summary>A choice but for its place; what is said of the whole completion where it was alone, it says itself.</summary>
    private static string Choice(JsonNode completion, int index)
    {
        JsonNode choice = completion["choices"]![index]!.DeepClone();
        choice.AsObject().Remove("index");
        if (completion["longcontext"] is { } notes) choice["longcontext"] = notes.DeepClone();
        return choice.ToJsonString();
    }

    private static string List(JsonNode choice, string name) => string.Concat((choice["logprobs"]?[name]?.AsArray() ?? []).Select(each => (each?.ToJsonString() ?? "null") + ";"));

    private static async Task<JsonNode> CompleteAsync(TestServer server, string prompts, string more)
    {
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(Body(prompts, more)));
        Assert.True(status == 200, answer.ToJsonString());
        return answer;
    }

    private static async Task RefusedAsync(TestServer server, string prompts, string more, string parameter, string message, string? code = null)
    {
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(Body(prompts, more)));
        Assert.Equal((400, parameter, code), (status, (string?)answer["error"]!["param"], (string?)answer["error"]!["code"]));
        Assert.Contains(message, (string)answer["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Contains(parameter, (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }
}
