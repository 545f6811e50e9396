namespace LongContext.Hosting.Support;

/// <summary>Tests that measure what the process holds run alone: others' objects would be counted, too.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class MemoryMeasured
{
    public const string Name = "measures memory";

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
