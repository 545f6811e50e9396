using System.Diagnostics;
using LongContext.Evaluation.Runs;
using Microsoft.Extensions.AI;
using Polly;
using Polly.Retry;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Asks an embedding generator as models are asked: so many requests at once and a minute, again where it fails for a while, not for ever.</summary>
#pragma warning disable CA1001 // A semaphore whose wait handle nobody asks for has nothing to dispose.
internal sealed class EmbeddingSender
#pragma warning restore CA1001
{
    private static readonly ResiliencePropertyKey<(string[] Texts, UInt128 Key)> BatchKey = new("longcontext.embeddings");

    private readonly IEmbeddingGenerator<string, Embedding<float>> generator;
    private readonly string model;
    private readonly EvaluationRunOptions options;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim places;
    private readonly ResiliencePipeline<GeneratedEmbeddings<Embedding<float>>> pipeline;
    private readonly Lock state = new();
    private readonly long began;
    private TimeSpan next, pausedUntil, restsUntil;
    private int failuresInARow;
    private string lastFault = string.Empty;

    public EmbeddingSender(IEmbeddingGenerator<string, Embedding<float>> generator, string model, EvaluationRunOptions options)
    {
        this.generator = generator;
        this.model = model;
        this.options = options;
        time = options.TimeProvider;
        began = time.GetTimestamp();
        places = new SemaphoreSlim(options.RequestsAtOnce);
        ResiliencePipelineBuilder<GeneratedEmbeddings<Embedding<float>>> builder = new() { TimeProvider = time };
        if (options.MaximumTries > 1)
        {
            builder.AddRetry(new RetryStrategyOptions<GeneratedEmbeddings<Embedding<float>>>
            {
                MaxRetryAttempts = options.MaximumTries - 1,
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is { } fault && ShouldTryAgain(fault, arguments.Context.CancellationToken)),
                DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(
                    RetryWaits.Of(options, arguments.Context.Properties.GetValue(BatchKey, default).Key, arguments.AttemptNumber, RetryAfter(arguments.Outcome.Exception!))),
            });
        }

        pipeline = builder.Build();
    }

    /// <summary>The embeddings of some texts, in one request. Only what the request itself takes is time of the caller's, not waiting and tries that failed.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="key">Tells the texts apart, for what is random about waits.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(string[] texts, UInt128 key, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        TimeSpan work = TimeSpan.Zero;
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(BatchKey, (texts, key));
        try
        {
            return await pipeline.ExecuteAsync(
                async (context, sender) =>
                {
                    (GeneratedEmbeddings<Embedding<float>> made, work) = await sender.TryOnceAsync(texts, context.CancellationToken).ConfigureAwait(false);
                    return made;
                },
                context,
                this).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Failed(exception);
            throw;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
            WaitingTime.Add(time.GetElapsedTime(start) - work);
        }
    }

    private async Task<(GeneratedEmbeddings<Embedding<float>> Made, TimeSpan Work)> TryOnceAsync(string[] texts, CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await WaitForTurnAsync(cancellationToken).ConfigureAwait(false);
            using Activity? activity = RunTelemetry.Source.StartActivity("evaluation embeddings", ActivityKind.Client);
            using CancellationTokenSource timeout = new(options.RequestTimeout, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            long start = time.GetTimestamp();
            try
            {
                CancellationToken token = either.Token;
                // There are generators that do not even return a task before they are done.
                GeneratedEmbeddings<Embedding<float>> made = await Task.Run(() => generator.GenerateAsync(texts, null, token), CancellationToken.None).WaitAsync(token).ConfigureAwait(false);
                lock (state) failuresInARow = 0;
                return (made, time.GetElapsedTime(start));
            }
            catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"The embedding generator gave no answer within {options.RequestTimeout}.", exception);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && RetryAfter(exception) is { } wait && wait <= options.MaximumRetryAfter)
            {
                // A server that asks for a pause asks everybody.
                Pause(wait);
                throw;
            }
        }
        finally
        {
            places.Release();
        }
    }

    /// <summary>Waits until the next request may go.</summary>
    /// <exception cref="ModelStoppedException">The generator has failed too often.</exception>
    private async Task WaitForTurnAsync(CancellationToken cancellationToken)
    {
        TimeSpan due = Reserve();
        while (true)
        {
            TimeSpan wait;
            lock (state)
            {
                ThrowIfStopped();
                // A pause may have come meanwhile.
                wait = (due > pausedUntil ? due : pausedUntil) - time.GetElapsedTime(began);
                if (wait <= TimeSpan.Zero)
                {
                    // Of those that come after a rest one goes; the others wait for how it fares.
                    if (failuresInARow >= options.MaximumFailuresInARow) restsUntil = time.GetElapsedTime(began) + options.RequestTimeout;
                    return;
                }
            }

            // Delays have whole milliseconds, cut off.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private void ThrowIfStopped()
    {
        if (failuresInARow >= options.MaximumFailuresInARow && time.GetElapsedTime(began) < restsUntil)
            throw new ModelStoppedException($"The embedding model '{model}' is not asked any more: {failuresInARow} requests in a row failed, the last with: {lastFault}");
    }

    /// <summary>
    /// A request failed for good, and not for a reason of its own. After too many in a row none is made for as long as tries wait at most; then one is, as the server may be back, or another
    /// run may use this.
    /// </summary>
    private void Failed(Exception fault)
    {
        if (fault is ModelStoppedException || RequestFaults.Classify(fault, options.IsTransient) is not (FaultKind.Transient or FaultKind.Model)) return;
        lock (state)
        {
            failuresInARow++;
            lastFault = FaultText.Of(fault);
            restsUntil = time.GetElapsedTime(began) + options.MaximumRetryDelay;
        }
    }

    private bool ShouldTryAgain(Exception fault, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested || fault is ModelStoppedException) return false;
        lock (state)
        {
            // Once there were too many, one try is enough to see that nothing has changed.
            if (failuresInARow >= options.MaximumFailuresInARow) return false;
        }

        return RequestFaults.Classify(fault, options.IsTransient) == FaultKind.Transient && !(RetryAfter(fault) > options.MaximumRetryAfter);
    }

    private TimeSpan? RetryAfter(Exception exception) => options.RetryAfter is { } own ? own(exception) : RequestFaults.RetryAfterOf(exception, time.GetUtcNow());

    /// <summary>When the next request may go, since the beginning.</summary>
    private TimeSpan Reserve()
    {
        lock (state)
        {
            TimeSpan now = time.GetElapsedTime(began), start = next > now ? next : now;
            next = options.RequestsPerMinute is { } most ? start + (TimeSpan.FromMinutes(1) / most) : start;
            return start;
        }
    }

    private void Pause(TimeSpan span)
    {
        lock (state)
        {
            TimeSpan until = time.GetElapsedTime(began) + span;
            if (until > pausedUntil) pausedUntil = until;
        }
    }
}
