using System.Diagnostics;
using LongContext.Generation;
using LongContext.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LongContext.Hosting;

/// <summary>One model of a host: loaded once, off the start path, with a queue before it, and ended in order.</summary>
/// <remarks>
/// Made by <see cref="LongContextServiceCollectionExtensions"/>. What answers is the <see cref="IChatClient"/> that is registered beside it; this says how it stands. A request has a place in the
/// queue or is refused at once, waits for the model to be loaded and for its turn, and is counted until its answer is at its end. May be used from many threads.
/// </remarks>
public sealed partial class LongContextModel : IDisposable, IAsyncDisposable
{
    /// <summary>Requests that were ended are at their end sooner, if they heed it at all.</summary>
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(1);

    private readonly LongContextOptions options;
    private readonly IServiceProvider services;
    private readonly ILogger logger;
    private readonly RequestQueue queue;
    private readonly Lock state = new();
    private readonly SemaphoreSlim reading;
    private readonly CancellationTokenSource refusing = new(), ending = new();
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<IChatClient>? loading;
    private Timer? limit;
    private int running, waiting;
    private long meanTicks = TimeSpan.TicksPerSecond;
    private bool stopping, disposed;

    internal LongContextModel(string name, LongContextOptions options, IServiceProvider services, ILogger logger)
    {
        (Name, this.options, this.services, this.logger) = (name, options, services, logger);
        ModelId = options.ModelId ?? (name.Length > 0 ? name : options.ModelFolder is { } folder ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) : "default");
        reading = new SemaphoreSlim(options.MaximumConcurrentRequests);
        queue = new RequestQueue(options.MaximumConcurrentRequests, options.MaximumQueuedRequests, (options.Engine ?? new GenerationEngineOptions()).OvertakingLimit);
    }

    /// <summary>The name it was added under; empty for the unnamed one.</summary>
    public string Name { get; }

    /// <summary>Its name in answers and metrics.</summary>
    public string ModelId { get; }

    /// <summary>Where it is now.</summary>
    public ModelState State
    {
        get
        {
            lock (state)
            {
                return disposed ? ModelState.Stopped
                    : stopping ? ModelState.Stopping
                    : loading is null ? ModelState.NotLoaded
                    : !loading.IsCompleted ? ModelState.Loading
                    : loading.IsCompletedSuccessfully ? ModelState.Ready
                    : ModelState.Failed;
            }
        }
    }

    /// <summary>Why it could not be loaded; null where it could, or nobody knows yet.</summary>
    public Exception? Failure => State == ModelState.Failed ? loading?.Exception?.GetBaseException() ?? new OperationCanceledException() : null;

    /// <summary>Requests that the model has been given and that are not at their end.</summary>
    public int RunningRequests => Volatile.Read(ref running);

    /// <summary>Requests that wait for their turn or for the model to be loaded.</summary>
    public int WaitingRequests => Volatile.Read(ref waiting);

    /// <summary>Requests that are given to the model at once.</summary>
    public int MaximumConcurrentRequests => options.MaximumConcurrentRequests;

    /// <summary>Requests that may wait.</summary>
    public int MaximumQueuedRequests => options.MaximumQueuedRequests;

    /// <summary>When the model was loaded, or began to be. Null before.</summary>
    public DateTimeOffset? LoadedAt { get; private set; }

    /// <summary>The client under the queue, once it is loaded; null before and where that failed. For what it knows, not to be asked: requests past the queue are not counted.</summary>
    public IChatClient? Client
    {
        get
        {
            lock (state) return !disposed && loading is { IsCompletedSuccessfully: true } ? loading.Result : null;
        }
    }

    /// <summary>What the engine under the client does and has done; null before the model is loaded, and where there is none.</summary>
    public GenerationEngineStatistics? EngineStatistics => Client?.GetService<GenerationEngine>()?.Statistics;

    /// <summary>Whether all places in the queue are taken.</summary>
    public bool IsOverloaded => RunningRequests >= MaximumConcurrentRequests && WaitingRequests >= MaximumQueuedRequests;

    /// <summary>Loads the model if nobody has begun to, and waits until it is ready.</summary>
    /// <param name="cancellationToken">Ends the wait, not the loading.</param>
    /// <exception cref="ModelNotReadyException">It could not be loaded, or the host stops.</exception>
    public async Task LoadAsync(CancellationToken cancellationToken = default) => await ReadyAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Begins to load.</summary>
    internal Task<IChatClient> Begin()
    {
        lock (state)
        {
            if (stopping) throw Stopped();
            if (loading is null)
            {
                LoadedAt = TimeProvider.System.GetUtcNow();
                loading = Task.Run(MakeAsync);
                // Whoever asks is told; nobody may be there to.
                _ = loading.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            }

            return loading;
        }
    }

    /// <summary>A request is at its end.</summary>
    internal void Leave(TimeSpan time)
    {
        // A running mean is enough to say when to come back.
        long mean = Volatile.Read(ref meanTicks);
        Volatile.Write(ref meanTicks, mean + ((time.Ticks - mean) / 8));
        lock (state)
        {
            if (--running == 0 && stopping) drained.TrySetResult();
        }

        queue.Leave();
    }

    /// <summary>Refuses new requests and those that wait; those on their way get <see cref="LongContextOptions.DrainTimeout"/>.</summary>
    internal void BeginStop()
    {
        lock (state)
        {
            if (stopping) return;
            stopping = true;
            if (running == 0) drained.TrySetResult();
            else limit = new Timer(_ => End(), null, options.DrainTimeout, Timeout.InfiniteTimeSpan);
        }

        LogStopping(logger, ModelId, RunningRequests, WaitingRequests);
        // On other threads: what a client or a factory does when its token is cancelled may fail, and is no business of the host's end.
        _ = refusing.CancelAsync();
    }

    /// <summary>
    /// Waits for the last request, and for a load that is under way to see that it is not wanted; at the token's word no longer than requests that were ended take to see it, which those of a client that does not heed its token
    /// never do. What is loaded all the same is disposed when it comes.
    /// </summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        BeginStop();
        await using (cancellationToken.UnsafeRegister(static model => ((LongContextModel)model!).End(), this).ConfigureAwait(false))
        {
            try
            {
                await drained.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await drained.Task.WaitAsync(TimeToEnd, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!drained.Task.IsCompleted) LogDeaf(logger, ModelId, RunningRequests);
            }
        }

        Task letGo = DisposeAsync().AsTask();
        try
        {
            await letGo.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !letGo.IsCompleted)
        {
            LogLeft(logger, ModelId);
        }
    }

    /// <summary>Ends whatever is on its way and lets go of the model.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<IChatClient>? made = Close();
        if (made is null) return;
        try
        {
            IChatClient client = await made.ConfigureAwait(false);
            if (client is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync().ConfigureAwait(false);
            else client.Dispose();
        }
        catch (Exception) when (!made.IsCompletedSuccessfully)
        {
            // There is nothing to let go of; why, was said when it happened.
        }
    }

    /// <inheritdoc cref="DisposeAsync" />
    public void Dispose()
    {
        // A load that is under way sees its token, but not at once: the client goes when it comes.
        _ = Close()?.ContinueWith(static made => made.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private Task<IChatClient>? Close()
    {
        BeginStop();
        End();
        lock (state)
        {
            if (disposed) return null;
            disposed = true;
        }

        limit?.Dispose();
        return loading;
    }

    private void End()
    {
        if (RunningRequests > 0) LogEnding(logger, ModelId, RunningRequests);
        _ = ending.CancelAsync();
    }

    private async Task<IChatClient> ReadyAsync(CancellationToken cancellationToken)
    {
        Task<IChatClient> made = Begin();
        try
        {
            return await made.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (made.IsFaulted || made.IsCanceled)
        {
            if (refusing.IsCancellationRequested) throw Stopped();
            throw new ModelNotReadyException($"The model \"{ModelId}\" could not be loaded.", made.Exception?.GetBaseException());
        }
    }

    private async Task<IChatClient> MakeAsync()
    {
        long start = Stopwatch.GetTimestamp();
        LogLoading(logger, ModelId);
        try
        {
            IChatClient client = options.ClientFactory is { } factory ? await factory(services, refusing.Token).ConfigureAwait(false)
                ?? throw new InvalidOperationException($"{nameof(LongContextOptions)}.{nameof(LongContextOptions.ClientFactory)} gave null, expected a client.")
                : LongContextChatClient.Load(options.ModelFolder!, WithinWindow(ClientOptions()));
            TimeSpan time = Stopwatch.GetElapsedTime(start);
            LoadedAt = TimeProvider.System.GetUtcNow();
            HostingMeter.Loaded(ModelId, time);
            LogLoaded(logger, ModelId, time.TotalSeconds, ChatFormatName(client) ?? "its client's own");
            if ((client as LongContextChatClient)?.UnknownTemplate is { } why) LogUnknownTemplate(logger, ModelId, why);
            else if (options.ClientFactory is null && client is LongContextChatClient { ChatFormat: null }) LogNoTemplate(logger, ModelId);
            return client;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(logger, ModelId, e);
            throw;
        }
    }

    private LongContextChatClientOptions ClientOptions()
    {
        (GenerationOptions? generation, int? answerEnd) = options.FindGeneration();
        return new LongContextChatClientOptions
        {
            ModelId = ModelId,
            ContextLength = options.ContextLength,
            Generation = generation,
            AnswerEnd = answerEnd,
            Engine = options.UsesEngine ? EngineOptions() : null,
            ChatFormat = options.CustomChatFormat ?? (options.ChatFormat is { } format ? Chat.ChatFormat.Named(format) : null),
            TakesUnknownTemplate = true,
            JsonWhitespace = options.JsonWhitespace,
            Rendering = new Chat.ChatRenderOptions { EnableThinking = options.EnableThinking },
            Loading = new ModelLoadOptions
            {
                Device = LongContextOptionsValidator.Device(options.Device) is { } device ? new TorchSharp.torch.Device(device.Type, device.Index) : null,
                DataType = options.DataType,
                WeightQuantization = options.WeightQuantization,
                RopeScaling = options.RopeExtension?.ToScaling(),
                Logger = logger,
                CancellationToken = refusing.Token,
            },
        };
    }

    /// <summary>Refuses a length that is longer than the window, in the words of a host's settings.</summary>
    private LongContextChatClientOptions WithinWindow(LongContextChatClientOptions made)
    {
        if (made.ContextLength is { } asked && ModelText.Window(CausalLanguageModel.ReadConfig(options.ModelFolder!, made.Loading)) is var window && asked > window)
        {
            throw new ArgumentException(
                $"LongContextOptions: ContextLength is {asked}, but the model's window has {window} tokens{(options.RopeExtension is null ? "" : " with its RopeExtension")}: ask for less, or extend the window by RopeExtension (Method and Factor).");
        }

        return made;
    }

    /// <summary>What a client writes conversations with: a format's name, "unknown" or "none"; null for a client that does not say.</summary>
    internal static string? ChatFormatName(IChatClient client) => client is LongContextChatClient own
        ? own.ChatFormat?.Name ?? (own.UnknownTemplate is null ? "none" : "unknown")
        : client.GetService<Chat.ChatFormat>()?.Name;

    private GenerationEngineOptions EngineOptions()
    {
        GenerationEngineOptions engine = options.EngineForAll();
        return engine with { Logger = engine.Logger ?? logger };
    }

    /// <summary>What a request is told that was being answered.</summary>
    internal ModelNotReadyException Ended() => new($"The model \"{ModelId}\" ended the request before its answer was whole: the host stops.");

    internal ModelNotReadyException Stopped() => new($"The model \"{ModelId}\" takes no more requests: the host stops.");

    [LoggerMessage(1, LogLevel.Information, "Loading the model {Model}.")]
    private static partial void LogLoading(ILogger logger, string model);

    [LoggerMessage(2, LogLevel.Information, "The model {Model} is ready after {Seconds:0.0} s; its chat format: {ChatFormat}.")]
    private static partial void LogLoaded(ILogger logger, string model, double seconds, string chatFormat);

    [LoggerMessage(3, LogLevel.Error, "The model {Model} could not be loaded.")]
    private static partial void LogFailed(ILogger logger, string model, Exception exception);

    [LoggerMessage(4, LogLevel.Information, "The model {Model} takes no more requests; {Running} are on their way, {Waiting} that wait are refused.")]
    private static partial void LogStopping(ILogger logger, string model, int running, int waiting);

    [LoggerMessage(5, LogLevel.Warning, "The model {Model} ends {Running} requests that did not finish in time.")]
    private static partial void LogEnding(ILogger logger, string model, int running);

    [LoggerMessage(7, LogLevel.Warning, "The model {Model} answers completions only, and refuses chats until LongContextOptions.ChatFormat (or CustomChatFormat) says how they are written: {Fault}")]
    private static partial void LogUnknownTemplate(ILogger logger, string model, string fault);

    [LoggerMessage(8, LogLevel.Warning, "The folder of the model {Model} has no chat template: a chat's messages are put together as plain text, and tools are refused. Where the model was taught a format, name it by LongContextOptions.ChatFormat.")]
    private static partial void LogNoTemplate(ILogger logger, string model);

    [LoggerMessage(6, LogLevel.Warning, "The model {Model} is still being loaded or let go of; the host does not wait for it.")]
    private static partial void LogLeft(ILogger logger, string model);

    [LoggerMessage(9, LogLevel.Warning, "{Running} requests of the model {Model} go on though they were ended; the host does not wait for them.")]
    private static partial void LogDeaf(ILogger logger, string model, int running);
}
