using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using LongContext.AspNetCore;
using LongContext.Generation;
using LongContext.Hosting.Support;
using LongContext.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LongContext.Hosting;

/// <summary>What an application's configuration may say: the guide's settings, and what is wrong with others.</summary>
public sealed class SettingsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Guide_Settings_AreAllThereAndTheDefaults()
    {
        string text = Settings(), unset = Regex.Replace(text, """(?m)^(\s*)// (?=")""", "$1");
        Assert.NotEqual(text, unset);
        (LongContextOptions model, OpenAIServerOptions server) = (new LongContextOptions(), new OpenAIServerOptions());
        Bind(text, model, server);
        Same(new LongContextOptions(), model, nameof(LongContextOptions.ModelFolder), nameof(LongContextOptions.Engine), nameof(LongContextOptions.Generation));
        Same(new GenerationEngineOptions(), model.Engine);
        Same(new GenerationOptions(), model.Generation ?? new GenerationOptions());
        Same(new OpenAIServerOptions(), server, nameof(OpenAIServerOptions.ApiKeys));
        Assert.Equal("/models/llama-3.2-1b", model.ModelFolder);
        // Those that are unset are names and values that can be.
        Bind(unset, model, server);
        Assert.Equal((8192, 4.0, JsonWhitespace.None, 2), (model.ContextLength, model.RopeExtension!.Factor, model.JsonWhitespace, server.ApiKeys.Count));
        Assert.Equal((0.7, 200_000), (model.Generation!.Temperature, model.Engine.CacheTokens));
        Assert.Contains(model.ChatFormat!, Chat.ChatFormat.KnownNames);
        // And there are no others that configuration could set.
        foreach (Type type in new[] { typeof(LongContextOptions), typeof(OpenAIServerOptions), typeof(GenerationEngineOptions), typeof(RopeExtensionOptions) })
        {
            // A host holds its requests to the window itself.
            foreach (PropertyInfo property in type.GetProperties().Where(each => IsSetting(each.PropertyType) && each.Name != nameof(GenerationEngineOptions.AllowsBeyondContext))) Assert.Contains($"\"{property.Name}\":", text, StringComparison.Ordinal);
        }

        foreach (Type type in new[] { typeof(KeyValueCacheFormat), typeof(JsonWhitespace), typeof(ModelStartup), typeof(RopeExtensionMethod), typeof(LongContext.Models.WeightQuantization) })
            Assert.All(Enum.GetNames(type), name => Assert.Matches($@"\b{name}\b", text));
    }

    [Theory]
    [InlineData("WeightQuantization", "int4", "FourBit")]
    [InlineData("Engine:CacheFormat", "int4", "Int8")]
    [InlineData("RopeExtension:Method", "yarm", "Yarn")]
    [InlineData("DataType", "half", "BFloat16")]
    [InlineData("Startup", "later", "InBackground")]
    [InlineData("ChatFormat", "llama9", "llama3.1")]
    [InlineData("ModelFolder", "not/there", "looked for /")]
    [InlineData("Engine", "fast", "GenerationEngineOptions")]
    public async Task Configuration_ValueThatIsNone_SaysWhichThereAre(string key, string value, string one)
    {
        string message = await RefusalAsync(key, value);
        Assert.All([key, key == "Engine" ? "single text" : value, one], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("CustomChatFormat", "chatml", "LongContextOptions.CustomChatFormat in code, where the model is added, or name a known one by ChatFormat")]
    [InlineData("CustomChatFormat:Name", "chatml", "LongContextOptions.CustomChatFormat in code")]
    [InlineData("Engine:DraftModel", "/models/small", "GenerationEngineOptions.DraftModel in code")]
    [InlineData("Engine:Logger", "console", "GenerationEngineOptions.Logger in code")]
    [InlineData("ClientFactory", "mine", "LongContextOptions.ClientFactory in code")]
    public async Task Configuration_WhatOnlyCodeCanSet_SaysSo(string key, string value, string where)
    {
        string message = await RefusalAsync(key, value);
        Assert.Contains($"L:{key.Split(":Name")[0]} cannot come from a configuration: set {where}", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_EngineBeyondTheWindow_IsRefusedWithTheWayThatWorks()
    {
        string message = await RefusalAsync("Engine:AllowsBeyondContext", "true");
        Assert.All(["Engine.AllowsBeyondContext", "RopeExtension"], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    private static async Task<string> RefusalAsync(string key, string value)
    {
        using var model = new ByteModel();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["L:ModelFolder"] = model.Folder, [$"L:{key}"] = value });
        builder.Services.AddLongContext(builder.Configuration.GetSection("L"));
        using IHost host = builder.Build();
        return (await Assert.ThrowsAnyAsync<OptionsValidationException>(() => host.StartAsync(Token))).Message;
    }

    [Fact]
    public void ApiKeys_AsOneText_StopTheStartAndAreNotTold()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["S:ApiKeys"] = "a long secret of mine" });
        builder.Services.AddLongContext(options => options.ClientFactory = (_, _) => Task.FromResult<Microsoft.Extensions.AI.IChatClient>(new FakeChatClient()));
        builder.Services.AddLongContextOpenAI(builder.Configuration.GetSection("S"));
        OptionsValidationException e = Assert.ThrowsAny<OptionsValidationException>(() => builder.Build());
        Assert.Contains("S:ApiKeys is a single text", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void MapLongContextOpenAI_WithoutAModel_SaysWhatIsMissing()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddLongContextOpenAI();
        WebApplication app = builder.Build();
        Assert.Contains("AddLongContext", Assert.Throws<InvalidOperationException>(() => app.MapLongContextOpenAI()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_ThatChanges_IsToldOnce()
    {
        var log = new RecordedLog();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddProvider(log);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["L:MaximumQueuedRequests"] = "7" });
        builder.Services.AddLongContext(builder.Configuration.GetSection("L"), options => options.ClientFactory = (_, _) => Task.FromResult<Microsoft.Extensions.AI.IChatClient>(new FakeChatClient()));
        using IHost host = builder.Build();
        await host.StartAsync(Token);
        ((IConfigurationRoot)builder.Configuration).Reload();
        Assert.Empty(log.Entries);
        builder.Configuration["L:MaximumQueuedRequests"] = "9";
        builder.Configuration["Other"] = "9";
        ((IConfigurationRoot)builder.Configuration).Reload();
        Assert.Contains("MaximumQueuedRequests", Assert.Single(log.Entries).Message, StringComparison.Ordinal);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task ContextLength_BeyondTheWindow_NamesTheHostsWayOut()
    {
        using var model = new ByteModel(window: 256);
        using ServiceProvider services = new ServiceCollection().AddLongContextAnd(options => (options.ModelFolder, options.ContextLength) = (model.Folder, 1024)).BuildServiceProvider();
        ModelNotReadyException e = await Assert.ThrowsAsync<ModelNotReadyException>(() => services.GetRequiredService<LongContextModel>().LoadAsync(Token));
        Assert.All(["1024", "256", "RopeExtension"], part => Assert.Contains(part, e.InnerException!.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("ModelLoadOptions", e.InnerException!.Message, StringComparison.Ordinal);
        using ServiceProvider longer = new ServiceCollection().AddLongContextAnd(options =>
            (options.ModelFolder, options.ContextLength, options.RopeExtension, options.Engine) = (model.Folder, 1024, new RopeExtensionOptions { Factor = 4 }, ByteModel.Engine)).BuildServiceProvider();
        await longer.GetRequiredService<LongContextModel>().LoadAsync(Token);
    }

    private static string Settings()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "The repository is not here.");
        return string.Join('\n', GuideText.Blocks(Path.Combine(TestPaths.RepositoryRoot!, "docs", "inference.md"), "```jsonc", "```"));
    }

    private static void Bind(string json, LongContextOptions model, OpenAIServerOptions server)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
        Assert.Equal(["LongContext", "Server"], configuration.GetChildren().Select(child => child.Key));
        configuration.GetSection("LongContext").Bind(model, binder => binder.ErrorOnUnknownConfiguration = true);
        configuration.GetSection("Server").Bind(server, binder => binder.ErrorOnUnknownConfiguration = true);
    }

    private static void Same<T>(T expected, T found, params string[] but)
    {
        foreach (PropertyInfo property in typeof(T).GetProperties().Where(each => IsSetting(each.PropertyType) && !but.Contains(each.Name)))
            Assert.Equal((property.Name, property.GetValue(expected)), (property.Name, property.GetValue(found)));
    }

    /// <summary>Whether configuration can say it: a value, a text, or an object of such.</summary>
    private static bool IsSetting(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var plain && (plain.IsPrimitive || plain.IsEnum || plain == typeof(string) || plain == typeof(TimeSpan)
            || plain == typeof(GenerationEngineOptions) || plain == typeof(GenerationOptions) || plain == typeof(RopeExtensionOptions) || plain == typeof(IDictionary<string, string>));
}
