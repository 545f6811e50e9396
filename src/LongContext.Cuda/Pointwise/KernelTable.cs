using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Pointwise;

/// <summary>A launcher's kernels by number, loaded when first asked for; asking again neither allocates nor searches. Thread-safe.</summary>
/// <param name="context">Where they are loaded.</param>
/// <param name="count">How many there are.</param>
/// <param name="name">Module, without its architecture, and entry of a number.</param>
internal sealed class KernelTable(CudaContext context, int count, Func<int, (string Module, string Entry)> name)
{
    private readonly CudaFunction?[] loaded = new CudaFunction?[count];
    private readonly int[] registers = new int[count];

    /// <summary>The kernel of a number.</summary>
    public CudaFunction this[int index] => Volatile.Read(ref loaded[index]) ?? Load(index);

    /// <summary>32-bit registers of a kernel's thread, asked for once.</summary>
    public int Registers(int index)
    {
        int known = Volatile.Read(ref registers[index]);
        if (known != 0) return known;
        known = Math.Max(1, this[index].Registers);
        Volatile.Write(ref registers[index], known);
        return known;
    }

    private CudaFunction Load(int index)
    {
        (string module, string entry) = name(index);
        CudaFunction function = context.GetKernel("sm_80/" + module, entry);
        Volatile.Write(ref loaded[index], function);
        return function;
    }
}
