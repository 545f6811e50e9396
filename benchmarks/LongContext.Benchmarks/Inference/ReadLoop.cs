using System.Diagnostics;
using LongContext.Benchmarks.Harness;
using LongContext.Cpu.Memory;
using LongContext.Cpu.Threads;

namespace LongContext.Benchmarks.Inference;

/// <summary>What memory gives to a loop that only reads, by how much of it there is: what rates of weights and keys are to be compared with.</summary>
internal static unsafe class ReadLoop
{
    private const int Tiles = 64;
    private const int Rounds = 15;

    /// <summary>Bytes a second: the median of some rounds over one piece of memory, after one that is not counted.</summary>
    public static double BytesPerSecond(int threads, long bytes)
    {
        using var team = new CpuTeam(threads);
        using var memory = new NativeBuffer();
        byte* first = memory.Ensure(bytes);
        for (long i = 0; i < bytes; i += 4096) first[i] = 1;
        var work = new Work { First = first, TileBytes = bytes / Tiles / MemoryRead.Step * MemoryRead.Step };
        List<double> seconds = [];
        for (int round = 0; round <= Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            team.Run(ref work, Tiles, true);
            if (round > 0) seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return work.TileBytes * Tiles / EngineTiming.Median(seconds);
    }

    private struct Work : ITileWork
    {
        public byte* First;
        public long TileBytes;
        private long kept;

        public void Run(int tile, int worker) => kept = MemoryRead.Read(First + (tile * TileBytes), TileBytes);
    }
}
