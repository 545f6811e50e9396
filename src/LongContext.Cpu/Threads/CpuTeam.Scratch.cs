using System.Runtime.InteropServices;

namespace LongContext.Cpu.Threads;

/// <summary>Scratch memory of the team: a piece for each worker and one for all, aligned to pages. What lies there is valid until the next kernel.</summary>
internal sealed unsafe partial class CpuTeam
{
    private const nuint Alignment = 4096;

    private readonly nint[] scratch = []; // the finaliser also sees teams whose constructor threw
    private long scratchBytes;
    private nint shared;
    private long sharedBytes;

    /// <summary>Frees the scratch memory of a team that nobody disposed of: possible only for teams without threads, which keep it alive.</summary>
    ~CpuTeam() => FreeScratch();

    /// <summary>Makes sure that each worker has so much scratch memory. Called between runs.</summary>
    public void ReserveScratch(long bytesOfWorker)
    {
        if (bytesOfWorker <= scratchBytes) return;
        scratchBytes = 0;
        for (int i = 0; i < scratch.Length; i++) Grow(ref scratch[i], bytesOfWorker);
        scratchBytes = bytesOfWorker;
    }

    /// <summary>A worker's scratch memory.</summary>
    public byte* Scratch(int worker) => (byte*)scratch[worker];

    /// <summary>The memory that all workers see, at least so large. Called between runs; what it held before is lost when it grows.</summary>
    public byte* SharedScratch(long bytes)
    {
        if (bytes > sharedBytes)
        {
            sharedBytes = 0;
            Grow(ref shared, bytes);
            sharedBytes = bytes;
        }

        return (byte*)shared;
    }

    private static void Grow(ref nint memory, long bytes)
    {
        NativeMemory.AlignedFree((void*)memory);
        memory = 0;
        memory = (nint)NativeMemory.AlignedAlloc(checked((nuint)bytes), Alignment);
    }

    private void FreeScratch()
    {
        for (int i = 0; i < scratch.Length; i++)
        {
            NativeMemory.AlignedFree((void*)scratch[i]);
            scratch[i] = 0;
        }

        NativeMemory.AlignedFree((void*)shared);
        shared = 0;
    }
}
