namespace LongContext.Evaluation.Support;

/// <summary>A clock that stands still until it is told to go on; timers run when it passes them.</summary>
internal sealed class FakeTime : TimeProvider
{
    /// <summary>Timers further off than this are timeouts, which whoever works sets too: to those the clock goes only after half a second in which nothing came of the work.</summary>
    private static readonly TimeSpan Far = TimeSpan.FromMinutes(2);

    private readonly Lock state = new();
    private readonly List<Timer> timers = [];
    private TimeSpan now;

    public TimeSpan Now
    {
        get
        {
            lock (state) return now;
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) + Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Timer timer = new(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan span)
    {
        TimeSpan end = Now + span;
        while (Next() is { } timer && timer.Due <= end) Run(timer);
        lock (state) now = end;
    }

    /// <summary>Goes on to the next timer, unless that is too far; false where there is none.</summary>
    public bool AdvanceToNext(TimeSpan limit)
    {
        if (Next() is not { } timer || timer.Due > Now + limit) return false;
        Run(timer);
        return true;
    }

    /// <summary>Lets time pass whenever somebody waits, until a task has ended.</summary>
    public Task<T> PassUntilAsync<T>(Task<T> task, TimeSpan limit) => Task.Run(async () =>
    {
        while (!task.IsCompleted)
        {
            await Task.WhenAny(task, Task.Delay(2)).ConfigureAwait(false);
            await SettleAsync(task).ConfigureAwait(false);
            if (Next() is { } next && next.Due > Now + Far)
            {
                await Task.WhenAny(task, Task.Delay(500)).ConfigureAwait(false);
                if (Next() != next) continue;
            }

            if (!task.IsCompleted) AdvanceToNext(limit);
        }

        return await task.ConfigureAwait(false);
    });

    /// <summary>
    /// Waits until no thread of the pool but this one is at work, nor has any to begin: on a busy machine what goes on may have stopped in its midst, and only looks as if it waited. Where other tests run beside, that may never
    /// be so; there it ends after a while.
    /// </summary>
    private static async Task SettleAsync(Task task)
    {
        for (int i = 0, quiet = 0; i < 60 && quiet < 3 && !task.IsCompleted; i++)
        {
            await Task.Delay(1).ConfigureAwait(false);
            ThreadPool.GetMaxThreads(out int most, out _);
            ThreadPool.GetAvailableThreads(out int idle, out _);
            quiet = ThreadPool.PendingWorkItemCount == 0 && most - idle <= 1 ? quiet + 1 : 0;
        }
    }

    private Timer? Next()
    {
        lock (state) return timers.MinBy(timer => timer.Due);
    }

    private void Run(Timer timer)
    {
        lock (state)
        {
            if (!timers.Remove(timer)) return;
            if (timer.Due > now) now = timer.Due;
        }

        timer.Run();
    }

    private sealed class Timer(FakeTime time, Action callback) : ITimer
    {
        public TimeSpan Due { get; private set; }

        public Action Run => callback;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.state)
            {
                time.timers.Remove(this);
                if (dueTime < TimeSpan.Zero) return true;
                Due = time.now + dueTime;
                time.timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (time.state) time.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
