using System.Diagnostics.Metrics;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace LongContext.Hosting;

/// <summary>A hosted model from its loading to its end.</summary>
public sealed class LongContextModelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_WhileLoading_WaitsForTheModel()
    {
        var loaded = new TaskCompletionSource<IChatClient>();
        using IHost host = Build(options => options.ClientFactory = (_, _) => loaded.Task);
        await host.StartAsync(Token);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        Assert.Equal(ModelState.Loading, model.State);
        Task<ChatResponse> asked = Client(host).GetResponseAsync("x", cancellationToken: Token);
        await FakeChatClient.UntilAsync(() => model.WaitingRequests == 1, Token);
        Assert.Equal(HealthStatus.Unhealthy, (await HealthAsync(host)).Status);
        loaded.SetResult(new FakeChatClient());
        Assert.Equal("You said: x", (await asked).Text);
        Assert.Equal((HealthStatus.Healthy, ModelState.Ready), ((await HealthAsync(host)).Status, model.State));
    }

    [Fact]
    public async Task Model_ThatCannotBeLoaded_RefusesAndSaysWhy()
    {
        using IHost host = Build(options => options.ClientFactory = (_, _) => throw new InvalidDataException("torn shard"));
        await host.StartAsync(Token);
        ModelNotReadyException e = await Assert.ThrowsAsync<ModelNotReadyException>(() => Client(host).GetResponseAsync("x", cancellationToken: Token));
        Assert.Equal("torn shard", e.InnerException!.Message);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        Assert.Equal((ModelState.Failed, "torn shard"), (model.State, model.Failure!.Message));
        HealthReportEntry health = await HealthAsync(host);
        Assert.Equal((HealthStatus.Unhealthy, "torn shard"), (health.Status, health.Exception!.Message));
        await host.StopAsync(Token);

        using IHost strict = Build(options => (options.ClientFactory, options.Startup) = ((_, _) => throw new InvalidDataException("torn shard"), ModelStartup.BeforeStart));
        await Assert.ThrowsAsync<ModelNotReadyException>(() => strict.StartAsync(Token));
    }

    [Fact]
    public async Task Startup_OnFirstRequest_LoadsOnce()
    {
        int loads = 0;
        using IHost host = Build(options =>
        {
            options.Startup = ModelStartup.OnFirstRequest;
            options.ClientFactory = (_, _) =>
            {
                Interlocked.Increment(ref loads);
                return Task.FromResult<IChatClient>(new FakeChatClient());
            };
        });
        await host.StartAsync(Token);
        Assert.Equal((0, ModelState.NotLoaded), (loads, host.Services.GetRequiredService<LongContextModel>().State));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Client(host).GetResponseAsync("x", cancellationToken: Token)));
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task Queue_Full_RefusesTheNextAndServesTheRest()
    {
        var release = new TaskCompletionSource();
        var fake = new FakeChatClient { Wait = token => release.Task.WaitAsync(token) };
        using IHost host = Build(options => (options.ClientFactory, options.MaximumConcurrentRequests, options.MaximumQueuedRequests) = ((_, _) => Task.FromResult<IChatClient>(fake), 2, 3));
        await host.StartAsync(Token);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        Task<ChatResponse>[] taken = [.. Enumerable.Range(0, 5).Select(_ => Client(host).GetResponseAsync("x", cancellationToken: Token))];
        await FakeChatClient.UntilAsync(() => model is { RunningRequests: 2, WaitingRequests: 3 }, Token);
        Assert.True(model.IsOverloaded);
        Assert.Equal(HealthStatus.Degraded, (await HealthAsync(host)).Status);
        ModelOverloadedException e = await Assert.ThrowsAsync<ModelOverloadedException>(() => Client(host).GetResponseAsync("x", cancellationToken: Token));
        Assert.InRange(e.RetryAfter.TotalSeconds, 1, 60);
        release.SetResult();
        await Task.WhenAll(taken);
        Assert.Equal((2, 5), (fake.MostAtOnce, fake.Completed));
        await FakeChatClient.UntilAsync(() => model is { RunningRequests: 0, WaitingRequests: 0 }, Token);
    }

    [Fact]
    public async Task Queue_TooLongAWait_IsRefusedAndACancelledOneLeaves()
    {
        var release = new TaskCompletionSource();
        var fake = new FakeChatClient { Wait = token => release.Task.WaitAsync(token) };
        using IHost host = Build(options => (options.ClientFactory, options.MaximumConcurrentRequests, options.QueueTimeout) = ((_, _) => Task.FromResult<IChatClient>(fake), 1, TimeSpan.FromMilliseconds(150)));
        await host.StartAsync(Token);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        Task<ChatResponse> first = Client(host).GetResponseAsync("x", cancellationToken: Token);
        await FakeChatClient.UntilAsync(() => model.RunningRequests == 1, Token);
        await Assert.ThrowsAsync<ModelOverloadedException>(() => Client(host).GetResponseAsync("x", cancellationToken: Token));
        using var gone = new CancellationTokenSource(30);
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client(host).GetResponseAsync("x", cancellationToken: gone.Token));
        Assert.Equal(gone.Token, e.CancellationToken);
        Assert.Equal(0, model.WaitingRequests);
        release.SetResult();
        await first;
        Assert.Equal(1, fake.Begun);
    }

    [Fact]
    public async Task Stop_DrainsWhatRunsAndRefusesWhatWaits()
    {
        var release = new TaskCompletionSource();
        var fake = new FakeChatClient { Wait = token => release.Task.WaitAsync(token) };
        using IHost host = Build(options => (options.ClientFactory, options.MaximumConcurrentRequests) = ((_, _) => Task.FromResult<IChatClient>(fake), 1));
        await host.StartAsync(Token);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        Task<ChatResponse> running = Client(host).GetResponseAsync("x", cancellationToken: Token);
        await FakeChatClient.UntilAsync(() => fake.Running == 1, Token);
        Task<ChatResponse> waiting = Client(host).GetResponseAsync("x", cancellationToken: Token);
        await FakeChatClient.UntilAsync(() => model.WaitingRequests == 1, Token);
        Task stopped = host.StopAsync(Token);
        await Assert.ThrowsAsync<ModelNotReadyException>(() => waiting);
        await Assert.ThrowsAsync<ModelNotReadyException>(() => Client(host).GetResponseAsync("x", cancellationToken: Token));
        Assert.Equal((ModelState.Stopping, false), (model.State, stopped.IsCompleted));
        release.SetResult();
        Assert.Equal("You said: x", (await running).Text);
        await stopped;
        Assert.True(fake.Disposed);
    }

    [Fact]
    public Task Stop_PastTheDrainTimeout_EndsWhatRuns() => AssertStopEndsWhatRunsAsync(new FakeChatClient { Wait = token => Task.Delay(Timeout.Infinite, token) });

    [Fact]
    public Task Stop_ClientFailsWhenItIsCancelled_EndsAllTheSame() => AssertStopEndsWhatRunsAsync(new FakeChatClient
    {
        Wait = token =>
        {
            token.Register(() => throw new InvalidOperationException("a client's own fault"));
            return Task.Delay(Timeout.Infinite, token);
        },
    });

    [Fact]
    public async Task Stop_WhileLoading_EndsTheLoad()
    {
        using IHost host = Build(options => options.ClientFactory = async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return new FakeChatClient();
        });
        await host.StartAsync(Token);
        Task<ChatResponse> waiting = Client(host).GetResponseAsync("x", cancellationToken: Token);
        await host.StopAsync(Token);
        await Assert.ThrowsAsync<ModelNotReadyException>(() => waiting);
    }

    [Fact]
    public async Task Stop_WhileALoadGoesOn_WaitsNoLongerThanItMayAndDisposesWhatComes()
    {
        var made = new TaskCompletionSource<IChatClient>();
        var client = new FakeChatClient();
        IHost host = Build(options => options.ClientFactory = (_, _) => made.Task);
        await host.StartAsync(Token);
        await FakeChatClient.UntilAsync(() => host.Services.GetRequiredService<LongContextModel>().State == ModelState.Loading, Token);
        using (var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100)))
        {
            await host.StopAsync(patience.Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
        }

        await ((IAsyncDisposable)host).DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.False(client.Disposed);
        made.SetResult(client);
        await FakeChatClient.UntilAsync(() => client.Disposed, Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Fact]
    public async Task Stop_RequestThatDoesNotHeedItsEnd_WaitsNoLongerThanItMay()
    {
        var release = new TaskCompletionSource();
        var fake = new FakeChatClient { Wait = _ => release.Task };
        using IHost host = Build(options => (options.ClientFactory, options.DrainTimeout) = ((_, _) => Task.FromResult<IChatClient>(fake), TimeSpan.FromMilliseconds(50)));
        await host.StartAsync(Token);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        Task<ChatResponse> running = Client(host).GetResponseAsync("x", cancellationToken: Token);
        await FakeChatClient.UntilAsync(() => fake.Running == 1, Token);
        using (var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100)))
        {
            await host.StopAsync(patience.Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
        }

        Assert.Equal((ModelState.Stopped, 1, true), (model.State, model.RunningRequests, fake.Disposed));
        release.SetResult();
        await Assert.ThrowsAsync<ModelNotReadyException>(() => running);
        Assert.Equal(0, model.RunningRequests);
    }

    [Fact]
    public async Task Meter_WhoseListenerFails_TouchesNoRequest()
    {
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == "LongContext" && instrument.Name.StartsWith("longcontext.hosting.", StringComparison.Ordinal)) own.EnableMeasurementEvents(instrument);
            },
        };
        int heard = 0;
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Fail(tags));
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Fail(tags));
        listener.Start();
        using IHost host = Build(options => (options.ClientFactory, options.ModelId, options.MaximumConcurrentRequests) = ((_, _) => Task.FromResult<IChatClient>(new FakeChatClient()), "torn meter", 1));
        await host.StartAsync(Token);
        for (int i = 0; i < 3; i++) Assert.Equal("You said: x", (await Client(host).GetResponseAsync("x", cancellationToken: Token)).Text);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        Assert.Equal((0, 0), (model.RunningRequests, model.WaitingRequests));
        Assert.True(heard > 10);

        void Fail(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (!"torn meter".Equals(tag.Value)) continue; // other tests run meanwhile
                Interlocked.Increment(ref heard);
                throw new InvalidDataException("torn listener");
            }
        }
    }

    [Fact]
    public async Task Requests_Mixed_LeaveNothingBehind()
    {
        var fake = new FakeChatClient { Answer = (_, _) => Enumerable.Repeat("w ", 20), Wait = async token => { await Task.Yield(); token.ThrowIfCancellationRequested(); } };
        using IHost host = Build(options => (options.ClientFactory, options.MaximumConcurrentRequests, options.MaximumQueuedRequests) = ((_, _) => Task.FromResult<IChatClient>(fake), 3, 20));
        await host.StartAsync(Token);
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Token }, async (i, token) =>
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(token);
            if (i % 3 == 0) ends.CancelAfter(i % 7);
            try
            {
                int seen = 0;
                await foreach (ChatResponseUpdate _ in Client(host).GetStreamingResponseAsync("x", cancellationToken: ends.Token))
                {
                    if (++seen == i % 30) break;
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ModelOverloadedException)
            {
                token.ThrowIfCancellationRequested();
            }
        });
        Assert.Equal((0, 0, 0), (model.RunningRequests, model.WaitingRequests, fake.Running));
        Assert.InRange(fake.MostAtOnce, 1, 3);
        Assert.Equal("w ", (await Client(host).GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 1 }, Token)).Text);
    }

    [Fact]
    public async Task Meter_Listeners_HearRequestsTokensAndTimes()
    {
        List<(string Name, double Value, Dictionary<string, object?> Tags)> heard = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == "LongContext" && instrument.Name.StartsWith("longcontext.hosting.", StringComparison.Ordinal)) own.EnableMeasurementEvents(instrument);
            },
        };
        void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Dictionary<string, object?> all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            if (!"metered".Equals(all["longcontext.hosting.model"])) return; // other tests run meanwhile
            lock (heard) heard.Add((instrument.Name["longcontext.hosting.".Length..], value, all));
        }

        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument, value, tags));
        listener.Start();
        bool tooLong = false;
        var fake = new FakeChatClient { Inspect = (_, _) => { if (tooLong) throw new PromptTooLongException(); }, Wait = token => Task.Delay(1, token) };
        using IHost host = Build(options => (options.ClientFactory, options.ModelId) = ((_, _) => Task.FromResult<IChatClient>(fake), "metered"));
        await host.StartAsync(Token);
        await Client(host).GetResponseAsync("x", cancellationToken: Token);
        await foreach (ChatResponseUpdate _ in Client(host).GetStreamingResponseAsync("x", cancellationToken: Token))
        {
        }

        await foreach (ChatResponseUpdate _ in Client(host).GetStreamingResponseAsync("x", cancellationToken: Token)) break;
        tooLong = true;
        await Assert.ThrowsAsync<PromptTooLongException>(() => Client(host).GetResponseAsync("x", cancellationToken: Token));

        Assert.Equal(["cancelled", "completed", "completed", "refused"], Of("requests").Select(each => (string)each.Tags["longcontext.hosting.outcome"]!).Order(StringComparer.Ordinal));
        Assert.Equal(4, Of("request.duration").Count);
        Assert.Equal(4, Of("queue.duration").Count);
        Assert.Equal((2.0, 8.0), (Of("prompt.tokens").Sum(each => each.Value), Of("tokens").Sum(each => each.Value)));
        Assert.Equal((2, 1, 1), (Of("first_token.duration").Count, Of("token_rate").Count, Of("load.duration").Count));
        Assert.Equal((0.0, 0.0), (Of("running").Sum(each => each.Value), Of("waiting").Sum(each => each.Value)));
        Assert.Equal(8, Of("running").Count);

        List<(string Name, double Value, Dictionary<string, object?> Tags)> Of(string name)
        {
            lock (heard) return [.. heard.Where(each => each.Name == name)];
        }
    }

    [Fact]
    public async Task Health_OfAnEngineThatStopped_IsUnhealthy()
    {
        using var model = new ByteModel();
        var clock = new TornClock();
        using IHost host = Build(options => options.ClientFactory = (_, _) => Task.FromResult<IChatClient>(model.Load(ByteModel.Engine with { TimeProvider = clock })));
        await host.StartAsync(Token);
        await Client(host).GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 1 }, Token);
        GenerationEngine engine = Client(host).GetService<GenerationEngine>()!;
        Assert.Equal((HealthStatus.Healthy, null), ((await HealthAsync(host)).Status, engine.Failure));
        clock.IsTorn = true;
        await Assert.ThrowsAsync<InvalidDataException>(() => Client(host).GetResponseAsync("x", cancellationToken: Token));
        clock.IsTorn = false;
        // It does not come back by itself.
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client(host).GetResponseAsync("x", cancellationToken: Token));
        HealthReportEntry health = await HealthAsync(host);
        Assert.Equal((HealthStatus.Unhealthy, "torn clock", "torn clock"), (health.Status, health.Exception!.Message, engine.Failure!.Message));
        Assert.Contains("stopped with a fault", health.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Meter_OfARequestWhoseRulesLeaveNoToken_CountsItAsRefused()
    {
        List<object?> outcomes = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == "LongContext" && instrument.Name == "longcontext.hosting.requests") own.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            Dictionary<string, object?> all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            if (!"ruled".Equals(all["longcontext.hosting.model"])) return; // other tests run meanwhile
            lock (outcomes) outcomes.Add(all["longcontext.hosting.outcome"]);
        });
        listener.Start();
        var fake = new FakeChatClient { Inspect = (_, _) => throw new NoTokenAllowedException() };
        using IHost host = Build(options => (options.ClientFactory, options.ModelId) = ((_, _) => Task.FromResult<IChatClient>(fake), "ruled"));
        await host.StartAsync(Token);
        await Assert.ThrowsAsync<NoTokenAllowedException>(() => Client(host).GetResponseAsync("x", cancellationToken: Token));
        lock (outcomes) Assert.Equal(["refused"], outcomes);
    }

    /// <summary>Fails where the engine's own thread asks for the time.</summary>
    private sealed class TornClock : TimeProvider
    {
        public volatile bool IsTorn;

        public override long GetTimestamp() => IsTorn && Thread.CurrentThread.Name == "LongContext engine" ? throw new InvalidDataException("torn clock") : base.GetTimestamp();
    }

    /// <summary>A client whose answer never ends is cancelled past the drain's time, and let go of.</summary>
    private static async Task AssertStopEndsWhatRunsAsync(FakeChatClient fake)
    {
        using IHost host = Build(options => (options.ClientFactory, options.DrainTimeout) = ((_, _) => Task.FromResult<IChatClient>(fake), TimeSpan.FromMilliseconds(100)));
        await host.StartAsync(Token);
        Task<ChatResponse> running = Client(host).GetResponseAsync("x", cancellationToken: Token);
        await FakeChatClient.UntilAsync(() => fake.Running == 1, Token);
        await host.StopAsync(Token);
        await Assert.ThrowsAsync<ModelNotReadyException>(() => running);
        Assert.Equal((1, true), (fake.Cancelled, fake.Disposed));
    }

    private static IHost Build(Action<LongContextOptions> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLongContext(configure);
        return builder.Build();
    }

    private static IChatClient Client(IHost host) => host.Services.GetRequiredService<IChatClient>();

    private static async Task<HealthReportEntry> HealthAsync(IHost host) => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token)).Entries["longcontext"];
}
