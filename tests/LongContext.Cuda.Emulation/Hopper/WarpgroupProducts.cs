using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Hopper;

/// <summary>One wgmma of one warp, issued and not yet carried out.</summary>
internal sealed class PendingProduct
{
    public WgmmaInstruction Instruction = null!;
    public ulong A;
    public ulong B;
    public bool Accumulate;
    public int Group;
    public int Number;
}

/// <summary>The wgmma of a warp that were issued and not waited for: carried out as late as allowed, at the wait.</summary>
internal sealed class WarpgroupProducts
{
    private readonly Queue<PendingProduct> pending = new();
    private readonly Stack<PendingProduct> free = new();
    private int committed;

    public int Count => pending.Count;

    /// <summary>Whether a wgmma.fence has run; the first product needs one.</summary>
    public bool Fenced { get; set; }

    public int Issued { get; private set; }

    public void Reset()
    {
        pending.Clear();
        committed = Issued = 0;
        Fenced = false;
    }

    public void Issue(Warp w, WgmmaInstruction instruction, ulong a, ulong b, bool accumulate)
    {
        PendingProduct product = free.Count > 0 ? free.Pop() : new PendingProduct();
        (product.Instruction, product.A, product.B, product.Accumulate, product.Group) = (instruction, a, b, accumulate, committed);
        product.Number = Issued;
        pending.Enqueue(product);
        w.Warpgroup!.Record(w, instruction, Issued++);
    }

    public void Commit() => committed++;

    public void Wait(Warp w, int most)
    {
        while (pending.TryPeek(out PendingProduct? product) && product.Group < committed - most)
        {
            pending.Dequeue();
            product.Instruction.Compute(w, product);
            free.Push(product);
        }
    }
}

/// <summary>The four warps of a warpgroup must issue the same products in the same order.</summary>
internal sealed class WarpgroupState
{
    private const int Kept = 16;
    private readonly List<int> sequence = [];
    private readonly float[]?[] converted = new float[]?[Kept];
    private readonly int[] numbers = [.. Enumerable.Repeat(-1, Kept)];

    /// <summary>Room for the right matrix of a product as float32; <paramref name="filled"/> where another warp of the group has converted it.</summary>
    public float[] Right(int number, out bool filled)
    {
        int place = number % Kept;
        filled = numbers[place] == number;
        numbers[place] = number;
        return converted[place] ??= new float[16 * 256];
    }

    public void Record(Warp w, Instruction instruction, int number)
    {
        if (number == sequence.Count)
            sequence.Add(instruction.Index);
        else if (sequence[number] != instruction.Index)
            throw w.Fault(EmulationFault.Divergence, w.Mask, "the warps of a warpgroup issue different wgmma");
    }

    public void CheckEnd(Warp[] warps, int first)
    {
        if (sequence.Count == 0)
            return;
        for (int i = first; i < first + 4; i++)
        {
            if (i >= warps.Length || warps[i].Products.Issued != sequence.Count)
            {
                Warp w = warps[Math.Min(i, warps.Length - 1)];
                throw w.Fault(EmulationFault.Divergence, w.Existing, $"a warp of the warpgroup issued {(i >= warps.Length ? 0 : w.Products.Issued)} wgmma, another {sequence.Count}");
            }
        }
    }

    /// <summary>Another instruction touches a register of a product that is under way.</summary>
    public void CheckRegister(Warp w, Instruction instruction, int register, string name) => throw w.Fault(EmulationFault.PendingCopy, w.Mask,
        $"register {name} belongs to a wgmma that was not waited for");
}

