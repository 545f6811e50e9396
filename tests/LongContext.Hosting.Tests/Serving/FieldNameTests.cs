using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting.Support;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LongContext.Hosting.Serving;

/// <summary>Which fields count, and that refusals speak of them.</summary>
public sealed class FieldNameTests
{
    [Theory]
    [InlineData(""","longcontext_tokn_dropping":{"type":"attention_sinks","window":8}""", "longcontext_tokn_dropping", "longcontext_token_dropping")]
    [InlineData(""","longcontext_json_whitespace":"some" """, "longcontext_json_whitespace", "limited")]
    [InlineData(""","max_tokens":5,"max_completion_tokens":6""", "max_tokens", "max_completion_tokens")]
    public async Task Field_OfTheLibraryOrALength_ThatIsWrong_IsRefusedWithTheWayOut(string more, string field, string other)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", more));
        Assert.Equal((400, field), (status, (string?)answer["error"]!["param"]));
        Assert.Contains(other, (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, 200)]
    [InlineData(true, 400)]
    public async Task Field_ThatIsNotKnown_IsRefusedWhereTheServerSaysSo(bool refuses, int expected)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits => limits.RefusesUnknownFields = refuses);
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", ""","temprature":1,"user":"me" """));
        Assert.Equal(expected, status);
        if (refuses) Assert.Equal("temprature", (string?)answer["error"]!["param"]);
        // Whatever other tests of this project send is known: none of the fields that are read is missing from the list.
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("x", """
            ,"max_completion_tokens":7,"min_tokens":1,"stop":["a"],"stop_token_ids":[1],"ignore_eos":true,"truncate_prompt_tokens":-1,"truncation_side":"left","temperature":1,"top_p":0.5,"top_k":3,"min_p":0.1,"typical_p":0.5,"top_n_sigma":1,
            "frequency_penalty":1,"presence_penalty":1,"repetition_penalty":1.1,"repeat_last_n":-1,"no_repeat_ngram_size":2,"logit_bias":{},"bad_words":["b"],"seed":1,"do_sample":true,"use_beam_search":false,"logprobs":true,"top_logprobs":2,
            "response_format":{"type":"text"},"priority":1,"cache_salt":"s","stream":false,"n":1,"best_of":1,"tools":[],"tool_choice":"none","parallel_tool_calls":true,"reasoning_effort":"low","include_reasoning":true,"separate_reasoning":true,
            "chat_template_kwargs":{"enable_thinking":true},"add_generation_prompt":true,"continue_final_message":false,"add_special_tokens":false,"skip_special_tokens":true,"include_stop_str_in_output":false,"verbosity":"medium",
            "modalities":["text"],"store":false,"metadata":{},"service_tier":"auto","mirostat":0,"guided_grammar":"","longcontext_json_whitespace":"none"
            """))).Status);
    }

    [Fact]
    public async Task Log_OfRefusalsAndUnknownFields_IsALineWithoutAStack()
    {
        var log = new RecordedLog { Least = LogLevel.Debug };
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), more: builder => builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log));
        await server.ChatAsync(TestServer.Chat("x", ""","temprature":1,"longcontext":2"""));
        Assert.Contains("temprature, longcontext", Assert.Single(log.Entries, entry => entry.Level == LogLevel.Debug && entry.Message.Contains("unheeded", StringComparison.Ordinal)).Message, StringComparison.Ordinal);
        await server.ChatAsync(TestServer.Chat("x", ""","longcontext_\nb":1"""));
        string line = Assert.Single(log.Entries, entry => entry.Message.Contains("was refused", StringComparison.Ordinal)).Message;
        Assert.Contains("(400): 'longcontext_ b' is unknown", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public async Task TokenRate_OfAStreamThatIsReadLate_IsTheEngines()
    {
        var rates = new ConcurrentQueue<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Name == "longcontext.hosting.token_rate") own.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, rate, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if ("read late".Equals(tag.Value)) rates.Enqueue(rate);
            }
        });
        listener.Start();
        using var model = new ByteModel();
        await using TestServer server = await TestServer.StartAsync(model.Load(), model: options => options.ModelId = "read late");
        await server.Model.LoadAsync(TestContext.Current.CancellationToken);
        IChatClient client = server.Services.GetRequiredService<IChatClient>();
        const int tokens = 30;
        TimeSpan waited = default;
        var asked = new ChatOptions { MaxOutputTokens = tokens, AdditionalProperties = new() { [ChatOptionKeys.IgnoreEndOfSentence] = true } };
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("x", asked, TestContext.Current.CancellationToken))
        {
            if (waited != default) continue;
            long first = Stopwatch.GetTimestamp();
            await FakeChatClient.UntilAsync(() => server.Model.EngineStatistics!.CompletedRequests == 1, TestContext.Current.CancellationToken);
            await Task.Delay(200, TestContext.Current.CancellationToken);
            waited = Stopwatch.GetElapsedTime(first);
        }

        Assert.True(Assert.Single(rates) > (tokens - 1) / waited.TotalSeconds);
    }

    [Fact]
    public async Task Model_ThatIsNotThere_IsToldWhichAre()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        (int status, JsonNode answer) = await server.ChatAsync("""{"model":"gpt","messages":[{"role":"user","content":"x"}]}""");
        Assert.Equal((404, "model"), (status, (string?)answer["error"]!["param"]));
        Assert.Equal("The model \"gpt\" does not exist, only \"fake\".", (string)answer["error"]!["message"]!);
    }

    [Theory]
    [InlineData(""","logit_bias":{"99999":1}""", "logit_bias")]
    [InlineData(""","stop_token_ids":[99999]""", "stop_token_ids")]
    [InlineData(""","longcontext_token_truncation":{"maximum_tokens":4,"protected_start":9}""", "longcontext_token_truncation")]
    [InlineData(""","longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":4}""", "longcontext_token_dropping")]
    public async Task Refusal_OfTheModels_SpeaksOfFields(string more, string field)
    {
        using var model = new ByteModel();
        await using TestServer server = await TestServer.StartAsync(model.Load());
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", ""","max_tokens":2""" + more));
        string message = (string)answer["error"]!["message"]!;
        Assert.True(status == 400 && (string?)answer["error"]!["param"] == field, answer.ToJsonString());
        Assert.Contains($"'{field}'", message, StringComparison.Ordinal);
        Assert.DoesNotContain("ChatOptions", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whitespace_OfJson_IsAskedForByNameOrByAStrictSchema()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        await server.ChatAsync(TestServer.Chat("x", ""","longcontext_json_whitespace":"none" """));
        Assert.Equal(JsonWhitespace.None, client.LastOptions!.AdditionalProperties![ChatOptionKeys.JsonWhitespace]);
        foreach (bool strict in new[] { true, false })
        {
            await server.ChatAsync(TestServer.Chat("x", $$""","response_format":{"type":"json_schema","json_schema":{"name":"a","strict":{{(strict ? "true" : "false")}},"schema":{"type":"object"} } }"""));
            Assert.Equal(strict, client.LastOptions!.AdditionalProperties?.GetValueOrDefault(ChatOptionKeys.StrictSchema) is true);
        }

        await server.ChatAsync(TestServer.Chat("x", ""","truncate_prompt_tokens":-1"""));
        Assert.Equal(int.MaxValue, Assert.IsType<TokenTruncation>(client.LastOptions!.AdditionalProperties![ChatOptionKeys.TokenTruncation]).MaximumTokens);
    }

    [Theory]
    [InlineData(600, ""","max_tokens":20""", 236, 20)]
    [InlineData(100, ""","max_tokens":200""", 100, 156)] // fits, and the answer has what is left
    [InlineData(100, ""","max_tokens":300""", 100, 156)]
    [InlineData(600, ""","max_tokens":300""", 255, 1)] // a length that leaves nothing of the prompt is not kept free
    [InlineData(600, ""","max_tokens":-1""", 192, 64)] // of an answer without an end the server's limit is
    public async Task Prompt_CutToTheRest_LeavesRoomForTheAnswer(int prompt, string length, int kept, int made)
    {
        using var model = new ByteModel(window: 256);
        await using TestServer server = await TestServer.StartAsync(model.Load(), limits => limits.MaximumOutputTokens = length.Contains("-1", StringComparison.Ordinal) ? 64 : null);
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json($$"""{"prompt":"{{new string('x', prompt)}}"{{length}},"ignore_eos":true,"truncate_prompt_tokens":-1}"""));
        Assert.Equal((200, kept, made), (status, (int)answer["usage"]!["prompt_tokens"]!, (int)answer["usage"]!["completion_tokens"]!));
    }
}
