using System.Numerics;
using System.Runtime.CompilerServices;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>atom and red. Lanes go one after the other; against other blocks each element is exchanged atomically.</summary>
internal sealed unsafe class AtomicInstruction(MemoryAccess access, string op, PtxType type, int[] result, int[] value, int other) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        long* addresses = stackalloc long[32];
        int bytes = type.Bytes();
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            long at = addresses[lane] = access.Address(w, lane);
            byte* to = access.Resolve(w, lane, at, false, true);
            for (int i = 0; i < value.Length; i++)
            {
                ulong operand = Get(w, value[i], lane, bytes);
                ulong compare = other >= 0 ? Get(w, other, lane, bytes) : 0;
                ulong old = bytes == 8 ? Exchange64((ulong*)to + i, operand, compare) : bytes == 4 ? Exchange32((uint*)to + i, operand, compare) : Exchange16(to + (i * 2), operand);
                if (result.Length == 0)
                    continue;
                if (bytes == 8)
                    ((ulong*)(w.Registers + result[i]))[lane] = old;
                else
                    ((uint*)(w.Registers + result[i]))[lane] = (uint)old;
            }
        }
        access.Count(w, this, addresses, mask);
        w.Block.Events++;
    }

    private static ulong Get(Warp w, int slot, int lane, int bytes) => bytes == 8 ? ((ulong*)(w.Registers + slot))[lane] : ((uint*)(w.Registers + slot))[lane];

    private ulong Exchange32(uint* to, ulong operand, ulong compare)
    {
        for (; ; )
        {
            uint old = Volatile.Read(ref *to);
            if (Interlocked.CompareExchange(ref *to, (uint)Next(old, operand, compare), old) == old)
                return old;
        }
    }

    private ulong Exchange64(ulong* to, ulong operand, ulong compare)
    {
        for (; ; )
        {
            ulong old = Volatile.Read(ref *to);
            if (Interlocked.CompareExchange(ref *to, Next(old, operand, compare), old) == old)
                return old;
        }
    }

    private ulong Exchange16(byte* to, ulong operand)
    {
        for (; ; )
        {
            ushort old = Volatile.Read(ref *(ushort*)to);
            if (Interlocked.CompareExchange(ref *(ushort*)to, (ushort)Next(old, operand, 0), old) == old)
                return old;
        }
    }

    private ulong Next(ulong old, ulong x, ulong compare)
    {
        switch (op)
        {
            case "add" when type == PtxType.F32:
                return BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle((uint)old) + BitConverter.UInt32BitsToSingle((uint)x));
            case "add" when type == PtxType.F64:
                return BitConverter.DoubleToUInt64Bits(BitConverter.UInt64BitsToDouble(old) + BitConverter.UInt64BitsToDouble(x));
            case "add" or "min" or "max" when type.IsFloat():
                return Halves(old, x);
            case "add":
                return old + x;
            case "and":
                return old & x;
            case "or":
                return old | x;
            case "xor":
                return old ^ x;
            case "exch":
                return x;
            case "cas":
                return old == x ? compare : old;
            case "inc":
                return old >= x ? 0 : old + 1;
            case "dec":
                return old == 0 || old > x ? x : old - 1;
        }
        bool less = type switch { PtxType.S32 => (int)old < (int)x, PtxType.S64 => (long)old < (long)x, _ => old < x };
        return less == (op == "min") ? old : x;
    }

    private ulong Halves(ulong old, ulong x)
    {
        bool half = type is PtxType.F16 or PtxType.F16x2;
        ulong One(uint a, uint b)
        {
            float u = HalfMath.Widen(a & 0xffff, half), v = HalfMath.Widen(b & 0xffff, half);
            return HalfMath.Narrow(op switch { "add" => (double)u + v, "min" => HalfMath.Minimum(u, v, false), _ => HalfMath.Maximum(u, v, false) }, half);
        }

        ulong low = One((uint)old, (uint)x);
        return type.Bytes() == 2 ? low : low | (One((uint)old >> 16, (uint)x >> 16) << 16);
    }
}
