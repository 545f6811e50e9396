using System.Text.Json.Nodes;
using LongContext.AspNetCore.Serving;
using LongContext.Generation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting.Serving;

/// <summary>How likely the text given is, as OpenAI's completions say it ("echo") and as vLLM does ("prompt_logprobs").</summary>
public sealed class PromptScoreTests : IClassFixture<EngineServerTests.Folder>
{
    private const string Text = "once upon 🦜 a time";
    private readonly ByteModel model;

    public PromptScoreTests(EngineServerTests.Folder folder) => model = folder.Model;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Echo_WithoutAnAnswer_GivesThePerplexityOfTheEvaluation()
    {
        using LongContextChatClient client = model.Load();
        await using TestServer server = await TestServer.StartAsync(model.Load());
        int[] ids = [.. client.Tokenizer.EncodeToIds(Text)];
        IReadOnlyList<float> expected = await client.Scorer.LogProbabilitiesAsync(ids, 1, Token);
        JsonNode choice = await CompleteAsync(server, """ "max_tokens":0,"echo":true,"logprobs":2 """), details = choice["logprobs"]!;
        Assert.Equal((Text, "length"), ((string?)choice["text"], (string?)choice["finish_reason"]));
        float?[] scores = [.. details["token_logprobs"]!.AsArray().Select(score => (float?)score)];
        Assert.Equal(ids.Length, scores.Length);
        Assert.Null(scores[0]);
        for (int i = 1; i < ids.Length; i++) Assert.Equal(expected[i - 1], scores[i]!.Value, 1e-4f);
        Assert.Equal(Math.Exp(-expected.Average()), Math.Exp(-scores.Skip(1).Average()!.Value), 1e-3);
        // What a token spells alone need not be a character; each of a character's bytes stands where it begins.
        int[] offsets = [.. details["text_offset"]!.AsArray().Select(offset => (int)offset!)];
        Assert.Equal([.. Enumerable.Range(0, 10), 10, 10, 10, 10, .. Enumerable.Range(11, 7)], offsets);
        Assert.Equal("once upon ", string.Concat(details["tokens"]!.AsArray().Take(10).Select(token => (string?)token)));
        Assert.Null(details["top_logprobs"]![0]);
        for (int i = 1; i < ids.Length; i++)
        {
            // Bytes that are no characters look alike, and of those the likeliest stands for all.
            JsonObject found = details["top_logprobs"]![i]!.AsObject();
            Assert.InRange(found.Count, 1, 3);
            Assert.True((float)found[(string)details["tokens"]![i]!]! >= scores[i]);
        }
    }

