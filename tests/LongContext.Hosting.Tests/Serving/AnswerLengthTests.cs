using System.Text.Json.Nodes;
using LongContext.Generation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LongContext.Hosting.Serving;

/// <summary>How long an answer becomes where a request does not say, or leaves it to the server.</summary>
public sealed class AnswerLengthTests
{
    private const int Window = 700;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData(",\"max_tokens\":-1")]
    [InlineData(",\"max_completion_tokens\":-1")]
    [InlineData(",\"n_predict\":-1")]
    [InlineData(",\"max_new_tokens\":-1,\"max_tokens\":-1")]
    public async Task Chat_OfNoStatedLength_HasWhatIsLeft(string more)
    {
        using var model = new ByteModel(Window);
        foreach ((int memory, int most) in new[] { (2048, Window), (384, 384) })
        {
            await using TestServer server = await TestServer.StartAsync(model.Load(ByteModel.Engine with { CacheTokens = memory }));
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("hello", more + ",\"ignore_eos\":true"));
            Assert.True(status == 200, answer.ToJsonString());
            Assert.Equal("length", (string?)answer["choices"]![0]!["finish_reason"]);
            // Of memory a token more fits: the last one's keys and values are not needed.
            Assert.InRange((int)answer["usage"]!["total_tokens"]!, most, most == Window ? Window : most + 1);
        }
    }

    [Fact]
    public async Task Completions_OfNoStatedLength_Have16AndMinusOneIsWhatIsLeft()
    {
        using var model = new ByteModel(Window);
        await using TestServer server = await TestServer.StartAsync(model.Load(ByteModel.Engine with { CacheTokens = 2048 }));
        Assert.Equal(16, await MadeAsync(server, ""));
        Assert.Equal(Window - 5, await MadeAsync(server, ",\"max_tokens\":-1"));
        await using TestServer limited = await TestServer.StartAsync(model.Load(ByteModel.Engine with { CacheTokens = 2048 }), limits => limits.MaximumOutputTokens = 20);
        Assert.Equal(20, await MadeAsync(limited, ",\"max_tokens\":-1"));
        (int status, JsonNode refused) = await limited.PostAsync("/v1/completions", TestServer.Json("""{"prompt":"hello","max_tokens":-2}"""));
        Assert.Equal((400, "max_tokens"), (status, (string?)refused["error"]!["param"]));

        static async Task<int> MadeAsync(TestServer server, string more)
        {
            (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json($$"""{"prompt":"hello","ignore_eos":true{{more}}}"""));
            Assert.True(status == 200, answer.ToJsonString());
            return (int)answer["usage"]!["completion_tokens"]!;
        }
    }

    /// <summary>The server's limit is none that a request asked for: the model's own length counts below it, and what memory leaves.</summary>
    [Theory]
    [InlineData("", 20, null, 20)]
    [InlineData("", 20, 7, 7)]
    [InlineData("", 5, 7, 5)]
    [InlineData(",\"max_tokens\":-1", 20, 7, 20)]
    [InlineData(",\"max_tokens\":9", 20, 7, 9)]
    [InlineData("", 650, null, 0)]
    [InlineData(",\"max_completion_tokens\":-1", 650, null, 0)]
    public async Task Chat_OfNoStatedLengthUnderAServersLimit_HasTheModelsUpToIt(string more, int limit, int? ofModel, int made)
    {
        using var model = new ByteModel(Window);
        if (ofModel is { } tokens) await File.WriteAllTextAsync(Path.Combine(model.Folder, "generation_config.json"), $$"""{"max_new_tokens":{{tokens}}}""", Token);
        await using TestServer server = await TestServer.StartAsync(model.Load(ByteModel.Engine with { CacheTokens = 384 }), limits => limits.MaximumOutputTokens = limit);
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("hello", more + ",\"ignore_eos\":true"));
        Assert.True(status == 200, answer.ToJsonString());
        if (made > 0) Assert.Equal(made, (int)answer["usage"]!["completion_tokens"]!);
        else Assert.InRange((int)answer["usage"]!["total_tokens"]!, 384, 385);
        (status, answer) = await server.ChatAsync(TestServer.Chat("hello", more + $",\"min_tokens\":{limit + 1}"));
        Assert.Equal((400, "min_tokens"), (status, (string?)answer["error"]!["param"]));
    }

    /// <summary>A client that is not this library's gets the limit, and nothing that only this library reads.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(",\"max_tokens\":-1")]
    [InlineData(",\"stream\":true")]
    public async Task Chat_OfNoStatedLengthToAnotherClient_HasTheLimitAndNothingOfOurs(string more)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client, limits => limits.MaximumOutputTokens = 20);
        using HttpResponseMessage answer = await server.Http.PostAsync("/v1/chat/completions", TestServer.Json(TestServer.Chat("hello", more)), Token);
        Assert.True(answer.IsSuccessStatusCode);
        await answer.Content.ReadAsStringAsync(Token);
        Assert.Equal(20, client.LastOptions!.MaxOutputTokens);
        Assert.DoesNotContain(client.LastOptions.AdditionalProperties?.Keys ?? [], key => key.StartsWith("longcontext", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", null, Window)]
    [InlineData("", "0.5", Window)]
    [InlineData("""{"max_length":100}""", null, 100)]
    [InlineData("""{"max_length":100}""", "0.5", 100)]
    [InlineData("""{"max_new_tokens":30}""", "0.5", 30 + 6)]
    [InlineData("""{"max_length":100}""", "0.5", 7 + 6, "7")]
    [InlineData("""{"max_length":100}""", "0.5", Window, null, "false")]
    [InlineData("""{"max_length":100}""", null, Window, null, "false")]
    public async Task Answer_OfNoStatedLength_EndsWhereFileOrConfigurationSay(string file, string? topP, int end, string? maximum = null, string uses = "true")
    {
        using var model = new ByteModel(Window);
        if (file.Length > 0) await File.WriteAllTextAsync(Path.Combine(model.Folder, "generation_config.json"), file, Token);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ModelFolder"] = model.Folder, ["Engine:CacheTokens"] = "2048", ["Engine:Threads"] = "1", ["UsesGenerationConfig"] = uses,
            ["Generation:TopP"] = topP, ["Generation:MaximumNewTokens"] = maximum,
        }.Where(pair => pair.Value is not null));
        builder.Services.AddLongContext(builder.Configuration);
        using IHost host = builder.Build();
        await host.StartAsync(Token);
        // Without a template, so that the prompt is six tokens.
        ChatResponse response = await host.Services.GetRequiredService<IChatClient>().GetResponseAsync("prompt", new ChatOptions { AdditionalProperties = new() { ["ignore_eos"] = true } }, Token);
        Assert.Equal((6, end), (response.Usage!.InputTokenCount, response.Usage.TotalTokenCount));
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Answer_OfAnInstanceGivenInCode_HasItsLength()
    {
        using var model = new ByteModel(Window);
        using LongContextChatClient client = model.Load(generation: new GenerationOptions { StopTokenIds = [] });
        Assert.Equal(256, (await client.GetResponseAsync("prompt", cancellationToken: Token)).Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task Answer_ThatNothingBounds_EndsAllTheSame()
    {
        using var model = new ByteModel(Window);
        using LongContextChatClient client = model.Load();
        // With sinks neither window nor memory come to an end.
        GenerationFit fit = client.CheckFit(5, new ChatOptions { AdditionalProperties = new() { [Evaluation.ChatOptionKeys.TokenDropping] = new AttentionSinks { Window = 32 } } });
        Assert.Equal((null, Window), (fit.WindowTokens, fit.NewTokens));
    }
}
