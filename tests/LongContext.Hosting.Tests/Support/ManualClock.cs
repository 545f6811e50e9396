namespace LongContext.Hosting.Support;

/// <summary>A clock that goes on when it is told to; whoever waits for a time by it is woken then.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly Lock state = new();
    private readonly List<Timer> timers = [];
    private TimeSpan now;
    private int waits;

    /// <summary>Waits that were begun.</summary>
    public int Waits
    {
        get
        {
            lock (state) return waits;
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (state) return now.Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (this.state) waits++;
        return timer;
    }

    public void Advance(TimeSpan time)
    {
        Timer[] due;
        lock (state)
        {
            now += time;
            due = [.. timers.Where(timer => timer.Due <= now)];
            timers.RemoveAll(timer => timer.Due <= now);
        }

        foreach (Timer timer in due) timer.Run();
    }

    private sealed class Timer(ManualClock clock, Action run) : ITimer
    {
        public TimeSpan Due { get; private set; }

        public Action Run => run;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.state)
            {
                clock.timers.Remove(this);
                if (dueTime < TimeSpan.Zero) return true;
                Due = clock.now + dueTime;
                clock.timers.Add(this);
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
