using System.Diagnostics;
using LongContext.Evaluation;
using LongContext.Generation;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting;

/// <content>Requests before they are given to the model: refused at once, or waiting, for the model to be loaded and for their turn.</content>
public sealed partial class LongContextModel
{
    /// <summary>Characters from which on a text takes a while to read.</summary>
    private const int LongText = 64 << 10;

    private int unread;

    /// <summary>Refuses a request that could never be answered for its length, before it waits for its turn. Where the model is not loaded yet, or is none of the library's, nobody knows yet.</summary>
    /// <param name="messages">What is asked with.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="PromptTooLongException">The prompt does not fit into the window.</exception>
    /// <exception cref="CacheCapacityException">Prompt and answer do not fit into the engine's memory.</exception>
    internal async Task RequireFitAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        // Not one under others, which may change what is asked on its way.
        if (Client is not LongContextChatClient own) return;
        bool isLong = RequestSize.Of(messages, options) > LongText;
        if (isLong) await EnterReadingAsync(cancellationToken).ConfigureAwait(false);
        long arrived = Stopwatch.GetTimestamp();
        try
        {
            await ReadAsync(() => own.RequireFit(messages, options), isLong, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is PromptTooLongException or CacheCapacityException || RequestFault.Is(e))
        {
            HostingMeter.Ended(ModelId, e is CacheCapacityException { IsPermanent: false } ? HostingMeter.Overloaded : HostingMeter.Refused, Stopwatch.GetElapsedTime(arrived));
            throw;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            HostingMeter.Ended(ModelId, HostingMeter.Cancelled, Stopwatch.GetElapsedTime(arrived));
            throw;
        }
        catch (ObjectDisposedException)
        {
            // The host stops, and tells so where there is a place to wait for.
        }
    }

