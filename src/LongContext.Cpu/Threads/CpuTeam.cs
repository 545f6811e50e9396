using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace LongContext.Cpu.Threads;

/// <summary>
/// A few threads that do tiles of work together. One caller at a time; the calling thread is worker 0. Nothing is allocated by a call.
/// </summary>
/// <remarks>
/// A worker joins a piece of work by a compare-and-swap on one word (number of the work, closed, how many are inside). The caller closes the word when no tile is left and waits for those
/// inside only, so it never waits for a thread that the system has not woken. Threads without work spin for some tens of microseconds, then give their core away, then sleep.
/// </remarks>
internal sealed unsafe partial class CpuTeam : IDisposable
{
    private const long Inside = 0xFFFF;
    private const long Closed = 1L << 16;
    private const int NumberShift = 17;

    /// <summary>Counters of shares lie so many integers apart: 128 bytes.</summary>
    private const int ShareStep = 32;

    private readonly CpuWorker[] helpers;
    private readonly CpuTeamWord word = new();
    private delegate*<CpuTeam, void*, int, void> walk;
    private void* current;
    private readonly int patience;
    private readonly int[] next;
    private int shareCount;
    private int tileCount;
    private int busy;
    private Exception? fault;
    private volatile bool disposed;

    /// <summary>A team.</summary>
    /// <param name="workers">Threads, the caller's included; from 1 to 1,024.</param>
    public CpuTeam(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(workers, 1024);
        Workers = workers;
        word.State = Closed;
        scratch = new nint[workers];
        next = new int[(workers + 1) * ShareStep];
        // Spinning helps only where every worker can have a core of its own.
        bool spins = workers <= Environment.ProcessorCount;
        patience = spins ? 2000 : 0;
        helpers = new CpuWorker[workers - 1];
        for (int i = 0; i < helpers.Length; i++) helpers[i] = new CpuWorker(this, i + 1, spins);
        foreach (CpuWorker helper in helpers) helper.Start();
    }

    /// <summary>Threads, the caller's included.</summary>
    public int Workers { get; }

    /// <summary>
    /// Once this is cancelled, tiles that are not begun are left out, and what would have been their results is undefined. Set between calls, by whoever calls; none for never (the default).
    /// </summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Does all tiles and returns when the last is done. A tile's exception is thrown here once all other tiles are done: the first, where there are several.</summary>
    /// <param name="work">What to do; its fields are written back at the end.</param>
    /// <param name="tiles">Number of tiles; 0 does nothing.</param>
    /// <param name="inShares">
    /// Whether each worker begins with a share of its own, tiles that follow one another, and goes on with what is left of the others': for tiles that read neighbouring memory, which is then asked for
    /// ahead by the worker that needs it. Otherwise whoever is free takes the next tile.
    /// </param>
    /// <exception cref="InvalidOperationException">The team is at work: two callers at once, or a call from within a tile.</exception>
    public void Run<TWork>(ref TWork work, int tiles, bool inShares = false)
        where TWork : struct, ITileWork
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(tiles);
        if (Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            throw new InvalidOperationException("The team of threads is at work: it has one caller at a time, and a tile cannot start further work on it.");
        }

        TWork copy = work; // on this stack, where it cannot move while others read it
        tileCount = tiles;
        shareCount = inShares ? Workers : 1;
        for (int share = 0; share < shareCount; share++) next[(share + 1) * ShareStep] = ShareStart(share);
        if (tiles > 1 && helpers.Length > 0) RunTogether(&Walk<TWork>, Unsafe.AsPointer(ref copy));
        else Walk<TWork>(this, Unsafe.AsPointer(ref copy), 0);
        work = copy;
        Exception? thrown = fault;
        fault = null;
        Volatile.Write(ref busy, 0);
        if (thrown is not null) ExceptionDispatchInfo.Throw(thrown);
    }

    /// <summary>Ends the threads and frees the scratch memory. Waits for them; not to be called from a tile.</summary>
    public void Dispose()
    {
        if (disposed) return;
        if (Interlocked.CompareExchange(ref busy, 1, 0) != 0) throw new InvalidOperationException("The team of threads is at work and cannot be disposed.");
        disposed = true;
        foreach (CpuWorker helper in helpers) helper.Dispose();
        FreeScratch();
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether there is work that a worker has not seen.</summary>
    internal bool HasNews(long seen)
    {
        long state = Volatile.Read(ref word.State);
        return (state & Closed) == 0 && state >> NumberShift != seen;
    }

    /// <summary>Takes part in the work that is open, if any that the worker has not seen.</summary>
    internal bool TryTakePart(int worker, ref long seen)
    {
        while (true)
        {
            long state = Volatile.Read(ref word.State);
            if ((state & Closed) != 0 || state >> NumberShift == seen) return false;
            if (Interlocked.CompareExchange(ref word.State, state + 1, state) != state) continue;
            seen = state >> NumberShift;
            walk(this, current, worker);
            Interlocked.Decrement(ref word.State);
            return true;
        }
    }

    private int ShareStart(int share) => (int)((long)tileCount * share / shareCount);

    private static void Walk<TWork>(CpuTeam team, void* work, int worker)
        where TWork : struct, ITileWork
    {
        ref TWork tiles = ref Unsafe.AsRef<TWork>(work);
        int shares = team.shareCount, share = worker % shares;
        for (int left = shares; left > 0;)
        {
            int tile = Interlocked.Increment(ref team.next[(share + 1) * ShareStep]) - 1;
            if (tile >= team.ShareStart(share + 1))
            {
                share = (share + 1) % shares;
                left--;
                continue;
            }

            if (team.Cancellation.IsCancellationRequested) return;
            try
            {
                tiles.Run(tile, worker);
            }
#pragma warning disable CA1031 // thrown again by the caller
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref team.fault, exception, null);
            }
        }
    }

    private void RunTogether(delegate*<CpuTeam, void*, int, void> walkOfWork, void* work)
    {
        walk = walkOfWork;
        current = work;
        long number = (word.State >> NumberShift) + 1;
        Interlocked.Exchange(ref word.State, number << NumberShift); // a full fence: what is parked is read after it
        int wanted = Math.Min(tileCount - 1, helpers.Length);
        for (int i = 0; i < wanted; i++) helpers[i].Wake();
        walkOfWork(this, work, 0);
        Interlocked.Or(ref word.State, Closed);
        for (int spins = 0; (Volatile.Read(ref word.State) & Inside) != 0; spins++)
        {
            if (spins < patience) Thread.SpinWait(4);
            else Thread.Yield();
        }
    }
}
