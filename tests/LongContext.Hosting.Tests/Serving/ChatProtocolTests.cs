using System.Text.Json.Nodes;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>What goes over the wire, field by field.</summary>
public sealed class ChatProtocolTests
{
    [Fact]
    public async Task Chat_Whole_HasOpenAIsShape()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode body) = await server.ChatAsync(TestServer.Chat("grüße"));
        Assert.Equal(200, status);
        Assert.Equal("chat.completion", (string?)body["object"]);
        Assert.StartsWith("chatcmpl-", (string?)body["id"], StringComparison.Ordinal);
        Assert.Equal("fake", (string?)body["model"]);
        Assert.InRange((long)body["created"]!, 1_600_000_000, 9_000_000_000);
        Assert.Equal("""[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"You said: grüße"},"logprobs":null}]""", Compact(body["choices"]!));
        Assert.Equal("""{"prompt_tokens":1,"completion_tokens":4,"total_tokens":5}""", Compact(body["usage"]!));
    }

    [Fact]
    public async Task Chat_Stream_BeginsWithTheRoleAndEndsWithReasonUsageAndDone()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        List<string> events = await server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", ""","stream":true,"stream_options":{"include_usage":true}"""));
        Assert.Equal("[DONE]", events[^1]);
        JsonNode[] chunks = [.. events.SkipLast(1).Select(each => JsonNode.Parse(each)!)];
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", (string?)chunk["object"]));
        Assert.Single(chunks.Select(chunk => (string?)chunk["id"]).Distinct());
        Assert.Equal("""{"role":"assistant","content":""}""", Compact(chunks[0]["choices"]![0]!["delta"]!));
        Assert.Equal("You said: x", string.Concat(chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Select(choice => (string?)choice!["delta"]!["content"])));
        Assert.All(chunks[..^2], chunk => Assert.Null(chunk["choices"]![0]!["finish_reason"]));
        Assert.Equal(("{}", "stop"), (Compact(chunks[^2]["choices"]![0]!["delta"]!), (string?)chunks[^2]["choices"]![0]!["finish_reason"]));
        Assert.Equal(("[]", """{"prompt_tokens":1,"completion_tokens":4,"total_tokens":5}"""), (Compact(chunks[^1]["choices"]!), Compact(chunks[^1]["usage"]!)));
    }

    [Fact]
    public async Task Chat_StreamWithoutUsage_CountsNothing()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        List<string> events = await server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", ""","stream":true,"max_tokens":2"""));
        Assert.DoesNotContain(events, each => each.Contains("usage", StringComparison.Ordinal));
        Assert.Equal("length", (string?)JsonNode.Parse(events[^2])!["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task Chat_Fields_ReachTheModel()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, _) = await server.ChatAsync("""
            {"model":"fake","messages":[{"role":"developer","content":"be short"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"name":"me"},{"role":"assistant","content":"c","tool_calls":[]}],
             "temperature":0.7,"top_p":0.9,"top_k":40,"max_tokens":7,"max_completion_tokens":7,"stop":["\n\n","END"],"seed":-9007199254740993,"frequency_penalty":-2,"presence_penalty":1.5,
             "logit_bias":{},"logprobs":false,"n":1,"tools":[],"user":"u","min_tokens":3,"response_format":{"type":"text"},"reasoning_effort":"none","continue_final_message":true,"something":{"else":[1]},"stream":null}
            """);
        Assert.Equal(200, status);
        Assert.Equal([(ChatRole.System, "be short"), (ChatRole.User, "a\nb"), (ChatRole.Assistant, "c")], client.LastMessages!.Select(message => (message.Role, message.Text)));
        ChatOptions options = client.LastOptions!;
        Assert.Equal((0.7f, 0.9f, 40, 7, -9007199254740993, -2f, 1.5f), (options.Temperature, options.TopP, options.TopK, options.MaxOutputTokens, options.Seed, options.FrequencyPenalty, options.PresencePenalty));
        Assert.Equal(["\n\n", "END"], options.StopSequences!);
        Assert.Equal(ReasoningEffort.None, options.Reasoning!.Effort);
        Assert.Equal((3, true), (options.AdditionalProperties![ChatOptionKeys.MinimumNewTokens], options.AdditionalProperties[ChatOptionKeys.ContinueFinalMessage]));
        Assert.Equal((ChatResponseFormat.Text, false), (options.ResponseFormat, options.AdditionalProperties[ChatOptionKeys.LogProbabilities]));
        Assert.Null(options.ModelId);
    }

    [Fact]
    public async Task Chat_SamplingFields_ReachTheModelByTheirNames()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", """
            ,"logprobs":true,"top_logprobs":4,"logit_bias":{"5":-100,"17":1.5},"min_p":0.05,"typical_p":0.9,"top_n_sigma":1.5,"repetition_penalty":1.1,"no_repeat_ngram_size":3,"stop_token_ids":[7,9],
            "bad_words":["no","never"],"ignore_eos":true,"priority":-2,"cache_salt":"mine"
            """));
        Assert.Equal((200, null), (status, answer["choices"]![0]!["logprobs"]));
        AdditionalPropertiesDictionary found = client.LastOptions!.AdditionalProperties!;
        Assert.Equal((true, 4, 0.05, 0.9, 1.5, 1.1, 3), (found[ChatOptionKeys.LogProbabilities], found[ChatOptionKeys.TopLogProbabilities], found[ChatOptionKeys.MinP], found[ChatOptionKeys.TypicalP],
            found[ChatOptionKeys.TopNSigma], found[ChatOptionKeys.RepetitionPenalty], found[ChatOptionKeys.NoRepeatNGramSize]));
        Assert.Equal((true, -2, "mine"), (found[ChatOptionKeys.IgnoreEndOfSentence], found[ChatOptionKeys.Priority], found[ChatOptionKeys.CacheSalt]));
        Assert.Equal(new Dictionary<int, double> { [5] = -100, [17] = 1.5 }, found[ChatOptionKeys.LogitBias]);
        Assert.Equal([7, 9], Assert.IsType<List<int>>(found[ChatOptionKeys.StopTokenIds]));
        Assert.Equal(["no", "never"], Assert.IsType<List<string>>(found[ChatOptionKeys.BadWords]));
        await server.PostAsync("/v1/completions", TestServer.Json("""{"prompt":"x","logprobs":2,"n":1,"best_of":1}"""));
        Assert.Equal((true, 2), (client.LastOptions.AdditionalProperties![ChatOptionKeys.LogProbabilities], client.LastOptions.AdditionalProperties[ChatOptionKeys.TopLogProbabilities]));
    }

    [Fact]
    public async Task Chat_SeveralChoices_FaultOfOneIsToldAndEndsTheOthers()
    {
        int asked = 0;
        var client = new FakeChatClient { Inspect = (_, _) => { if (Interlocked.Increment(ref asked) == 3) throw new NotSupportedException("not the third"); }, Answer = (_, _) => Enumerable.Repeat("a ", 100_000), Wait = token => Task.Delay(1, token) };
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", ""","n":4"""));
        Assert.Equal((400, "not the third"), (status, (string?)answer["error"]!["message"]));
        await FakeChatClient.UntilAsync(() => client.Running == 0 && server.Model.RunningRequests == 0, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Chat_JsonSchema_ReachesTheModel()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, _) = await server.ChatAsync(TestServer.Chat("x", ""","response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object"}}}"""));
        Assert.Equal(200, status);
        var format = Assert.IsType<ChatResponseFormatJson>(client.LastOptions!.ResponseFormat);
        Assert.Equal(("n", """{"type":"object"}"""), (format.SchemaName, format.Schema!.Value.GetRawText()));
    }

    [Fact]
    public async Task Completions_WholeAndStream_GoOnWithTheText()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode body) = await server.PostAsync("/v1/completions", TestServer.Json("""{"model":"fake","prompt":["once"],"echo":true}"""));
        Assert.Equal((200, "text_completion"), (status, (string?)body["object"]));
        Assert.Equal("""[{"index":0,"text":"onceYou said: once","finish_reason":"stop","logprobs":null}]""", Compact(body["choices"]!));
        Assert.Equal((true, 16), (client.LastOptions!.AdditionalProperties![ChatOptionKeys.Completion], client.LastOptions.MaxOutputTokens));
        List<string> events = await server.EventsAsync("/v1/completions", """{"prompt":"once","stream":true,"stream_options":{"include_usage":true}}""");
        Assert.Equal("You said: once", string.Concat(events.SkipLast(1).SelectMany(each => JsonNode.Parse(each)!["choices"]!.AsArray()).Select(choice => (string?)choice!["text"])));
        Assert.Equal(5, (int)JsonNode.Parse(events[^2])!["usage"]!["total_tokens"]!);
    }

    [Theory]
    [InlineData("""[]""", null)]
    [InlineData("""{}""", "messages")]
    [InlineData("""{"messages":{}}""", "messages")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":[1]}""", "messages[0]")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":7,"content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"king","content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"function","content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":5}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":[]}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":["x"]}]}""", "messages[0].content[0]")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}}]}]}""", "messages[0].content[1].type")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":1}]}]}""", "messages[0].content[0].text")]
    [InlineData("""{"messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}]}""", "messages[1].tool_calls[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"model":3}""", "model")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":"0.5"}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":2.1}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":1e999}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"top_p":0}""", "top_p")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":0}""", "max_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":1.5}""", "max_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_completion_tokens":99999999999}""", "max_completion_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":[""]}""", "stop[0]")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":[1]}""", "stop[0]")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":{}}""", "stop")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"seed":1.5}""", "seed")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"frequency_penalty":3}""", "frequency_penalty")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream":"yes"}""", "stream")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}}""", "stream_options")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":1}}""", "stream_options.include_usage")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"n":9}""", "n")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"n":0}""", "n")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"x":1}}""", "logit_bias")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"-5":1}}""", "logit_bias")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"5":1,"05":1}}""", "logit_bias")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"5":100.5}}""", "logit_bias.5")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"5":"1"}}""", "logit_bias.5")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":[5]}""", "logit_bias[0]")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logprobs":1}""", "logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"top_logprobs":2}""", "top_logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":21}""", "top_logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"min_p":1.5}""", "min_p")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"typical_p":0}""", "typical_p")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"top_n_sigma":-1}""", "top_n_sigma")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"repetition_penalty":0}""", "repetition_penalty")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"repetition_penalty":1e999}""", "repetition_penalty")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"no_repeat_ngram_size":-1}""", "no_repeat_ngram_size")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop_token_ids":[1.5]}""", "stop_token_ids[0]")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop_token_ids":[1,"a"]}""", "stop_token_ids[1]")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop_token_ids":7}""", "stop_token_ids")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"bad_words":["a",""]}""", "bad_words[1]")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"bad_words":"a"}""", "bad_words")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"ignore_eos":1}""", "ignore_eos")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"priority":1.5}""", "priority")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"cache_salt":""}""", "cache_salt")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"cache_salt":7}""", "cache_salt")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}""", "tools[0].function")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[],"tool_choice":"\ud800"}""", "tool_choice")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}}""", "response_format.type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{}}}""", "response_format.json_schema.schema")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"enum":["\ud800"]}}}}""", "response_format.json_schema.schema")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"huge"}""", "reasoning_effort")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"continue_final_message":true}""", "continue_final_message")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"min_tokens":5,"max_tokens":4}""", "min_tokens")]
    public async Task Chat_WrongField_IsRefusedByName(string body, string? parameter)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.ChatAsync(body);
        JsonNode error = answer["error"]!;
        Assert.Equal((400, "invalid_request_error", parameter), (status, (string?)error["type"], (string?)error["param"]));
        Assert.True(parameter is null || ((string)error["message"]!).Contains($"'{parameter}'", StringComparison.Ordinal), (string?)error["message"]);
        Assert.Equal(0, client.Begun);
    }

    [Theory]
    [InlineData("""{"prompt":[1,2,3]}""", "prompt")]
    [InlineData("""{}""", "prompt")]
    [InlineData("""{"prompt":"a","logprobs":true}""", "logprobs")]
    [InlineData("""{"prompt":"a","logprobs":21}""", "logprobs")]
    [InlineData("""{"prompt":"a","prompt_logprobs":21}""", "prompt_logprobs")]
    [InlineData("""{"prompt":"a","prompt_logprobs":true}""", "prompt_logprobs")]
    [InlineData("""{"prompt":"a","prompt_logprobs":0,"stream":true}""", "prompt_logprobs")]
    [InlineData("""{"prompt":"a","max_tokens":0}""", "max_tokens")]
    [InlineData("""{"prompt":"a","max_tokens":0,"echo":true}""", "max_tokens")]
    [InlineData("""{"prompt":"a","max_tokens":0,"logprobs":1}""", "max_tokens")]
    [InlineData("""{"prompt":"a","max_tokens":-2,"echo":true,"logprobs":1}""", "max_tokens")]
    [InlineData("""{"prompt":"a","guided_choice":"a"}""", "guided_choice")]
    [InlineData("""{"prompt":"a","guided_choice":["a",1]}""", "guided_choice[1]")]
    [InlineData("""{"prompt":"a","guided_choice":["a",""]}""", "guided_choice[1]")]
    [InlineData("""{"prompt":"a","guided_regex":["a"]}""", "guided_regex")]
    [InlineData("""{"prompt":"a","regex":"a","guided_choice":["a"]}""", "regex")]
    [InlineData("""{"prompt":"a","regex":"a","structured_outputs":{"json":{}}}""", "structured_outputs")]
    [InlineData("""{"prompt":"a","structured_outputs":{"json":{},"regex":"a"}}""", "structured_outputs.regex")]
    [InlineData("""{"prompt":"a","structured_outputs":{"grammar":"a"}}""", "structured_outputs")]
    [InlineData("""{"prompt":"a","structured_outputs":{"choice":{}}}""", "structured_outputs.choice")]
    [InlineData("""{"prompt":"a","response_format":{"type":"json_object"},"regex":"a"}""", "regex")]
    [InlineData("""{"prompt":"a","n":2,"best_of":3}""", "best_of")]
    [InlineData("""{"prompt":"a","best_of":2}""", "best_of")]
    [InlineData("""{"prompt":"a","suffix":"b"}""", "suffix")]
    [InlineData("""{"prompt":"a","echo":"yes"}""", "echo")]
    public async Task Completions_WrongField_IsRefusedByName(string body, string parameter)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(body));
        Assert.Equal((400, parameter), (status, (string?)answer["error"]!["param"]));
    }

    [Fact]
    public async Task Limits_OfMessagesStopsAndTokens_AreHeld()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits =>
        {
            (limits.MaximumMessages, limits.MaximumStopStrings, limits.MaximumStopStringLength, limits.MaximumOutputTokens) = (2, 1, 3, 9);
            (limits.MaximumNamedTokens, limits.MaximumChoices) = (2, 2);
        });
        string message = """{"role":"user","content":"x"}""";
        Assert.Equal(200, (await server.ChatAsync($$"""{"messages":[{{message}},{{message}}],"stop":["abc"],"max_tokens":9}""")).Status);
        foreach ((string body, string parameter) in new[]
        {
            ($$"""{"messages":[{{message}},{{message}},{{message}}]}""", "messages"),
            ($$"""{"messages":[{{message}}],"stop":["a","b"]}""", "stop"),
            ($$"""{"messages":[{{message}}],"stop":"abcd"}""", "stop"),
            ($$"""{"messages":[{{message}}],"max_tokens":10}""", "max_tokens"),
            ($$"""{"messages":[{{message}}],"max_completion_tokens":10}""", "max_completion_tokens"),
            ($$"""{"messages":[{{message}}],"n_predict":10}""", "n_predict"),
            ($$"""{"logit_bias":{"1":1,"2":1,"3":1},"messages":[{{message}}]}""", "logit_bias"),
            ($$"""{"messages":[{{message}}],"stop_token_ids":[1,2,3]}""", "stop_token_ids"),
            ($$"""{"messages":[{{message}}],"bad_words":["a","b","c"]}""", "bad_words"),
            ($$"""{"messages":[{{message}}],"bad_words":["abcd"]}""", "bad_words[0]"),
            ($$"""{"messages":[{{message}}],"n":3}""", "n"),
        })
        {
            (int status, JsonNode answer) = await server.ChatAsync(body);
            Assert.Equal((400, parameter), (status, (string?)answer["error"]!["param"]));
        }
    }

    [Fact]
    public async Task Models_ListAndEntry_NameTheModel()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        await server.Model.LoadAsync(TestContext.Current.CancellationToken);
        JsonNode list = JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/v1/models", UriKind.Relative), TestContext.Current.CancellationToken))!;
        Assert.Equal(("list", "fake", "model", "longcontext"), ((string?)list["object"], (string?)list["data"]![0]!["id"], (string?)list["data"]![0]!["object"], (string?)list["data"]![0]!["owned_by"]));
        JsonNode entry = JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/v1/models/fake", UriKind.Relative), TestContext.Current.CancellationToken))!;
        Assert.Equal(Compact(list["data"]![0]!), Compact(entry));
        foreach ((string method, string path, int expected, string code) in new[]
        {
            ("GET", "/v1/models/other/one", 404, "model_not_found"), ("GET", "/v1/nothing", 404, "unknown_url"), ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
            ("DELETE", "/v1/models", 405, "method_not_allowed"), ("DELETE", "/v1/models/fake", 405, "method_not_allowed"), ("POST", "/v1/embeddings", 404, "unknown_url"), ("OPTIONS", "/v1/chat/completions", 405, "method_not_allowed"),
        })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            using HttpResponseMessage response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
            JsonNode body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            Assert.Equal((expected, code), ((int)response.StatusCode, (string?)body["error"]!["code"]));
            if (expected == 405) Assert.NotEmpty(response.Content.Headers.Allow);
        }

        (int status, JsonNode answer) = await server.ChatAsync("""{"model":"other","messages":[{"role":"user","content":"x"}]}""");
        Assert.Equal((404, "model_not_found"), (status, (string?)answer["error"]!["code"]));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("/", "")]
    [InlineData("a/b/", "/a/b")]
    public async Task MapLongContextOpenAI_AnyPrefix_HasItsPathsAndMethods(string prefix, string path)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), prefix: prefix);
        Assert.Equal(200, (await server.PostAsync(path + "/chat/completions", TestServer.Json(TestServer.Chat()))).Status);
        Assert.Equal(405, (await server.PostAsync(path + "/models", TestServer.Json("{}"))).Status);
        Assert.Equal(404, (await server.PostAsync(path + "/embeddings", TestServer.Json("{}"))).Status);
        using HttpResponseMessage health = await server.Http.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("application/json", health.Content.Headers.ContentType!.MediaType);
        Assert.Contains("checks", await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Faults_OfTheModel_HaveTheirStatus()
    {
        Exception thrown = new InvalidDataException();
        var client = new FakeChatClient { Inspect = (_, _) => throw thrown };
        await using TestServer server = await TestServer.StartAsync(client);
        foreach ((Exception fault, int expected, string? code) in new (Exception, int, string?)[]
        {
            (new PromptTooLongException("12 tokens, but 8"), 400, "context_length_exceeded"), (new NotSupportedException("no JSON"), 400, null),
            (new ArgumentException("bad one", "messages"), 400, null), (new InvalidOperationException("secret path /x"), 500, "internal_error"),
            (new CacheCapacityException("needs 12 bytes") { RequiredTokens = 9, MaximumTokens = 5 }, 400, "context_length_exceeded"), (new CacheCapacityException("no page, secret"), 503, "unavailable"),
            (new GenerationQueueFullException("4 wait"), 429, "overloaded"), (new NoTokenAllowedException("none left"), 400, null),
        })
        {
            thrown = fault;
            foreach (string more in new[] { "", ""","stream":true""" })
            {
                (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", more));
                Assert.Equal((expected, code), (status, (string?)answer["error"]!["code"]));
                using HttpResponseMessage again = await server.Http.PostAsync("/v1/chat/completions", TestServer.Json(TestServer.Chat("x", more)), TestContext.Current.CancellationToken);
                Assert.Equal(expected is 429 or 503, again.Headers.RetryAfter is not null);
                string message = (string)answer["error"]!["message"]!;
                Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
                Assert.DoesNotContain("Parameter", message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Stream_FaultOnTheWay_EndsWithAnErrorEvent()
    {
        var client = new FakeChatClient { Answer = (_, _) => new[] { "a", "b", "!" }.Select(piece => piece == "!" ? throw new InvalidOperationException("secret") : piece) };
        await using TestServer server = await TestServer.StartAsync(client);
        client.Wait = token => Task.Delay(30, token);
        List<string> events = await server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", ""","stream":true"""));
        Assert.Equal("internal_error", (string?)JsonNode.Parse(events[^1])!["error"]!["code"]);
        Assert.Contains(events, each => each.Contains("\"b\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(typeof(ArgumentOutOfRangeException))]
    [InlineData(typeof(NotSupportedException))]
    public async Task Stream_BugOnTheWay_IsTheServersFaultAndLogged(Type type)
    {
        var bug = (Exception)Activator.CreateInstance(type, "secret")!;
        var client = new FakeChatClient { Answer = (_, _) => new[] { "a", "!" }.Select(piece => piece == "!" ? throw bug : piece) };
        await using TestServer server = await TestServer.StartAsync(client);
        List<string> events = await server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", ""","stream":true"""));
        Assert.Equal("internal_error", (string?)JsonNode.Parse(events[^1])!["error"]!["code"]);
        Assert.Contains("secret", Assert.Single(server.Log.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_LongWait_GetsCommentsThatClientsLeaveOut()
    {
        var release = new TaskCompletionSource();
        var client = new FakeChatClient { Wait = token => release.Task.WaitAsync(token) };
        await using TestServer server = await TestServer.StartAsync(client, limits => limits.KeepAliveInterval = TimeSpan.FromMilliseconds(20));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestServer.Json(TestServer.Chat("x", ""","stream":true""")) };
        using HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        int comments = 0;
        while (comments < 3)
        {
            if ((await reader.ReadLineAsync(TestContext.Current.CancellationToken))!.StartsWith(':')) comments++;
        }

        release.SetResult();
        Assert.EndsWith("data: [DONE]\n\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestTimeout_LongAnswer_Is504AndTheModelIsFree()
    {
        var client = new FakeChatClient { Wait = token => Task.Delay(Timeout.Infinite, token) };
        await using TestServer server = await TestServer.StartAsync(client, limits => limits.RequestTimeout = TimeSpan.FromMilliseconds(200));
        foreach (string more in new[] { "", ""","stream":true""" })
        {
            // On a busy machine the time may be over before the model is asked.
            for (int before = client.Begun; client.Begun == before;)
            {
                (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", more));
                Assert.Equal((504, "timeout"), (status, (string?)answer["error"]!["code"]));
            }
        }

        await FakeChatClient.UntilAsync(() => client.Running == 0 && server.Model.RunningRequests == 0, TestContext.Current.CancellationToken);
        Assert.Equal(client.Begun, client.Cancelled);
    }

    [Fact]
    public async Task Health_FollowsTheModel()
    {
        var loaded = new TaskCompletionSource<IChatClient>();
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), model: options => options.ClientFactory = (_, _) => loaded.Task);
        await Expect(503, "unhealthy");
        loaded.SetResult(new FakeChatClient());
        await server.Model.LoadAsync(TestContext.Current.CancellationToken);
        await Expect(200, "healthy");

        async Task Expect(int status, string text)
        {
            using HttpResponseMessage response = await server.Http.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
            JsonNode body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            Assert.Equal((status, text, "longcontext"), ((int)response.StatusCode, (string?)body["status"], (string?)body["checks"]![0]!["name"]));
        }
    }

    private static string Compact(JsonNode node) => node.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
