using System.Threading.Tasks.Sources;

namespace LongContext.Generation.Scheduling;

/// <summary>
/// Takes a sequence's tokens from the engine's thread to the one reader. Neither side waits for the other, and neither allocates for a token. The reader is woken on the thread pool.
/// </summary>
internal sealed class TokenStream(EngineSequence sequence, TimeProvider clock) : IAsyncEnumerator<GeneratedToken>, IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private readonly Lock sync = new();
    private GeneratedToken[] tokens = new GeneratedToken[Math.Min(sequence.Options.MaximumNewTokens, 1024)];
    private ManualResetValueTaskSourceCore<bool> wait;
    private CancellationTokenRegistration first, second;
    private EngineLoop? engine;
    private Exception? fault;
    private int written, read;
    private bool waits, wakes, ended, cancelled;
    private volatile bool abandoned, enough;
    private long asked, began, firstToken;

    /// <summary>Whether nobody will read on.</summary>
    public bool IsAbandoned => abandoned;

    /// <summary>Whether the reader has all that it wants: its leaving is the answer's end and no giving up.</summary>
    public bool IsEnough => enough;

    /// <summary>Tokens of the prompt that need not be computed.</summary>
    public int ReusedTokens => sequence.ReusedTokens;

    /// <summary>The prompt's tokens with their log-probabilities, once all are there.</summary>
    public IReadOnlyList<PromptToken>? PromptDetails => sequence.PromptScores?.Tokens;

    /// <summary>Tokens whose keys and values are dropped by now.</summary>
    public int DroppedTokens => sequence.DroppedTokens;

    /// <summary>What came of it; null before its end.</summary>
    public GenerationResult? Result { get; private set; }

    /// <inheritdoc />
    public GeneratedToken Current { get; private set; }

    /// <summary>From the request to the beginning of its computation, to its first token, and until now.</summary>
    public (TimeSpan Queue, TimeSpan FirstToken, TimeSpan Total) Times
    {
        get
        {
            long now = clock.GetTimestamp();
            return (clock.GetElapsedTime(asked, began == 0 ? now : began), clock.GetElapsedTime(asked, firstToken == 0 ? now : firstToken), clock.GetElapsedTime(asked, now));
        }
    }

    /// <summary>Begins the request.</summary>
    public void Open(EngineLoop loop, EngineSequence own, CancellationToken one, CancellationToken other)
    {
        engine = loop;
        asked = clock.GetTimestamp();
        first = one.UnsafeRegister(static (stream, token) => ((TokenStream)stream!).Cancel(token), this);
        if (other != one) second = other.UnsafeRegister(static (stream, token) => ((TokenStream)stream!).Cancel(token), this);
        if (abandoned) return;
        try
        {
            loop.Submit(own);
        }
        catch (InvalidOperationException e)
        {
            Fail(e);
        }
    }

    /// <summary>Notes that the computation begins.</summary>
    public void Begin() => began = clock.GetTimestamp();

    /// <summary>Gives a token to the reader.</summary>
    public void Write(GeneratedToken token)
    {
        if (firstToken == 0) firstToken = clock.GetTimestamp();
        lock (sync)
        {
            if (ended) return;
            if (written == tokens.Length) Array.Resize(ref tokens, (int)Math.Min(sequence.Options.MaximumNewTokens, written * 2L));
            tokens[written++] = token;
            Wake();
        }
    }

    /// <summary>All tokens given so far.</summary>
    public GeneratedToken[] ToArray()
    {
        lock (sync) return tokens.AsSpan(0, written).ToArray();
    }

    /// <summary>Ends it after the tokens given.</summary>
    public void Complete(GenerationResult result)
    {
        lock (sync)
        {
            if (ended) return;
            Result = result;
            ended = true;
            Wake();
        }
    }

    /// <summary>Says that the reader wants no more, before it leaves: what it has read is a whole answer.</summary>
    public void SetEnough() => enough = true;

    /// <summary>Ends it with an exception after the tokens given.</summary>
    public void Fail(Exception exception)
    {
        lock (sync)
        {
            if (ended) return;
            (fault, ended) = (exception, true);
            Wake();
        }
    }

    /// <inheritdoc />
    public ValueTask<bool> MoveNextAsync()
    {
        lock (sync)
        {
            if (waits) throw new InvalidOperationException("The next token is being waited for already.");
            if (IsReady) return Take(out Exception? exception) is var more && exception is null ? new ValueTask<bool>(more) : ValueTask.FromException<bool>(exception!);
            wait.Reset();
            waits = true;
            return new ValueTask<bool>(this, wait.Version);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        first.Unregister();
        second.Unregister();
        bool gone;
        lock (sync)
        {
            gone = !ended;
            ended = true;
            // Another thread of the reader's may wait for a token.
            Wake();
        }

        if (gone) Abandon();
        return ValueTask.CompletedTask;
    }

    void IThreadPoolWorkItem.Execute()
    {
        bool more;
        Exception? exception;
        lock (sync)
        {
            (waits, wakes) = (false, false);
            more = Take(out exception);
        }

        // The reader goes on from here, and may have asked for the next token when this returns.
        if (exception is null) wait.SetResult(more);
        else wait.SetException(exception);
    }

    bool IValueTaskSource<bool>.GetResult(short token) => wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        wait.OnCompleted(continuation, state, token, flags);

    private bool IsReady => read < written || ended;

    private bool Take(out Exception? exception)
    {
        exception = null;
        // Whoever cancels wants no more; whoever sees a fault still gets what was made before it.
        if (read < written && !cancelled)
        {
            Current = tokens[read++];
            return true;
        }

        exception = fault;
        return false;
    }

    private void Cancel(CancellationToken token)
    {
        lock (sync)
        {
            if (ended) return;
            (fault, cancelled, ended) = (new OperationCanceledException(token), true, true);
            Wake();
        }

        Abandon();
    }

    private void Abandon()
    {
        abandoned = true;
        engine?.Abandon(sequence);
    }

    private void Wake()
    {
        if (!waits || wakes) return;
        wakes = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
