using System.Runtime.InteropServices;
using LongContext.Cuda.Emulation.Checking;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>One resident block: its warps take turns until all have ended.</summary>
internal sealed unsafe class BlockRunner : IDisposable
{
    private readonly Warp[] warps;
    private readonly NamedBarrier[] barriers = new NamedBarrier[16];
    private readonly byte* registers;
    private readonly byte* local;
    private readonly Random? random;
    private readonly nuint fileBytes;
    private int next;
    private int idlePolls;
    private long instructions;

    public readonly KernelCode Kernel;
    public readonly Launch Launch;
    public readonly Counters Counters;
    public readonly SharedMemory Shared;
    public readonly DeviceMemory Memory;

    /// <summary>The allocation each memory instruction hit last.</summary>
    public readonly Allocation?[] Sites;

    public readonly Hopper.BlockHopper Hopper;

    public int X, Y, Z;

    /// <summary>Counts what may let a waiting warp go on.</summary>
    public long Events;

    public BlockRunner(Launch launch, Counters counters, int seed)
    {
        Launch = launch;
        Kernel = launch.Kernel;
        Counters = counters;
        Memory = launch.Memory;
        Sites = new Allocation?[Kernel.MemorySites];
        random = seed == 0 ? null : new Random(seed);
        int count = (launch.Threads + 31) / 32;
        fileBytes = (nuint)((Kernel.RegisterBytes + 255) / 256 * 256);
        registers = (byte*)NativeMemory.AlignedAlloc(fileBytes * (nuint)count, 256);
        local = Kernel.LocalBytes == 0 ? null : (byte*)NativeMemory.AllocZeroed((nuint)(count * 32 * Kernel.LocalBytes));
        Shared = new SharedMemory(launch.SharedBytes, count, launch.Options);
        warps = new Warp[count];
        for (int i = 0; i < count; i++)
        {
            warps[i] = new Warp(this, i)
            {
                Registers = registers + (fileBytes * (nuint)i),
                Local = local + (i * 32 * Kernel.LocalBytes),
                Written = new uint[Kernel.TrackedNames.Count],
                AsyncUse = new ushort[Kernel.AsyncNames.Count],
                AsyncDirty = new byte[Kernel.AsyncNames.Count],
            };
        }
        for (int i = 0; i < barriers.Length; i++)
            barriers[i] = new NamedBarrier(i, count);
        Hopper = new Hopper.BlockHopper(this, warps, random);
    }

    public Warp[] Warps => warps;

    public void Dispose()
    {
        NativeMemory.AlignedFree(registers);
        NativeMemory.Free(local);
        Shared.Dispose();
    }

    public void Start(int x, int y, int z)
    {
        (X, Y, Z) = (x, y, z);
        Shared.Reset();
        instructions = 0;
        idlePolls = 0;
        next = 0;
        foreach (NamedBarrier barrier in barriers)
            barrier.Reset();
        Hopper.Reset();
        foreach (Warp w in warps)
        {
            int threads = Math.Min(32, Launch.Threads - (w.Index * 32));
            w.Start(threads == 32 ? ~0u : (1u << threads) - 1);
            Kernel.RegisterImage.CopyTo(new Span<byte>(w.Registers + Kernel.ImageStart, Kernel.RegisterImage.Length));
            foreach ((string name, int slot) in Kernel.Specials)
                SpecialRegisters.Fill(w, name, w.Registers + slot);
        }
    }

    /// <summary>Gives one warp its turn; false once the block has ended.</summary>
    public bool Step()
    {
        Warp? w = Pick();
        if (w is null)
        {
            if (!AllDone())
            {
                Unblock();
                return true;
            }
            Hopper.CheckEnd();
            return false;
        }
        w.Status = WarpStatus.Ready;
        int quantum = random is null ? 4096 : 1 + random.Next(1 << random.Next(1, 11));
        instructions += w.Run(quantum, Counters.Hits);
        if (instructions > Launch.Options.InstructionLimit)
            throw w.Fault(EmulationFault.Limit, w.Mask, $"the block ran {instructions} warp-instructions and has not ended:\n{Standings()}");
        if (w.Status == WarpStatus.Done)
            End(w);
        Hopper.Progress(false);
        return true;
    }

    private void End(Warp w)
    {
        Events++;
        if (w.Copies.Count > 0)
            throw w.Fault(EmulationFault.PendingCopy, w.Copies.Pending[0].Mask, $"the warp ends with {w.Copies.Count} cp.async not waited for");
        Hopper.WarpEnds(w);
    }

    private Warp? Pick()
    {
        int count = warps.Length;
        int start = random is null ? next : random.Next(count);
        for (int k = 0; k < count; k++)
        {
            Warp w = warps[(start + k) % count];
            if (w.Status == WarpStatus.Ready || (w.Status == WarpStatus.Polling && w.PolledAt != Events))
            {
                // Without a seed a warp goes on until it blocks or has used its turn up.
                next = (w.Index + 1) % count;
                idlePolls = 0;
                return w;
            }
        }
        return null;
    }

    private bool AllDone() => Array.TrueForAll(warps, w => w.Status == WarpStatus.Done);

    /// <summary>Nobody can run: asynchronous work arrives, or pollers ask again, or it is a deadlock.</summary>
    private void Unblock()
    {
        if (Hopper.Progress(true))
            return;
        if (idlePolls++ < 64)
        {
            bool any = false;
            foreach (Warp w in warps)
            {
                if (w.Status == WarpStatus.Polling)
                {
                    w.PolledAt = -1;
                    any = true;
                }
            }
            if (any)
            {
                int polls = idlePolls;
                foreach (Warp w in warps)
                {
                    if (w.Status == WarpStatus.Polling)
                    {
                        instructions += w.Run(256, Counters.Hits);
                        if (w.Status == WarpStatus.Done)
                            End(w);
                    }
                }
                idlePolls = polls;
                return;
            }
        }
        Warp first = Array.Find(warps, w => w.Status != WarpStatus.Done)!;
        throw first.Fault(EmulationFault.Deadlock, first.Mask, "no warp of the block can go on:\n" + Standings());
    }

    private string Standings() => string.Join('\n', warps.Select(w => $"  warp {w.Index}: {w.Status}"
        + (w.Status is WarpStatus.Done ? "" : $" {w.Waiting} at line {w.Current.Source.Line}: {w.Current.Source.Text}")));

    public void Barrier(Warp w, uint id, uint count, bool wait)
    {
        if (id >= 16)
            throw w.Fault(EmulationFault.Barrier, w.Mask, $"barrier {id}: there are 16");
        int threads = count == 0 ? warps.Length * 32 : (int)count;
        if (threads % 32 != 0 || threads > warps.Length * 32)
            throw w.Fault(EmulationFault.Barrier, w.Mask, $"barrier {id} for {threads} threads: a multiple of 32, at most {warps.Length * 32}, is expected");
        if (barriers[id].Arrive(w, threads, wait))
            Events++;
    }
}
