using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
        var work = new Work { First = first, TileBytes = bytes / Tiles / Work.Step * Work.Step };
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
        public const int Step = 256;

        public byte* First;
        public long TileBytes;
        private long kept; // so that what was read is used

        [MethodImpl(MethodImplOptions.AggressiveOptimization)] // small memory is read before the JIT has looked twice
        public void Run(int tile, int worker)
        {
            Vector512<long> a = default, b = default, c = default, d = default;
            byte* from = First + (tile * TileBytes);
            for (byte* end = from + TileBytes; from < end; from += Step)
            {
                a ^= Vector512.Load((long*)from);
                b ^= Vector512.Load((long*)(from + 64));
                c ^= Vector512.Load((long*)(from + 128));
                d ^= Vector512.Load((long*)(from + 192));
            }

            Volatile.Write(ref kept, (a ^ b ^ c ^ d)[0]);
        }
    }
}