/// <summary>wgmma.mma_async m64nNk16: this warp's 16 rows. Fragments lie as in mma m16n8k16.</summary>
internal sealed unsafe class WgmmaInstruction(int n, bool half, int[] d, int[]? a, int aDescriptor, int bDescriptor, int scale, uint scaleFlip, bool negateA, bool negateB, bool transposeA, bool transposeB,
    int[] accumulators, int[] inputs, KernelCode kernel) : Instruction, ICountsFlops
{
    /// <summary>A warp's share of the warpgroup's product.</summary>
    public long Flops => 16L * n * 16 * 2;

    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        if (mask != ~0u)
            throw w.Fault(EmulationFault.Divergence, mask, "wgmma needs all 32 lanes");
        if (!w.Products.Fenced)
            throw w.Fault(EmulationFault.PendingCopy, mask, "the first wgmma of a warp needs wgmma.fence before it");
        foreach (int register in accumulators)
            Claim(w, mask, register, 1);
        foreach (int register in inputs)
            Claim(w, mask, register, 2);
        ulong left = a is null ? Uniform(w, aDescriptor) : 0, right = Uniform(w, bDescriptor);
        if (a is null)
            Check(w, left, transposeA, 64);
        Check(w, right, transposeB, n);
        uint p = *(uint*)(w.Registers + scale) ^ scaleFlip;
        if (p != 0 && p != ~0u)
            throw w.Fault(EmulationFault.Divergence, mask, "scale-d differs between lanes");
        w.Products.Issue(w, this, left, right, p != 0);
    }

    private void Claim(Warp w, uint mask, int register, int use)
    {
        int index = kernel.AsyncIndex[register];
        if (w.AsyncDirty[index] != 0)
            throw w.Fault(EmulationFault.PendingCopy, mask, $"register {kernel.AsyncNames[index]} was written after the last wgmma.fence");
        if (use == 2 ? (w.AsyncUse[index] & 0x00ff) != 0 : (w.AsyncUse[index] & 0xff00) != 0)
            throw w.Fault(EmulationFault.PendingCopy, mask, $"register {kernel.AsyncNames[index]} is accumulator of one wgmma under way and input of another");
        w.AsyncUse[index] += (ushort)(use == 2 ? 0x100 : 0x001);
        if (w.AsyncUse[index] is 0x00ff or 0xff00)
            throw w.Fault(EmulationFault.Limit, mask, "more than 254 wgmma under way share a register");
    }

    private static ulong Uniform(Warp w, int slot)
    {
        ulong* x = (ulong*)(w.Registers + slot);
        for (int i = 1; i < 32; i++)
        {
            if (x[i] != x[0])
                throw w.Fault(EmulationFault.Divergence, ~0u, "the lanes give different matrix descriptors");
        }
        return x[0];
    }

    private static void Check(Warp w, ulong bits, bool transposed, int rows)
    {
        var descriptor = new WgmmaDescriptor(bits);
        if (descriptor.HasStrayBits)
            throw w.Fault(EmulationFault.Argument, ~0u, $"matrix descriptor {bits:x16} has bits set that must be zero");
        // The pattern's start must be known from the address alone unless a base offset says otherwise.
        Read(w, descriptor, transposed, rows, null, false);
    }

    /// <summary>
    /// Reads rows × 16 elements as float32, laid out [k][row], or only checks them. Of each eight rows the even ones come first, as
    /// accumulators lie in the register file.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(Warp w, WgmmaDescriptor descriptor, bool transposed, int rows, float* to, bool half)
    {
        Checking.SharedMemory shared = w.Block.Shared;
        float* part = stackalloc float[8];
        int outer = transposed ? rows / 8 : rows, inner = transposed ? 16 : 2;
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < inner; i++)
            {
                uint address = descriptor.Address(o, i, transposed);
                shared.AsyncRead(w, 0, address, 16, w.Clock, w.Fenced);
                if (to == null)
                    continue;
                MultiplyMatrices.Widen(shared.Base + address, half).Store(part);
                for (int e = 0; e < 8; e++)
                {
                    if (transposed)
                        to[(i * rows) + (o * 8) + Place(e)] = part[e];
                    else
                        to[(((i * 8) + e) * rows) + (o & ~7) + Place(o & 7)] = part[e];
                }
            }
        }
    }

    private static int Place(int row) => (row >> 1) + ((row & 1) * 4);

    /// <summary>Carries the product out, for this warp's rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Compute(Warp w, PendingProduct product)
    {
        w.Current = this;
        float* left = stackalloc float[16 * 64];
        int first = 16 * (w.Index % 4);
        if (a is null)
            Read(w, new WgmmaDescriptor(product.A), transposeA, 64, left, half);
        else
        {
            first = 0;
            ReadRegisters(w, a, half, left);
        }
        fixed (float* right = w.Warpgroup!.Right(product.Number, out bool filled))
        {
            Read(w, new WgmmaDescriptor(product.B), transposeB, n, filled ? null : right, half);
            for (int m = 0; m < 16; m++)
            {
                float* row = left + first + (m & 8) + Place(m & 7);
                int j = 0;
                for (; j + 32 <= n; j += 32)
                    Columns32(w, row, right, m, j, product.Accumulate);
                for (; j < n; j += 8)
                    Columns8(w, row, right, m, j, product.Accumulate);
            }
        }
        foreach (int register in accumulators)
            w.AsyncUse[kernel.AsyncIndex[register]] -= 0x01;
        foreach (int register in inputs)
            w.AsyncUse[kernel.AsyncIndex[register]] -= 0x100;
    }

    private Vector256<float> Old(Warp w, int m, int j, bool accumulate) => !accumulate ? default : Vector256.Create(
        Vector128.Load((float*)(w.Registers + d[(j / 2) + (m >> 3 << 1)]) + (4 * (m & 7))), Vector128.Load((float*)(w.Registers + d[(j / 2) + (m >> 3 << 1) + 1]) + (4 * (m & 7))));

    private void Save(Warp w, int m, int j, Vector256<float> sum)
    {
        sum.GetLower().Store((float*)(w.Registers + d[(j / 2) + (m >> 3 << 1)]) + (4 * (m & 7)));
        sum.GetUpper().Store((float*)(w.Registers + d[(j / 2) + (m >> 3 << 1) + 1]) + (4 * (m & 7)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Columns32(Warp w, float* left, float* right, int m, int j, bool accumulate)
    {
        float sign = negateA == negateB ? 1 : -1;
        Vector256<float> s0 = Old(w, m, j, accumulate), s1 = Old(w, m, j + 8, accumulate), s2 = Old(w, m, j + 16, accumulate), s3 = Old(w, m, j + 24, accumulate);
        float* row = right + j;
        for (int k = 0; k < 16; k++, row += n)
        {
            Vector256<float> x = Vector256.Create(sign * left[k * 64]);
            s0 = Vector256.FusedMultiplyAdd(x, Vector256.Load(row), s0);
            s1 = Vector256.FusedMultiplyAdd(x, Vector256.Load(row + 8), s1);
            s2 = Vector256.FusedMultiplyAdd(x, Vector256.Load(row + 16), s2);
            s3 = Vector256.FusedMultiplyAdd(x, Vector256.Load(row + 24), s3);
        }
        Save(w, m, j, s0);
        Save(w, m, j + 8, s1);
        Save(w, m, j + 16, s2);
        Save(w, m, j + 24, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Columns8(Warp w, float* left, float* right, int m, int j, bool accumulate)
    {
        float sign = negateA == negateB ? 1 : -1;
        Vector256<float> sum = Old(w, m, j, accumulate);
        for (int k = 0; k < 16; k++)
            sum = Vector256.FusedMultiplyAdd(Vector256.Create(sign * left[k * 64]), Vector256.Load(right + (k * n) + j), sum);
        Save(w, m, j, sum);
    }

    /// <summary>A from registers: 16 rows, stored [k][64] like A from shared memory.</summary>
    private static void ReadRegisters(Warp w, int[] a, bool half, float* left)
    {
        float* part = stackalloc float[8];
        for (int i = 0; i < 4; i++)
        {
            for (int g = 0; g < 8; g++)
            {
                MultiplyMatrices.Widen(w.Registers + a[i] + (g * 16), half).Store(part);
                for (int e = 0; e < 8; e++)
                    left[(((8 * (i >> 1)) + e) * 64) + Place(g) + (8 * (i & 1))] = part[e];
            }
        }
    }
}

internal sealed class WgmmaFence : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        w.Products.Fenced = true;
        Array.Clear(w.AsyncDirty);
    }
}

internal sealed class WgmmaCommit : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        if (w.Converged(mask, ~0u))
            w.Products.Commit();
    }
}

internal sealed class WgmmaWait(int most) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        if (w.Converged(mask, ~0u))
            w.Products.Wait(w, most);
    }
}