    /// <summary>Reads a request's text off the caller's thread. Long ones take a while to write and to encode: no more of them are read at once than the model has places, and the others wait as those in the queue do.</summary>
    /// <param name="size">Characters, or bytes.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="ModelOverloadedException">As many requests wait as may, or it was not read in time.</exception>
    internal async Task ReadAsync(long size, Action read, CancellationToken cancellationToken)
    {
        bool isLong = size > LongText;
        if (isLong) await EnterReadingAsync(cancellationToken).ConfigureAwait(false);
        await ReadAsync(read, isLong, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until the model is there, for who must know it before anything is asked: as one of those that wait, and no longer than they may.</summary>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>The client.</returns>
    internal Task<IChatClient> WaitForModelAsync(CancellationToken cancellationToken)
    {
        if (Client is { } there) return Task.FromResult(there);
        return WaitAsync(ReadyAsync, Stopwatch.GetTimestamp(), cancellationToken);
    }

    /// <summary>Tokens that an answer may have at most, whatever its prompt; waits until the model is there, which knows it.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>For a client that is none of the library's what the options say; null where they leave it open.</returns>
    internal async Task<int?> LongestAnswerAsync(ChatOptions options, CancellationToken cancellationToken)
    {
        IChatClient client = await WaitForModelAsync(cancellationToken).ConfigureAwait(false);
        // Not one under others, which may change what is asked on its way.
        if (client is LongContextChatClient own) return RequestFault.Checked(() => own.CheckFit(1, options)).NewTokens;
        return options.MaxOutputTokens == ChatLengths.Rest ? null : options.MaxOutputTokens;
    }

    /// <summary>Waits for a place at the model and for the model.</summary>
    /// <param name="priority">The higher the sooner, among those that wait.</param>
    /// <param name="cancellationToken">The caller's.</param>
    internal Task<ModelRequest> EnterAsync(int priority, CancellationToken cancellationToken)
    {
        long arrived = Stopwatch.GetTimestamp();
        return WaitAsync(EnterAsync, arrived, cancellationToken);

        async Task<ModelRequest> EnterAsync(CancellationToken patience)
        {
            bool hasPlace = await queue.EnterAsync(priority, Admission.IsLetIn ? null : Volatile.Read(ref unread), patience).ConfigureAwait(false);
            if (!hasPlace) throw Overloaded();
            try
            {
                IChatClient client = await ReadyAsync(patience).ConfigureAwait(false);
                lock (state)
                {
                    if (stopping) throw Stopped();
                    running++;
                }

                HostingMeter.Queued(ModelId, Stopwatch.GetElapsedTime(arrived));
                var request = new ModelRequest(this, client, arrived, CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ending.Token), cancellationToken);
                hasPlace = false;
                Admission.Current?.Grant();
                return request;
            }
            finally
            {
                if (hasPlace) queue.Leave();
            }
        }
    }

    internal TimeSpan RetryAfter()
    {
        double seconds = TimeSpan.FromTicks(Volatile.Read(ref meanTicks)).TotalSeconds * (1 + WaitingRequests) / MaximumConcurrentRequests;
        return TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(seconds), 1, 60));
    }

    /// <summary>Waits as one of those that wait, and is counted as one; what comes of it where it is not what was waited for, too.</summary>
    private async Task<T> WaitAsync<T>(Func<CancellationToken, Task<T>> wait, long arrived, CancellationToken cancellationToken)
    {
        string? outcome = null; // of a wait that got nothing
        int place = Interlocked.Increment(ref waiting);
        HostingMeter.Waiting(ModelId, 1);
        // Made before the wait, so that nothing that was taken is lost.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, refusing.Token);
        try
        {
            if (refusing.IsCancellationRequested) throw Stopped();
            // Until the model is there all wait, those with a place at it too.
            if (Client is null && place > (long)MaximumConcurrentRequests + MaximumQueuedRequests) throw Overloaded();
            if (!Admission.IsLetIn) patience.CancelAfter(options.QueueTimeout);
            return await wait(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            outcome = HostingMeter.Cancelled;
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (OperationCanceledException) when (refusing.IsCancellationRequested)
        {
            outcome = HostingMeter.Failed;
            throw Stopped();
        }
        catch (OperationCanceledException)
        {
            outcome = HostingMeter.Overloaded;
            string why = State == ModelState.Loading ? "is still being loaded" : "had no place";
            throw new ModelOverloadedException($"The model \"{ModelId}\" {why} within {options.QueueTimeout.TotalSeconds:0.#} seconds: try again later.", RetryAfter());
        }
        catch (Exception e)
        {
            outcome = e is ModelOverloadedException ? HostingMeter.Overloaded : HostingMeter.Failed;
            throw;
        }
        finally
        {
            if (outcome is not null) HostingMeter.Ended(ModelId, outcome, Stopwatch.GetElapsedTime(arrived));
            Interlocked.Decrement(ref waiting);
            HostingMeter.Waiting(ModelId, -1);
        }
    }

    /// <summary>Waits for one of the places where long texts are read.</summary>
    private Task EnterReadingAsync(CancellationToken cancellationToken)
    {
        return reading.Wait(0, CancellationToken.None) ? Task.CompletedTask : WaitAsync(EnterAsync, Stopwatch.GetTimestamp(), cancellationToken);

        async Task<bool> EnterAsync(CancellationToken patience)
        {
            int before = Interlocked.Increment(ref unread) - 1;
            try
            {
                if (!Admission.IsLetIn && before + queue.Waiting >= MaximumQueuedRequests) throw Overloaded();
                await reading.WaitAsync(patience).ConfigureAwait(false);
                return true;
            }
            finally
            {
                Interlocked.Decrement(ref unread);
            }
        }
    }

    private async Task ReadAsync(Action read, bool leaves, CancellationToken cancellationToken)
    {
        Task work = Task.Run(read, CancellationToken.None);
        if (leaves) _ = work.ContinueWith(_ => reading.Release(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await work.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private ModelOverloadedException Overloaded() => new(
        State == ModelState.Loading
            ? $"The model \"{ModelId}\" is being loaded, and {MaximumConcurrentRequests + (long)MaximumQueuedRequests} requests wait for it, which is as many as may: try again later."
            : $"The model \"{ModelId}\" answers {RunningRequests} requests and {MaximumQueuedRequests} wait, which is as many as may: try again later.", RetryAfter());
}
