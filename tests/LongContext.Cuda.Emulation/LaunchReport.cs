using System.Globalization;
using System.Text;
using LongContext.Cuda.Emulation.Checking;
using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation;

/// <summary>What one launch did, counted. Nothing here is a time on a GPU.</summary>
public sealed unsafe class LaunchReport
{
    private readonly Dictionary<InstructionClass, long> byClass = [];
    private readonly List<LineCount> lines = [];

    internal LaunchReport(KernelCode kernel, Counters[] counters, long blocks, int threads, int sharedBytes, TimeSpan elapsed)
    {
        (Kernel, Blocks, ThreadsPerBlock, SharedBytes, Elapsed) = (kernel.Name, blocks, threads, sharedBytes, elapsed);
        for (int i = 0; i < kernel.Code.Length; i++)
        {
            Instruction instruction = kernel.Code[i] is TrackedInstruction tracked ? tracked.Inner : kernel.Code[i];
            long hits = 0, sectors = 0, bytes = 0, wavefronts = 0, ideal = 0;
            foreach (Counters c in counters)
            {
                hits += c.Hits[i];
                sectors += c.Sectors[i];
                bytes += c.Bytes[i];
                wavefronts += c.Wavefronts[i];
                ideal += c.Ideal[i];
            }
            Instructions += hits;
            byClass[instruction.Class] = byClass.GetValueOrDefault(instruction.Class) + hits;
            MultiplyAddFlops += hits * (instruction as ICountsFlops)?.Flops ?? 0;
            if (instruction.Class is InstructionClass.LoadGlobal or InstructionClass.AsyncCopy or InstructionClass.BulkCopy)
            {
                LoadSectors += sectors;
                LoadBytes += bytes;
            }
            else
            {
                StoreSectors += sectors;
                StoreBytes += bytes;
            }
            SharedWavefronts += wavefronts;
            SharedWavefrontsIdeal += ideal;
            if (hits > 0)
                lines.Add(new LineCount(instruction.Source.Line, instruction.Source.Text, instruction.Class, hits, sectors, bytes, wavefronts, ideal));
        }
    }

    public string Kernel { get; }

    public long Blocks { get; }

    public int ThreadsPerBlock { get; }

    public int SharedBytes { get; }

    /// <summary>Warp-instructions, those with a guard that no lane met included.</summary>
    public long Instructions { get; }

    public TimeSpan Elapsed { get; }

    /// <summary>Operations of the tensor cores: two for each multiply-add.</summary>
    public long MultiplyAddFlops { get; }

    /// <summary>32-byte sectors of global memory that loads asked for, and the bytes of them that were used.</summary>
    public long LoadSectors { get; }

    public long LoadBytes { get; }

    public long StoreSectors { get; }

    public long StoreBytes { get; }

    /// <summary>Passes over shared memory's banks, and what they would be without a conflict.</summary>
    public long SharedWavefronts { get; }

    public long SharedWavefrontsIdeal { get; }

    public long MmaCount => this[InstructionClass.Mma] + this[InstructionClass.WarpgroupMma];

    public long Atomics => this[InstructionClass.Atomic];

    public long Barriers => this[InstructionClass.Barrier];

    public long this[InstructionClass name] => byClass.GetValueOrDefault(name);

    /// <summary>Each instruction that ran, in the file's order.</summary>
    public IReadOnlyList<LineCount> Lines => lines;

    /// <summary>Instructions whose shared accesses took more passes than they need.</summary>
    public IEnumerable<LineCount> BankConflicts => lines.Where(x => x.Wavefronts > x.IdealWavefronts);

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Kernel}: {Blocks} blocks of {ThreadsPerBlock} threads, {SharedBytes} bytes shared, {Instructions} warp-instructions");
        text.AppendLine(CultureInfo.InvariantCulture, $" ({Instructions / Math.Max(1e-9, Elapsed.TotalSeconds) / 1e6:0.0} M/s here)");
        foreach ((InstructionClass name, long count) in byClass.OrderByDescending(x => x.Value).Where(x => x.Value > 0))
            text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-14} {count,14}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  tensor operations {MultiplyAddFlops}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  global loads {LoadSectors} sectors for {LoadBytes} bytes, stores {StoreSectors} sectors for {StoreBytes} bytes");
        text.AppendLine(CultureInfo.InvariantCulture, $"  shared wavefronts {SharedWavefronts}, ideal {SharedWavefrontsIdeal}");
        return text.ToString();
    }
}

/// <summary>Counters of one instruction.</summary>
public sealed record LineCount(int Line, string Text, InstructionClass Class, long Hits, long Sectors, long Bytes, long Wavefronts, long IdealWavefronts);

internal interface ICountsFlops
{
    long Flops { get; }
}
