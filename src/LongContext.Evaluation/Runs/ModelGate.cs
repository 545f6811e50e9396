namespace LongContext.Evaluation.Runs;

/// <summary>
/// The way to one model: so many requests at once, so many a minute; everybody waits while the server asks for it, and nobody goes once the model
/// has failed too often.
/// </summary>
internal sealed class ModelGate(string name, EvaluationRunOptions options) : IDisposable
{
    private readonly TimeProvider time = options.TimeProvider;
    private readonly long began = options.TimeProvider.GetTimestamp();
    private readonly SemaphoreSlim places = new(options.RequestsAtOnce);
    private readonly Lock state = new();
    private TimeSpan pausedUntil;
    private TimeSpan nextByRequests;
    private TimeSpan nextByTokens;
    private int failuresInARow;
    private string? stopped;

    /// <summary>Why the model is not asked any more, or null.</summary>
    public string? Stopped
    {
        get
        {
            lock (state) return stopped;
        }
    }

    public bool LimitsTokens => options.TokensPerMinute is not null;

    /// <summary>Waits for a place; <see cref="Leave"/> gives it back.</summary>
    /// <param name="tokens">Tokens that the request takes at most.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="ModelStoppedException">The model is not asked any more.</exception>
    public async ValueTask EnterAsync(long tokens, CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            TimeSpan start = Reserve(tokens);
            while (true)
            {
                TimeSpan wait;
                lock (state)
                {
                    if (stopped is not null) throw new ModelStoppedException(stopped);
                    // A pause may have come meanwhile.
                    wait = (start > pausedUntil ? start : pausedUntil) - time.GetElapsedTime(began);
                }

                if (wait <= TimeSpan.Zero) return;
                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            places.Release();
            throw;
        }
    }

    /// <param name="reserved">What was said on entering.</param>
    /// <param name="used">What the request took after all, or null where nobody knows.</param>
    public void Leave(long reserved, long? used)
    {
        lock (state)
        {
            if (used is { } tokens) nextByTokens -= PerToken(reserved - tokens);
        }

        places.Release();
    }

    /// <summary>Lets nobody pass for a while.</summary>
    public void Pause(TimeSpan span)
    {
        lock (state)
        {
            TimeSpan until = time.GetElapsedTime(began) + span;
            if (until > pausedUntil) pausedUntil = until;
        }
    }

    public void Succeeded()
    {
        lock (state) failuresInARow = 0;
    }

    /// <summary>A request failed for good, and not for a reason of its own.</summary>
    public void Failed(string fault)
    {
        lock (state)
        {
            if (++failuresInARow < options.MaximumFailuresInARow) return;
            stopped ??= $"The model '{name}' is not asked any more: {failuresInARow} requests in a row failed, the last with: {fault}";
        }
    }

    public void Dispose() => places.Dispose();

    private TimeSpan Reserve(long tokens)
    {
        lock (state)
        {
            TimeSpan start = time.GetElapsedTime(began);
            if (options.RequestsPerMinute is { } requests)
            {
                if (nextByRequests > start) start = nextByRequests;
                nextByRequests = start + (TimeSpan.FromMinutes(1) / requests);
            }

            if (LimitsTokens)
            {
                if (nextByTokens > start) start = nextByTokens;
                nextByTokens = start + PerToken(tokens);
            }

            return start;
        }
    }

    private TimeSpan PerToken(long tokens) => options.TokensPerMinute is { } limit ? TimeSpan.FromMinutes((double)tokens / limit) : TimeSpan.Zero;
}
