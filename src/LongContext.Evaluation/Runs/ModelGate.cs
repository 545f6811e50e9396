namespace LongContext.Evaluation.Runs;

/// <summary>
/// The way to one model: so many requests at once, so many a minute; everybody waits while the server asks for it, and nobody goes once the model
/// has failed too often.
/// </summary>
internal sealed class ModelGate(EvaluationModel model, EvaluationRunOptions options) : IDisposable
{
    // What a server says a request took is believed up to so many times what was expected of it; more would stop everybody for hours.
    private const int MostOfReserved = 8;
    private const long MostBeyondReserved = 65_536;

    private readonly int? requestsPerMinute = model.RequestsPerMinute ?? options.RequestsPerMinute;
    private readonly int? tokensPerMinute = model.TokensPerMinute ?? options.TokensPerMinute;
    private readonly TimeProvider time = options.TimeProvider;
    private readonly long began = options.TimeProvider.GetTimestamp();
    private readonly SemaphoreSlim places = new(model.RequestsAtOnce ?? options.RequestsAtOnce);
    private readonly Lock state = new();
    private TimeSpan pausedUntil;
    private TimeSpan nextByRequests;
    private TimeSpan nextByTokens;
    private int failuresInARow;
    private string? stopped;
    private int resumedInARow;

    /// <summary>Why the model is not asked any more, or null.</summary>
    public string? Stopped
    {
        get
        {
            lock (state) return stopped;
        }
    }

    public bool LimitsTokens => tokensPerMinute is not null;

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
                // Delays have whole milliseconds, cut off: a part of one would be no delay, and this loop would spin.
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, cancellationToken).ConfigureAwait(false);
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
        places.Release();
        if (used is not { } tokens) return;
        lock (state) nextByTokens -= PerToken(reserved - Math.Clamp(tokens, 0, (reserved * MostOfReserved) + MostBeyondReserved));
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
        lock (state)
        {
            failuresInARow = 0;
            resumedInARow = 0;
        }
    }

    /// <summary>
    /// Asks a stopped model again, so many times without an answer between them: what one length makes fail may well succeed at another, but a server that is gone is not asked for ever.
    /// </summary>
    public void Resume(int most)
    {
        lock (state)
        {
            if (stopped is null || resumedInARow >= most) return;
            stopped = null;
            failuresInARow = 0;
            resumedInARow++;
        }
    }

    /// <summary>A request failed for good, and not for a reason of its own.</summary>
    public void Failed(string fault)
    {
        lock (state)
        {
            if (++failuresInARow < options.MaximumFailuresInARow) return;
            stopped ??= $"The model '{model.Name}' is not asked any more: {failuresInARow} requests in a row failed, the last with: {fault}";
        }
    }

    public void Dispose() => places.Dispose();

    private TimeSpan Reserve(long tokens)
    {
        lock (state)
        {
            TimeSpan start = time.GetElapsedTime(began);
            if (requestsPerMinute is { } requests)
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

    private TimeSpan PerToken(long tokens) => tokensPerMinute is { } limit ? TimeSpan.FromMinutes((double)tokens / limit) : TimeSpan.Zero;
}