    [Fact]
    public async Task PromptScores_OfRequestsTogether_HaveALimit()
    {
        using var gate = new SemaphoreSlim(0);
        var client = new FakeChatClient { Wait = gate.WaitAsync };
        await using TestServer server = await TestServer.StartAsync(client, limits => (limits.MaximumPromptLogprobs, limits.MaximumPromptLogprobsTogether) = (20, 30));
        string body = TestServer.Chat("0123456789", ""","prompt_logprobs":1""");
        Task<(int Status, JsonNode Body)> first = server.ChatAsync(body);
        await FakeChatClient.UntilAsync(() => client.Running == 1, Token);
        (int status, JsonNode answer) = await server.ChatAsync(body).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal((503, "unavailable", 1), (status, (string?)answer["error"]!["code"], client.Begun));
        // Others are answered, and those that fit.
        gate.Release(1000);
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("0123456789"))).Status);
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await server.ChatAsync(body)).Status);
        Assert.Equal(0, server.Services.GetRequiredService<PromptLogprobBudget>().Taken);
    }

    [Fact]
    public async Task PromptScores_BeyondTheLimit_AreRefused()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load(), limits => limits.MaximumPromptLogprobs = 100);
        await CompleteAsync(server, """ "max_tokens":0,"echo":true,"logprobs":1 """);
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json($$"""{"model":"fake","prompt":"{{Text}}","max_tokens":0,"echo":true,"logprobs":1,"n":3}"""));
        Assert.Equal((400, "prompt"), (status, (string?)answer["error"]!["param"]));
        // A character may be several tokens, and not only messages' text is the prompt.
        const string call = """{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"RESULT"}],"prompt_logprobs":0}""";
        foreach ((string body, int expected) in new[] { (TestServer.Chat(new string('漢', 33), ""","prompt_logprobs":0"""), 200), (TestServer.Chat(new string('漢', 34), ""","prompt_logprobs":0"""), 400), (call.Replace("RESULT", new string('x', 101), StringComparison.Ordinal), 400) })
        {
            (status, answer) = await server.ChatAsync(body);
            Assert.Equal((expected, expected == 400 ? "messages" : null), (status, (string?)answer["error"]?["param"]));
        }
    }

    [Fact]
    public async Task Echo_WithAnAnswer_GoesOnInTheSameLists()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        const string more = """ "max_tokens":6,"temperature":1,"seed":3,"logit_bias":{"65":100,"66":100},"logprobs":1 """;
        JsonNode alone = await CompleteAsync(server, more), given = await CompleteAsync(server, """ "max_tokens":0,"echo":true,"logprobs":1 """), both = await CompleteAsync(server, more + ""","echo":true""");
        Assert.Equal(Text + alone["text"], (string?)both["text"]);
        foreach (string list in new[] { "tokens", "token_logprobs", "top_logprobs" })
            Assert.Equal(List(given["logprobs"]!, list) + List(alone["logprobs"]!, list), List(both["logprobs"]!, list));
        Assert.Equal(Enumerable.Range(18, 6), both["logprobs"]!["text_offset"]!.AsArray().TakeLast(6).Select(offset => (int)offset!));

        // Streamed, and twice: the text is scored once and stands before both.
        List<string> events = await server.EventsAsync("/v1/completions", $$"""{"model":"fake","prompt":"{{Text}}","n":2,"echo":true,"stream":true,{{more}}}""");
        JsonNode[] pieces = [.. events.SkipLast(1).SelectMany(each => JsonNode.Parse(each)!["choices"]!.AsArray()).Select(piece => piece!)];
        Assert.All(Enumerable.Range(0, 2), i => Assert.Equal(List(given["logprobs"]!, "tokens"), List(pieces.First(piece => (int)piece["index"]! == i)["logprobs"]!, "tokens")));
        JsonNode[] first = [.. pieces.Where(piece => (int)piece["index"]! == 0)];
        Assert.Equal((string?)both["text"], string.Concat(first.Select(piece => (string?)piece["text"])));
        foreach (string list in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
            Assert.Equal(List(both["logprobs"]!, list), string.Concat(first.Where(piece => piece["logprobs"] is not null).Select(piece => List(piece["logprobs"]!, list))));

        static string List(JsonNode details, string name) => string.Concat(details[name]!.AsArray().Select(each => (each?.ToJsonString() ?? "null") + ";"));
    }

    [Fact]
    public async Task PromptLogprobs_OfBothKinds_AreInTheFormOfVllm()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        JsonNode echoed = await CompleteAsync(server, """ "max_tokens":0,"echo":true,"logprobs":2 """), choice = await CompleteAsync(server, """ "max_tokens":0,"prompt_logprobs":2 """);
        Assert.Equal(("", null), ((string?)choice["text"], choice["logprobs"]));
        Check(choice["prompt_logprobs"]!.AsArray(), echoed["logprobs"]!["tokens"]!.AsArray().Count, 2);
        Assert.Equal(
            echoed["logprobs"]!["token_logprobs"]!.AsArray().Skip(1).Select(score => (float)score!),
            choice["prompt_logprobs"]!.AsArray().Skip(1).Select((place, i) => (float)place![Ids(Text)[i + 1]]!["logprob"]!));

        // Both at once, each as long as it asks.
        JsonNode two = await CompleteAsync(server, """ "max_tokens":1,"echo":true,"logprobs":0,"prompt_logprobs":3 """);
        Check(two["prompt_logprobs"]!.AsArray(), 21, 3);
        Assert.All(two["logprobs"]!["top_logprobs"]!.AsArray().Skip(1), found => Assert.Single(found!.AsObject()));

        (int status, JsonNode chat) = await server.ChatAsync(TestServer.Chat(Text, ""","prompt_logprobs":0,"max_completion_tokens":0,"n":2"""));
        Assert.Equal(200, status);
        Check(chat["prompt_logprobs"]!.AsArray(), (int)chat["usage"]!["prompt_tokens"]!, 0);
        Assert.Equal((2, 0), (chat["choices"]!.AsArray().Count, (int)chat["usage"]!["completion_tokens"]!));

        static void Check(JsonArray places, int tokens, int alternatives)
        {
            Assert.Equal(tokens, places.Count);
            Assert.Null(places[0]);
            foreach (JsonObject place in places.Skip(1).Select(place => place!.AsObject()))
            {
                Assert.InRange(place.Count, Math.Max(1, alternatives), alternatives + 1);
                JsonNode[] ranked = [.. place.Select(pair => pair.Value!).OrderBy(found => (int)found["rank"]!)];
                Assert.Equal(Enumerable.Range(1, alternatives), ranked.Take(alternatives).Select(found => (int)found["rank"]!));
                Assert.All(ranked, found => Assert.True((float)found["logprob"]! <= 0 && found["decoded_token"] is not null));
                Assert.Equal(ranked.OrderByDescending(found => (float)found["logprob"]!).Select(found => (float)found["logprob"]!), ranked.Select(found => (float)found["logprob"]!));
            }
        }
    }

    [Fact]
    public async Task PromptLogprobs_OfAClientWithoutAnEngine_AreRefusedByName()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load(alone: true));
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", ""","prompt_logprobs":0"""));
        Assert.Equal(400, status);
        Assert.Contains("PromptLogProbabilities", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_WithAChoiceOrAPattern_IsOneOfThem()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        foreach (string form in new[] { """ "guided_choice":["yes","no","maybe so"] """, """ "structured_outputs":{"choice":["yes","no","maybe so"]} """ })
        {
            for (int seed = 0; seed < 6; seed++)
            {
                JsonNode choice = await CompleteAsync(server, $$"""{{form}},"max_tokens":20,"temperature":1,"seed":{{seed}}""");
                Assert.Equal("stop", (string?)choice["finish_reason"]);
                Assert.Contains((string?)choice["text"], new[] { "yes", "no", "maybe so" });
            }
        }

        foreach (string form in new[] { """ "guided_regex":"[a-f]{2,3}=\"\\d+\"" """, """ "regex":"^[a-f]{2,3}=\"\\d+\"$" """, """ "structured_outputs":{"regex":"[a-f]{2,3}=\"\\d+\""} """ })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", $$""",{{form}},"max_tokens":900,"temperature":1,"seed":1"""));
            Assert.True(status == 200, answer.ToJsonString());
            Assert.Matches("^[a-f]{2,3}=\"[0-9]+\"$", (string?)answer["choices"]![0]!["message"]!["content"]);
        }

        foreach (string pattern in new[] { "(?=a)b", "a{3,1}", "((((a{9999}){9999}){9999}){9999})", new string('(', 60) })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", $$""","regex":"{{pattern}}" """));
            Assert.True(status == 400, answer.ToJsonString());
        }
    }

    private static string[] Ids(string text) => [.. System.Text.Encoding.UTF8.GetBytes(text).Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture))];

    private static async Task<JsonNode> CompleteAsync(TestServer server, string more)
    {
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json($$"""{"model":"fake","prompt":"{{Text}}",{{more}}}"""));
        Assert.True(status == 200, answer.ToJsonString());
        return answer["choices"]![0]!;
    }
}
