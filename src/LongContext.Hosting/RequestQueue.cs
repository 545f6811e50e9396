namespace LongContext.Hosting;

/// <summary>Places at a model, and the requests that wait for one: by priority, then in the order in which they came, though nobody is overtaken without end.</summary>
/// <param name="places">Requests that have a place at once.</param>
/// <param name="most">Requests that may wait.</param>
/// <param name="overtakingLimit">How often others may go before the one that has waited longest; null for any number of times.</param>
/// <remarks>A place that is given to a request that is cancelled at the same moment goes on to the next one.</remarks>
internal sealed class RequestQueue(int places, int most, int? overtakingLimit)
{
    private readonly Lock state = new();
    private readonly SortedSet<Waiter> byPriority = new(Comparer<Waiter>.Create(static (a, b) => a.Priority != b.Priority ? b.Priority.CompareTo(a.Priority) : a.Number.CompareTo(b.Number)));
    private readonly SortedSet<Waiter> byArrival = new(Comparer<Waiter>.Create(static (a, b) => a.Number.CompareTo(b.Number)));
    private int free = places, overtakings;
    private long arrivals;

    /// <summary>Requests that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (state) return byArrival.Count;
        }
    }

    /// <summary>Waits for a place; <see cref="Leave"/> gives it back.</summary>
    /// <param name="priority">The higher the sooner.</param>
    /// <param name="others">Requests that wait elsewhere and count with those here; null where this one waits however many do.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where as many wait as may.</returns>
    public async ValueTask<bool> EnterAsync(int priority, int? others, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (state)
        {
            // Whoever waits comes first, but then there is no free place either.
            if (free > 0)
            {
                free--;
                return true;
            }

            if (byArrival.Count >= most - others) return false;
            waiter = new Waiter(priority, arrivals++);
            byPriority.Add(waiter);
            byArrival.Add(waiter);
        }

        await using (cancellationToken.UnsafeRegister(static (state, token) => ((Waiter)state!).Place.TrySetCanceled(token), waiter).ConfigureAwait(false))
        {
            try
            {
                await waiter.Place.Task.ConfigureAwait(false);
                return true;
            }
            catch (OperationCanceledException)
            {
                lock (state) Remove(waiter);
                throw;
            }
        }
    }

    /// <summary>Gives a place back, to the next who waits.</summary>
    public void Leave()
    {
        lock (state)
        {
            while (byArrival.Min is { } oldest)
            {
                Waiter next = overtakings >= overtakingLimit ? oldest : byPriority.Min!;
                Remove(next);
                if (!next.Place.TrySetResult()) continue;
                overtakings = next == oldest ? 0 : overtakings + 1;
                return;
            }

            free++;
        }
    }

    private void Remove(Waiter waiter)
    {
        byPriority.Remove(waiter);
        byArrival.Remove(waiter);
    }

    private sealed class Waiter(int priority, long number)
    {
        public int Priority => priority;

        public long Number => number;

        public TaskCompletionSource Place { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
