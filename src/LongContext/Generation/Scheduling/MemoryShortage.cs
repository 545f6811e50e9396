namespace LongContext.Generation.Scheduling;

/// <summary>
/// Remembers how much the machine had when memory ran out under a request that had all of it to itself, so that on a machine which always has less than was planned requests of that size are not computed in vain
/// again and again: they are refused for a while, each time that it turns out so again for twice as long.
/// </summary>
/// <remarks>Written by the engine's thread, read by any.</remarks>
/// <param name="clock">The engine's.</param>
internal sealed class MemoryShortage(TimeProvider clock)
{
    /// <summary>How long it counts the first time, and at most.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(30), Longest = TimeSpan.FromMinutes(8);

    private readonly Lock sync = new();
    private long held = long.MaxValue, since;
    private TimeSpan time;

    /// <summary>Bytes that keys and values may come to, as far as is known now; null where nothing says that they cannot come to what was planned.</summary>
    public long? HeldBytes
    {
        get
        {
            lock (sync) return held < long.MaxValue && clock.GetElapsedTime(since) < time ? held : null;
        }
    }

    /// <summary>Memory ran out.</summary>
    /// <param name="bytes">What keys and values had come to.</param>
    public void Note(long bytes)
    {
        lock (sync)
        {
            time = held == long.MaxValue ? Shortest : TimeSpan.FromTicks(Math.Min(Longest.Ticks, time.Ticks * 2));
            (held, since) = (bytes, clock.GetTimestamp());
        }
    }

    /// <summary>Keys and values have come to so many bytes: with more than before, by more than what is free varies anyway, memory is there again.</summary>
    public void Saw(long bytes)
    {
        // The engine's thread alone writes it.
        if (held == long.MaxValue || bytes <= held + (held / 8)) return;
        lock (sync) held = long.MaxValue;
    }
}
