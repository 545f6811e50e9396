using LongContext.Cuda.Driver;

namespace LongContext.Benchmarks.Gpu;

/// <summary>Times of work on the default stream, taken by the GPU's own events: medians, each call apart, the cache emptied between calls.</summary>
internal sealed class GpuClock : IDisposable
{
    private readonly CudaEvent start, end;
    private readonly CudaBuffer flush;

    public GpuClock(CudaContext context)
    {
        start = new CudaEvent(context);
        end = new CudaEvent(context);
        // Twice the second-level cache: what was in it before the call is gone.
        flush = new CudaBuffer(context, Math.Max(1, 2 * context.Architecture.L2CacheBytes));
    }

    /// <summary>Median milliseconds of a call, after warming up.</summary>
    public double Median(Action call, int repeats = 15, int warm = 3)
    {
        for (int i = 0; i < warm; i++) call();
        var times = new List<double>(repeats);
        for (int i = 0; i < repeats; i++)
        {
            flush.Fill(0);
            start.Record();
            call();
            end.Record();
            times.Add(start.MillisecondsTo(end));
        }

        times.Sort();
        return times[repeats / 2];
    }

    public void Dispose()
    {
        start.Dispose();
        end.Dispose();
        flush.Dispose();
    }
}
