using LongContext.Generation;
using LongContext.Hosting.Support;
using LongContext.Models;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.ML.Tokenizers;

namespace LongContext.Hosting;

/// <summary>What AddLongContext puts into a host.</summary>
public sealed class LongContextServicesTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "BaseModel");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddLongContext_FromConfiguration_LoadsAndAnswers()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["LongContext:ModelFolder"] = Folder, ["LongContext:ModelId"] = "words", ["LongContext:ContextLength"] = "128", ["LongContext:DataType"] = "float32", ["LongContext:Startup"] = "beforestart",
            ["LongContext:Generation:MaximumNewTokens"] = "3", ["LongContext:Generation:TopP"] = "0.5", ["LongContext:QueueTimeout"] = "00:00:30",
            ["LongContext:Engine:CacheTokens"] = "512", ["LongContext:Engine:StepTokens"] = "96", ["LongContext:Engine:CacheFormat"] = "int8", ["LongContext:Engine:ReusesPrefixes"] = "false",
            ["LongContext:Engine:Threads"] = "1", ["LongContext:Engine:KeptShare"] = "0.25", ["LongContext:Generation:Speculation:MaximumTokens"] = "4", ["LongContext:MaximumConcurrentRequests"] = "80",
        });
        builder.Services.AddLongContext(builder.Configuration.GetSection("LongContext"));
        using IHost host = builder.Build();
        await host.StartAsync(Token);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        Assert.Equal((ModelState.Ready, "words", ""), (model.State, model.ModelId, model.Name));
        Assert.Same(model, host.Services.GetRequiredService<LongContextModels>().All.Single());
        IChatClient client = host.Services.GetRequiredService<IChatClient>();
        ChatResponse response = await client.GetResponseAsync("the same", cancellationToken: Token);
        Assert.Equal(("words", 3L), (response.ModelId, response.Usage!.OutputTokenCount));
        Assert.Equal(128, client.GetService<LongContext.Generation.LongContextChatClient>()!.ContextLength);
        Assert.Same(client.GetService<Tokenizer>(), host.Services.GetRequiredService<Tokenizer>());
        Assert.Equal(0.5, host.Services.GetRequiredService<IOptions<LongContextOptions>>().Value.Generation!.TopP);
        HealthReport health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        Assert.Equal((HealthStatus.Healthy, "Ready"), (health.Status, health.Entries["longcontext"].Data["state"]));
        GenerationEngine engine = client.GetService<GenerationEngine>()!;
        IReadOnlyDictionary<string, object> data = health.Entries["longcontext"].Data;
        Assert.Equal((engine.Statistics.CacheBytes, 1L, 3L, 0), (data["cache_bytes"], data["engine_completed"], data["engine_generated_tokens"], data["engine_running"]));
        Assert.InRange(engine.MaximumSequenceTokens, 512, 600);
        Assert.Equal(80, client.GetService<LongContextChatClient>()!.ToEvaluationModel().RequestsAtOnce);
        Assert.Equal(engine.Statistics.Steps, model.EngineStatistics!.Steps);
        LongContextOptions read = host.Services.GetRequiredService<IOptions<LongContextOptions>>().Value;
        Assert.Equal((512, 96, KeyValueCacheFormat.Int8, false, 1, 0.25, 4), (read.Engine.CacheTokens, read.Engine.StepTokens, read.Engine.CacheFormat, read.Engine.ReusesPrefixes, read.Engine.Threads,
            read.Engine.KeptShare, read.Generation!.Speculation!.MaximumTokens));
        await host.StopAsync(Token);
        Assert.Equal(ModelState.Stopped, model.State);
        Assert.Throws<ObjectDisposedException>(() => engine.StreamAsync(new GenerationRequest { Prompt = new[] { 3 } }));
        await Assert.ThrowsAsync<ModelNotReadyException>(() => client.GetResponseAsync("x", cancellationToken: Token));
    }

    [Fact]
    public async Task ClientOf_WhereTheApplicationAddsAnother_IsTheModels()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        FakeChatClient own = new(), remote = new();
        builder.Services.AddLongContext(options => options.ClientFactory = (_, _) => Task.FromResult<IChatClient>(own)).ConfigureOptions(asked => asked.TopK = 7);
        builder.Services.AddChatClient(remote);
        using IHost host = builder.Build();
        await host.StartAsync(Token);
        LongContextModels models = host.Services.GetRequiredService<LongContextModels>();
        await models.ClientOf(models.All.Single()).GetResponseAsync("x", cancellationToken: Token);
        // With what was put before it.
        Assert.Equal((1, 0, 7), (own.Begun, remote.Begun, own.LastOptions!.TopK));
        Assert.Same(remote, host.Services.GetRequiredService<IChatClient>());
        await host.StopAsync(Token);
        Assert.True(own.Disposed);
    }

    [Fact]
    public async Task AddLongContext_OfAModelWithSuggestions_ConfigurationChangesSingleValuesOfThem()
    {
        using var folder = new ByteModel();
        await File.WriteAllTextAsync(Path.Combine(folder.Folder, "generation_config.json"), """{"do_sample":true,"temperature":0.5,"top_k":9,"max_new_tokens":5}""", Token);
        // Nothing said: the client reads the file.
        Assert.Null(Find());
        Assert.Equal((0.5, 9, 7), Values(Find(("Generation:MaximumNewTokens", "7"))));
        Assert.Equal((0.25, 9, 5), Values(Find(("Generation:Temperature", "0.25"))));
        Assert.Equal((0.0, null, 7), Values(Find(("Generation:MaximumNewTokens", "7"), ("UsesGenerationConfig", "false"))));
        Assert.Equal(new GenerationOptions(), Find(("UsesGenerationConfig", "false")));
        Assert.Equal([null, null, int.MaxValue], new[] { Ending(("Generation:TopP", "0.5")), Ending(("Generation:MaximumNewTokens", "7"), ("UsesGenerationConfig", "false")), Ending(("UsesGenerationConfig", "false")) });
        // A delegate's own counts as it is.
        Assert.Equal((0.0, 3, 256), Values(FindWith(options => options.Generation = new GenerationOptions { TopK = 3 }, ("Generation:MaximumNewTokens", "7"))));
        using IHost host = Build(null, ("ModelFolder", folder.Folder), ("Engine:CacheTokens", "512"));
        await host.StartAsync(Token);
        ChatResponse response = await host.Services.GetRequiredService<IChatClient>().GetResponseAsync("x", new ChatOptions { AdditionalProperties = new() { ["ignore_eos"] = true } }, Token);
        Assert.Equal(5, response.Usage!.OutputTokenCount);
        await host.StopAsync(Token);

        GenerationOptions? Find(params (string Key, string Value)[] configuration) => FindWith(null, configuration);

        int? Ending(params (string Key, string Value)[] configuration) => Found(null, configuration).AnswerEnd;

        GenerationOptions? FindWith(Action<LongContextOptions>? configure, params (string Key, string Value)[] configuration) => Found(configure, configuration).Generation;

        (GenerationOptions? Generation, int? AnswerEnd) Found(Action<LongContextOptions>? configure, (string Key, string Value)[] configuration)
        {
            using IHost built = Build(configure, [("ModelFolder", folder.Folder), .. configuration]);
            return built.Services.GetRequiredService<IOptions<LongContextOptions>>().Value.FindGeneration();
        }

        static IHost Build(Action<LongContextOptions>? configure, params (string Key, string Value)[] configuration)
        {
            HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Configuration.AddInMemoryCollection(configuration.Select(pair => new KeyValuePair<string, string?>("LongContext:" + pair.Key, pair.Value)));
            builder.Services.AddLongContext(builder.Configuration.GetSection("LongContext"), configure);
            return builder.Build();
        }

        static (double, int?, int) Values(GenerationOptions? options) => (options!.Temperature, options.TopK, options.MaximumNewTokens);
    }

    [Fact]
    public async Task AddLongContext_WithoutAnEngine_AnswersAllTheSame()
    {
        using ServiceProvider services = new ServiceCollection().AddLongContextAnd(options => (options.ModelFolder, options.UsesEngine, options.Engine) = (Folder, false, null!)).BuildServiceProvider();
        ChatResponse response = await services.GetRequiredService<IChatClient>().GetResponseAsync("the same", new ChatOptions { MaxOutputTokens = 3 }, Token);
        Assert.Equal((3L, null), (response.Usage!.OutputTokenCount, response.Usage.CachedInputTokenCount));
        Assert.Null(services.GetRequiredService<IChatClient>().GetService<GenerationEngine>());
        Assert.Null(services.GetRequiredService<LongContextModel>().EngineStatistics);
    }

    [Fact]
    public async Task AddKeyedLongContext_Several_AreKeptApart()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddKeyedLongContext("a", options => options.ClientFactory = (_, _) => Task.FromResult<IChatClient>(new FakeChatClient { Answer = (_, _) => ["from a"] }));
        builder.Services.AddKeyedLongContext("b", options => options.ClientFactory = (_, _) => Task.FromResult<IChatClient>(new FakeChatClient { Answer = (_, _) => ["from b"] }))
            .Use((messages, options, next, token) => next(messages.Append(new ChatMessage(ChatRole.User, "more")), options, token));
        using IHost host = builder.Build();
        await host.StartAsync(Token);
        LongContextModels models = host.Services.GetRequiredService<LongContextModels>();
        Assert.Equal(["a", "b"], models.All.Select(model => model.ModelId));
        Assert.Equal("from a", (await host.Services.GetRequiredKeyedService<IChatClient>("a").GetResponseAsync("x", cancellationToken: Token)).Text);
        ChatResponse b = await models.ClientOf(models.Find("b")!).GetResponseAsync("x", cancellationToken: Token);
        Assert.Equal(("from b", 2L), (b.Text, b.Usage!.InputTokenCount));
        HealthReport health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        Assert.Equal(["longcontext:a", "longcontext:b"], health.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Throws<InvalidOperationException>(() => builder.Services.AddKeyedLongContext("a", _ => { }));
    }

    [Fact]
    public void Tokenizer_BeforeTheModel_ComesFromTheFolder()
    {
        using ServiceProvider services = new ServiceCollection().AddLongContextAnd(options => (options.ModelFolder, options.Startup) = (Folder, ModelStartup.OnFirstRequest)).BuildServiceProvider();
        Assert.True(services.GetRequiredService<Tokenizer>().CountTokens("the same") > 0);
        Assert.Equal(ModelState.NotLoaded, services.GetRequiredService<LongContextModel>().State);
    }

    [Fact]
    public async Task Options_AllFaults_StopTheStartInOneMessage()
    {
        using TemporaryFolder empty = TestPaths.NewTemporaryFolder();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddKeyedLongContext("wrong", options =>
        {
            (options.ModelFolder, options.ModelId, options.Device, options.DataType) = (empty.Path, " ", "tpu", TorchSharp.torch.ScalarType.Int8);
            (options.WeightQuantization, options.ContextLength, options.RopeExtension, options.Startup) = ((WeightQuantization)99, 1, new RopeExtensionOptions(), (ModelStartup)9);
            (options.MaximumConcurrentRequests, options.MaximumQueuedRequests, options.QueueTimeout, options.DrainTimeout) = (0, -1, TimeSpan.Zero, TimeSpan.FromSeconds(-1));
            options.Generation = new LongContext.Generation.GenerationOptions { MaximumNewTokens = 0 };
            options.Engine = new GenerationEngineOptions { CacheTokens = 0, CacheBytes = -1, StepTokens = 0, Threads = 0, KeptShare = 2, CacheFormat = (KeyValueCacheFormat)77, QueueLimit = -1 };
        });
        using IHost host = builder.Build();
        OptionsValidationException e = await Assert.ThrowsAnyAsync<OptionsValidationException>(() => host.StartAsync(Token));
        Assert.All(
            ["\"wrong\"", "config.json", "ModelId", "Device", "DataType", "WeightQuantization", "ContextLength", "RopeExtension.Factor", "Startup", "MaximumConcurrentRequests", "MaximumQueuedRequests", "QueueTimeout", "DrainTimeout", "MaximumNewTokens",
             "CacheTokens", "CacheBytes", "StepTokens", "Threads", "KeptShare", "CacheFormat", "QueueLimit"],
            part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("MaximumConcurentRequests", "3")]
    [InlineData("Generation:Temprature", "1")]
    [InlineData("MaximumQueuedRequests", "many")]
    [InlineData("Engine:CacheToken", "7")]
    [InlineData("Engine:CacheFormat", "int3")]
    public async Task Configuration_KeyThatIsNone_StopsTheStart(string key, string value)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["L:ModelFolder"] = Folder, [$"L:{key}"] = value });
        builder.Services.AddLongContext(builder.Configuration.GetSection("L"));
        using IHost host = builder.Build();
        Exception e = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(Token));
        Assert.Contains(key.Split(':')[^1], e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu", true)]
    [InlineData("cuda", true)]
    [InlineData("cuda:3", true)]
    [InlineData("cuda:", false)]
    [InlineData("cuda:-1", false)]
    [InlineData("CPU", false)]
    [InlineData(null, false)]
    public void Device_Name_IsRead(string? name, bool expected) => Assert.Equal(expected, LongContextOptionsValidator.Device(name) is not null);
}
