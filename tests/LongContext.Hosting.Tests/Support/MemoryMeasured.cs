namespace LongContext.Hosting.Support;

/// <summary>Tests that measure what the process holds run alone: others' objects would be counted, too.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class MemoryMeasured
{
    public const string Name = "measures memory";

    /// <summary>What is held once it falls no more: what earlier tests have left, pools among it, goes in its time, and would hide what is held later.</summary>
    internal static async Task<long> SettledAsync(CancellationToken cancellationToken)
    {
        long least = GC.GetTotalMemory(forceFullCollection: true);
        for (int still = 0, i = 0; still < 3 && i < 60; i++)
        {
            await Task.Delay(200, cancellationToken);
            GC.WaitForPendingFinalizers();
            long now = GC.GetTotalMemory(forceFullCollection: true);
            still = now < least - (1L << 20) ? 0 : still + 1;
            least = Math.Min(least, now);
        }

        return least;
    }

    /// <summary>How much more is held than before, once it is at most that much; else what it is after a minute. Connections that were cut are let go of in their time.</summary>
    internal static async Task<long> GrownAsync(long before, long most, CancellationToken cancellationToken)
    {
        for (int i = 0; ; i++)
        {
            long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
            if (grown <= most || i == 120) return grown;
            await Task.Delay(500, cancellationToken);
        }
    }
}
