using System.Runtime.CompilerServices;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed unsafe class PredicateLogic(int d, int a, uint aFlip, int b, uint bFlip, string name) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        uint x = *(uint*)(w.Registers + a) ^ aFlip, y = *(uint*)(w.Registers + b) ^ bFlip;
        Predicates.Set(w, d, name switch { "and" => x & y, "or" => x | y, "xor" => x ^ y, "not" => ~x, _ => x }, mask);
    }
}

internal sealed unsafe class LookupLogic(int d, int a, int b, int c, int table) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        uint* to = (uint*)(w.Registers + d), x = (uint*)(w.Registers + a), y = (uint*)(w.Registers + b), z = (uint*)(w.Registers + c);
        for (int i = 0; i < 32; i++)
        {
            if ((mask >> i & 1) == 0)
                continue;
            uint result = 0;
            for (int k = 0; k < 8; k++)
            {
                if ((table >> k & 1) != 0)
                    result |= ((k & 4) != 0 ? x[i] : ~x[i]) & ((k & 2) != 0 ? y[i] : ~y[i]) & ((k & 1) != 0 ? z[i] : ~z[i]);
            }
            to[i] = result;
        }
    }
}

internal sealed unsafe class SelectInstruction(int d, int a, int b, int p, uint flip, bool wide) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        uint choice = *(uint*)(w.Registers + p) ^ flip;
        if (wide)
        {
            ulong* to = (ulong*)(w.Registers + d), x = (ulong*)(w.Registers + a), y = (ulong*)(w.Registers + b);
            for (int i = 0; i < 32; i++)
            {
                if ((mask >> i & 1) != 0)
                    to[i] = (choice >> i & 1) != 0 ? x[i] : y[i];
            }
            return;
        }
        uint* t = (uint*)(w.Registers + d), u = (uint*)(w.Registers + a), v = (uint*)(w.Registers + b);
        for (int i = 0; i < 32; i++)
        {
            if ((mask >> i & 1) != 0)
                t[i] = (choice >> i & 1) != 0 ? u[i] : v[i];
        }
    }
}

/// <summary>A comparison that leaves ones or zero in a register.</summary>
internal sealed unsafe class SetRegister(Instruction compare, int hidden, int d, uint one) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        compare.Execute(w, mask);
        uint p = *(uint*)(w.Registers + hidden);
        uint* to = (uint*)(w.Registers + d);
        for (int i = 0; i < 32; i++)
        {
            if ((mask >> i & 1) != 0)
                to[i] = (p >> i & 1) != 0 ? one : 0;
        }
    }
}

internal struct Slot16 : IUnary<uint, float>
{
    public static float Apply(uint a) => (short)a;
}

internal struct SlotHalf : IUnary<uint, float>
{
    public static float Apply(uint a) => HalfMath.FromHalf((ushort)a);
}

internal struct SlotBFloat : IUnary<uint, float>
{
    public static float Apply(uint a) => HalfMath.FromBFloat((ushort)a);
}

/// <summary>Widens two 16-bit operands into scratch slots at the register file's end and runs an instruction on them.</summary>
internal sealed unsafe class Narrow<TSlot>(Instruction inner, int a, int b) : Instruction
    where TSlot : struct, IUnary<uint, float>
{
    public const int First = 0;
    public const int Second = 128;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        uint* x = (uint*)(w.Registers + a), y = (uint*)(w.Registers + b);
        float* u = (float*)(w.Registers + First), v = (float*)(w.Registers + Second);
        for (int i = 0; i < 32; i++)
        {
            u[i] = TSlot.Apply(x[i]);
            v[i] = TSlot.Apply(y[i]);
        }
        inner.Execute(w, mask);
    }
}

internal sealed unsafe class PackedCompare(int p, int q, int a, int b, bool half, Func<float, float, bool> compare) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        uint* x = (uint*)(w.Registers + a), y = (uint*)(w.Registers + b);
        uint low = 0, high = 0;
        for (int i = 0; i < 32; i++)
        {
            low |= (compare(HalfMath.Widen(x[i] & 0xffff, half), HalfMath.Widen(y[i] & 0xffff, half)) ? 1u : 0) << i;
            high |= (compare(HalfMath.Widen(x[i] >> 16, half), HalfMath.Widen(y[i] >> 16, half)) ? 1u : 0) << i;
        }
        if (p >= 0)
            Predicates.Set(w, p, low, mask);
        if (q >= 0)
            Predicates.Set(w, q, high, mask);
    }
}
