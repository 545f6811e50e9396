using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LongContext.Hosting;

/// <summary>Who goes next where a model has no place for all.</summary>
public sealed class RequestQueueTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Leave_WithRequestsOfSeveralPriorities_LetsTheHighestAndThenTheOldestIn()
    {
        Assert.Equal("dbeafc", await OrderAsync(null, [("a", 0), ("b", 1), ("c", -1), ("d", 2), ("e", 1), ("f", 0)]));
        // Equal ones in the order in which they came.
        Assert.Equal("abcd", await OrderAsync(null, [("a", 3), ("b", 3), ("c", 3), ("d", 3)]));
    }

    [Fact]
    public async Task Leave_AfterSoManyOvertakings_LetsTheOldestIn()
    {
        (string, int)[] all = [("l", -1), ("m", -1), .. Enumerable.Range(0, 6).Select(i => (i.ToString(System.Globalization.CultureInfo.InvariantCulture), 5))];
        Assert.Equal("01l23m45", await OrderAsync(2, all));
        Assert.Equal("012345lm", await OrderAsync(null, all));
        Assert.Equal("0l1m2345", await OrderAsync(1, all));
    }

    [Fact]
    public async Task EnterAsync_WhereAsManyWaitAsMay_IsRefusedAndComesInLater()
    {
        var queue = new RequestQueue(1, 1, 16);
        Assert.True(await queue.EnterAsync(0, 0, Token));
        Task<bool> waits = queue.EnterAsync(0, 0, Token).AsTask();
        // Whatever its priority.
        Assert.False(await queue.EnterAsync(9, 0, Token));
        queue.Leave();
        Assert.True(await waits);
        queue.Leave();
        Assert.True(await queue.EnterAsync(0, 0, Token));
        var none = new RequestQueue(1, 0, null);
        Assert.Equal((true, false), (await none.EnterAsync(0, 0, Token), await none.EnterAsync(0, 0, Token)));
    }

    [Fact]
    public async Task Queue_WithRandomRequestsAndCancellations_LosesNoPlaceAndStarvesNobody()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            const int limit = 3;
            var random = new SplitMix64(seed, 3);
            int places = 1 + (int)(random.Next() % 3), inside = 0;
            var queue = new RequestQueue(places, 1000, limit);
            List<(int Priority, int Number, Task<bool> Task, CancellationTokenSource Cancel)> waiting = [];
            Dictionary<int, int> overtaken = [];
            for (int number = 0; number < 120; number++)
            {
                ulong what = random.Next() % 10;
                if (what < 5)
                {
                    var cancel = new CancellationTokenSource();
                    int priority = (int)(random.Next() % 4);
                    Task<bool> task = queue.EnterAsync(priority, 0, cancel.Token).AsTask();
                    if (inside < places)
                    {
                        Assert.True(task.IsCompleted && await task);
                        inside++;
                    }
                    else
                    {
                        Assert.False(task.IsCompleted);
                        waiting.Add((priority, number, task, cancel));
                        overtaken[number] = 0;
                    }
                }
                else if (what < 6 && waiting.Count > 0)
                {
                    int which = (int)(random.Next() % (ulong)waiting.Count);
                    await waiting[which].Cancel.CancelAsync();
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[which].Task);
                    waiting.RemoveAt(which);
                }
                else if (inside > 0)
                {
                    queue.Leave();
                    if (waiting.Count == 0)
                    {
                        inside--;
                        continue;
                    }

                    Task<bool> done = await Task.WhenAny(waiting.Select(each => each.Task)).WaitAsync(TimeSpan.FromSeconds(20), Token);
                    (int priority, int own, _, _) = waiting.Single(each => each.Task == done);
                    waiting.RemoveAll(each => each.Task == done);
                    Assert.True(await done);
                    if (waiting.Count == 0) continue;
                    int oldest = waiting.Min(each => each.Number);
                    // Nobody of a higher priority waits, unless the oldest of all has been overtaken often enough.
                    bool isBest = !waiting.Any(each => each.Priority > priority || (each.Priority == priority && each.Number < own));
                    Assert.True(isBest || own < oldest);
                    if (own > oldest) Assert.InRange(++overtaken[oldest], 1, limit);
                }
            }

            // The rest: each who comes in leaves again.
            while (inside-- > 0) queue.Leave();
            List<Task<bool>> rest = [.. waiting.Select(each => each.Task)];
            while (rest.Count > 0)
            {
                Task<bool> done = await Task.WhenAny(rest).WaitAsync(TimeSpan.FromSeconds(20), Token);
                Assert.True(await done);
                rest.Remove(done);
                queue.Leave();
            }

            // All places are there again.
            for (int i = 0; i < places; i++) Assert.True(queue.EnterAsync(0, 0, Token).AsTask().IsCompletedSuccessfully);
            Assert.False(queue.EnterAsync(0, 0, Token).AsTask().IsCompleted);
        }
    }

    [Fact]
    public async Task Queue_ManyThreads_NeverLetsMoreInThanItHasPlaces()
    {
        const int places = 3;
        var queue = new RequestQueue(places, 10_000, 4);
        int inside = 0, most = 0, done = 0;
        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(async () =>
        {
            using var patience = new CancellationTokenSource();
            if (i % 7 == 0) patience.CancelAfter(TimeSpan.FromMilliseconds(1));
            try
            {
                if (!await queue.EnterAsync(i % 5, 0, patience.Token)) return;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            int now = Interlocked.Increment(ref inside);
            for (int seen = most; now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = most)
            {
            }

            await Task.Yield();
            Interlocked.Increment(ref done);
            Interlocked.Decrement(ref inside);
            queue.Leave();
        }, Token))).WaitAsync(TimeSpan.FromMinutes(1), Token);
        Assert.InRange(most, 1, places);
        Assert.InRange(done, 300, 400);
        for (int i = 0; i < places; i++) Assert.True(queue.EnterAsync(0, 0, Token).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task HostedClient_WithOnePlace_AnswersByPriority()
    {
        var gate = new TaskCompletionSource();
        List<string> answered = [];
        var fake = new FakeChatClient { Inspect = (messages, _) => { lock (answered) answered.Add(messages[^1].Text); }, Wait = _ => gate.Task };
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLongContext(options => (options.ClientFactory, options.MaximumConcurrentRequests) = ((_, _) => Task.FromResult<IChatClient>(fake), 1));
        using IHost host = builder.Build();
        await host.StartAsync(Token);
        IChatClient client = host.Services.GetRequiredService<IChatClient>();
        LongContextModel model = host.Services.GetRequiredService<LongContextModel>();
        List<Task> all = [client.GetResponseAsync("first", cancellationToken: Token)];
        await FakeChatClient.UntilAsync(() => model.RunningRequests == 1, Token);
        // Lower numbers go first, as vLLM has it; what is no number waits like any other.
        foreach ((string text, object? priority) in new (string, object?)[] { ("none", null), ("late", 5), ("soon", -3), ("wrong", "x"), ("sooner", -4L) })
        {
            all.Add(client.GetResponseAsync(text, new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.Priority] = priority } }, Token));
            int waiting = all.Count - 1;
            await FakeChatClient.UntilAsync(() => model.WaitingRequests == waiting, Token);
        }

        gate.SetResult();
        await Task.WhenAll(all);
        lock (answered) Assert.Equal(["first", "sooner", "soon", "none", "wrong", "late"], answered);
        await host.StopAsync(Token);
    }

    /// <summary>The order in which requests come in that all wait for the one place.</summary>
    private static async Task<string> OrderAsync(int? limit, (string Name, int Priority)[] all)
    {
        var queue = new RequestQueue(1, all.Length, limit);
        Assert.True(await queue.EnterAsync(0, 0, Token));
        List<(string Name, Task<bool> Task)> waiting = [.. all.Select(each => (each.Name, queue.EnterAsync(each.Priority, 0, Token).AsTask()))];
        string order = "";
        while (waiting.Count > 0)
        {
            queue.Leave();
            Task<bool> next = await Task.WhenAny(waiting.Select(each => each.Task)).WaitAsync(TimeSpan.FromSeconds(20), Token);
            order += waiting.Single(each => each.Task == next).Name;
            waiting.RemoveAll(each => each.Task == next);
        }

        return order;
    }
}
