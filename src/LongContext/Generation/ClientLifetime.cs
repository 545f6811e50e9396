namespace LongContext.Generation;

/// <summary>Counts a client's requests, so that what it owns is disposed after the last of them and not under it.</summary>
/// <param name="owned">What is disposed in the end, in this order.</param>
internal sealed class ClientLifetime(params IReadOnlyList<IDisposable> owned) : IDisposable
{
    private readonly CancellationTokenSource ended = new();
    private readonly Lock state = new();

    /// <summary>Places for work that callers may leave behind: more at a time than there are processors for would only take their time from one another.</summary>
    private readonly SemaphoreSlim working = new(2 * Environment.ProcessorCount);

    private int uses;
    private bool disposed;

    /// <summary>Begins a request.</summary>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public Use Begin(CancellationToken cancellationToken)
    {
        lock (state)
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(LongContextChatClient));
            uses++;
        }

        return new Use(this, cancellationToken);
    }

    public void Dispose()
    {
        bool last;
        lock (state)
        {
            if (disposed) return;
            disposed = true;
            last = uses == 0;
        }

        ended.Cancel();
        if (last) DisposeOwned();
    }

    /// <summary>One use more, within another.</summary>
    private void Join()
    {
        lock (state) uses++;
    }

    private void End()
    {
        bool last;
        lock (state) last = --uses == 0 && disposed;
        if (last) DisposeOwned();
    }

    private void DisposeOwned()
    {
        foreach (IDisposable each in owned) each.Dispose();
    }

    /// <summary>One request.</summary>
    internal sealed class Use(ClientLifetime lifetime, CancellationToken cancellationToken) : IDisposable
    {
        private readonly CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ended.Token);
        private bool disposed;

        /// <summary>Cancelled by the caller or by the client's end.</summary>
        public CancellationToken Token => both.Token;

        /// <summary>What a task gives; whoever cancelled is told from the client's end.</summary>
        /// <exception cref="ObjectDisposedException">The client was disposed meanwhile.</exception>
        public async Task<T> Guard<T>(Task<T> task)
        {
            try
            {
                return await task.ConfigureAwait(false);
            }
            catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            }
            catch (OperationCanceledException) when (lifetime.ended.IsCancellationRequested)
            {
                throw new ObjectDisposedException(nameof(LongContextChatClient));
            }
        }

        /// <summary>Does work on the thread pool, as one of few at a time. The caller's wait ends at once where it is cancelled; the work then goes on to its end, holding what the client owns, and so its place.</summary>
        /// <exception cref="ObjectDisposedException">The client was disposed meanwhile.</exception>
        public async Task<T> RunAsync<T>(Func<T> work)
        {
            await Guard(Entered()).ConfigureAwait(false);
            lifetime.Join();
            Task<T> running = Task.Run(work, CancellationToken.None);
            _ = running.ContinueWith(
                (done, owner) =>
                {
                    // Nobody may be there to be told.
                    _ = done.Exception;
                    var own = (ClientLifetime)owner!;
                    own.working.Release();
                    own.End();
                },
                lifetime, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return await Guard(running.WaitAsync(Token)).ConfigureAwait(false);

            async Task<bool> Entered()
            {
                await lifetime.working.WaitAsync(Token).ConfigureAwait(false);
                return true;
            }
        }

        public void Dispose()
        {
            if (disposed) return;
            disposed = true;
            both.Dispose();
            lifetime.End();
        }
    }
}
