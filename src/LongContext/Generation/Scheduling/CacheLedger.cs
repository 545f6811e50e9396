namespace LongContext.Generation.Scheduling;

/// <summary>
/// What the engines of a process may still take of each device's memory for keys and values, beyond what they hold: the system reports that as free, but it is promised. Safe for use by several threads.
/// </summary>
internal sealed class CacheLedger
{
    private readonly Lock gate = new();
    private readonly List<CacheReservation> reservations = [];

    /// <summary>That of the process.</summary>
    public static CacheLedger Process { get; } = new();

    /// <summary>Bytes that are promised and not held.</summary>
    /// <param name="device">Name of the memory.</param>
    public long Outstanding(string device)
    {
        lock (gate) return reservations.Sum(reservation => reservation.Outstanding(device));
    }

    /// <summary>Makes a plan with what is promised to others, and enters what it takes; nobody else plans in between.</summary>
    /// <param name="device">Name of the memory that the model's keys and values lie in.</param>
    /// <param name="draftDevice">That of the draft model's.</param>
    /// <param name="plan">Makes the plan, given the bytes that are promised on <paramref name="device"/>.</param>
    /// <param name="reservation">What was entered, to be disposed when the memory is given back.</param>
    public GenerationMemoryPlan Enter(string device, string draftDevice, Func<long, GenerationMemoryPlan> plan, out CacheReservation reservation)
    {
        lock (gate)
        {
            GenerationMemoryPlan made = plan(reservations.Sum(other => other.Outstanding(device)));
            reservation = new CacheReservation(this, device, made.CacheBytes, draftDevice, made.DraftCacheBytes);
            reservations.Add(reservation);
            return made;
        }
    }

    /// <summary>Takes a reservation out.</summary>
    public void Remove(CacheReservation reservation)
    {
        lock (gate) reservations.Remove(reservation);
    }
}
