namespace LongContext.Evaluation.Runs;

/// <summary>
/// How long work that has begun here waited for others: at a model's gate, for a place, for what somebody else was computing already. Waiting is no work: with it, the same strategy would
/// be slower the more items run at once. It follows the call, into whatever is awaited or started from it.
/// </summary>
internal sealed class WaitingTime
{
    private static readonly AsyncLocal<WaitingTime?> Current = new();
    private long ticks;

    public TimeSpan Total => new(Volatile.Read(ref ticks));

    /// <summary>From here to the end of the async method that calls it.</summary>
    public static WaitingTime Begin() => Current.Value = new WaitingTime();

    /// <summary>What is left of a time without the waiting; several may have waited at once.</summary>
    public TimeSpan Without(TimeSpan elapsed) => elapsed > Total ? elapsed - Total : TimeSpan.Zero;

    public static void Add(TimeSpan waited)
    {
        if (waited > TimeSpan.Zero && Current.Value is { } current) Interlocked.Add(ref current.ticks, waited.Ticks);
    }

    /// <summary>Waits, and counts it.</summary>
    public static async ValueTask<T> OfAsync<T>(Task<T> task, TimeProvider? time = null)
    {
        if (task.IsCompleted) return await task.ConfigureAwait(false);
        time ??= TimeProvider.System;
        long start = time.GetTimestamp();
        try
        {
            return await task.ConfigureAwait(false);
        }
        finally
        {
            Add(time.GetElapsedTime(start));
        }
    }
}
