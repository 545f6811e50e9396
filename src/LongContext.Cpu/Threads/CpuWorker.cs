using System.Diagnostics;

namespace LongContext.Cpu.Threads;

/// <summary>A helping thread of a team: looks for work, takes part, and sleeps when there has been none for a while.</summary>
internal sealed class CpuWorker : IDisposable
{
    private const int Awake = 0;
    private const int Parked = 1;

    // What a token's host work (sampling, scheduling) takes should pass without a sleep, whose end costs the caller some microseconds.
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000; // 50 µs
    private static readonly long YieldTicks = Stopwatch.Frequency / 2_000; // 500 µs

    private readonly CpuTeam team;
    private readonly int number;
    private readonly bool spins;
    private readonly Thread thread;
    private readonly AutoResetEvent bell = new(false);
    private int state;
    private volatile bool ended;

    /// <summary>A worker, not started.</summary>
    public CpuWorker(CpuTeam team, int number, bool spins)
    {
        this.team = team;
        this.number = number;
        this.spins = spins;
        thread = new Thread(Live, 1 << 20) { IsBackground = true, Name = $"LongContext CPU {number}" };
    }

    /// <summary>Starts the thread.</summary>
    public void Start() => thread.Start();

    /// <summary>Wakes the thread if it sleeps.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref state) == Parked && Interlocked.Exchange(ref state, Awake) == Parked) bell.Set();
    }

    /// <summary>Ends the thread and waits for it.</summary>
    public void Dispose()
    {
        ended = true;
        bell.Set();
        thread.Join();
        bell.Dispose();
    }

    private void Live()
    {
        long seen = 0;
        while (!ended)
        {
            if (team.TryTakePart(number, ref seen) || WaitsAwake(seen)) continue;
            Interlocked.Exchange(ref state, Parked); // a full fence: work is looked for after it
            if (!team.HasNews(seen) && !ended) bell.WaitOne();
            Interlocked.Exchange(ref state, Awake);
        }
    }

    /// <summary>Whether work came while the thread waited without sleeping.</summary>
    private bool WaitsAwake(long seen)
    {
        long start = Stopwatch.GetTimestamp();
        while (!ended)
        {
            for (int i = 0; i < 16; i++)
            {
                if (team.HasNews(seen)) return true;
                if (spins) Thread.SpinWait(1);
            }

            long waited = Stopwatch.GetTimestamp() - start;
            if (!spins || waited > SpinTicks) Thread.Yield();
            if (waited > (spins ? YieldTicks : SpinTicks)) return false;
        }

        return true;
    }
}
