using System.Runtime.CompilerServices;

namespace LongContext.Cuda.Emulation.Execution;

internal interface IUnary<TIn, TOut>
{
    static abstract TOut Apply(TIn a);
}

internal interface IBinary<TIn, TOut>
{
    static abstract TOut Apply(TIn a, TIn b);
}

internal interface ITernary<TIn, TOut>
{
    static abstract TOut Apply(TIn a, TIn b, TOut c);
}

/// <summary>d = op(a) for each lane. Register slots are byte offsets into the warp's register file.</summary>
internal sealed unsafe class Unary<TOp, TIn, TOut>(int d, int a) : Instruction
    where TOp : struct, IUnary<TIn, TOut>
    where TIn : unmanaged
    where TOut : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        TOut* to = (TOut*)(w.Registers + d);
        TIn* x = (TIn*)(w.Registers + a);
        if (mask == ~0u)
        {
            for (int i = 0; i < 32; i++)
                to[i] = TOp.Apply(x[i]);
            return;
        }
        for (int i = 0; mask != 0; i++, mask >>= 1)
        {
            if ((mask & 1) != 0)
                to[i] = TOp.Apply(x[i]);
        }
    }
}

internal sealed unsafe class Binary<TOp, TIn, TOut>(int d, int a, int b) : Instruction
    where TOp : struct, IBinary<TIn, TOut>
    where TIn : unmanaged
    where TOut : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        TOut* to = (TOut*)(w.Registers + d);
        TIn* x = (TIn*)(w.Registers + a), y = (TIn*)(w.Registers + b);
        if (mask == ~0u)
        {
            for (int i = 0; i < 32; i++)
                to[i] = TOp.Apply(x[i], y[i]);
            return;
        }
        for (int i = 0; mask != 0; i++, mask >>= 1)
        {
            if ((mask & 1) != 0)
                to[i] = TOp.Apply(x[i], y[i]);
        }
    }
}

internal sealed unsafe class Ternary<TOp, TIn, TOut>(int d, int a, int b, int c) : Instruction
    where TOp : struct, ITernary<TIn, TOut>
    where TIn : unmanaged
    where TOut : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        TOut* to = (TOut*)(w.Registers + d), z = (TOut*)(w.Registers + c);
        TIn* x = (TIn*)(w.Registers + a), y = (TIn*)(w.Registers + b);
        if (mask == ~0u)
        {
            for (int i = 0; i < 32; i++)
                to[i] = TOp.Apply(x[i], y[i], z[i]);
            return;
        }
        for (int i = 0; mask != 0; i++, mask >>= 1)
        {
            if ((mask & 1) != 0)
                to[i] = TOp.Apply(x[i], y[i], z[i]);
        }
    }
}

/// <summary>Predicate results: a comparison joined with another predicate, and the same of the opposite.</summary>
internal sealed unsafe class Compare<TOp, T>(int d, int opposite, int a, int b, int other, uint otherFlip, int join) : Instruction
    where TOp : struct, IBinary<T, bool>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        T* x = (T*)(w.Registers + a), y = (T*)(w.Registers + b);
        uint result = 0;
        for (int i = 0; i < 32; i++)
            result |= (TOp.Apply(x[i], y[i]) ? 1u : 0u) << i;
        uint inverse = ~result;
        if (join != 0)
        {
            uint c = *(uint*)(w.Registers + other) ^ otherFlip;
            result = join == 1 ? result & c : join == 2 ? result | c : result ^ c;
            inverse = join == 1 ? inverse & c : join == 2 ? inverse | c : inverse ^ c;
        }
        if (d >= 0)
            Predicates.Set(w, d, result, mask);
        if (opposite >= 0)
            Predicates.Set(w, opposite, inverse, mask);
    }
}

internal static unsafe class Predicates
{
    public static void Set(Warp w, int slot, uint value, uint mask)
    {
        uint* p = (uint*)(w.Registers + slot);
        *p = (*p & ~mask) | (value & mask);
    }
}

/// <summary>The rare operations: each a function on the bits of up to four operands of 32 or 64 bits.</summary>
internal sealed unsafe class Rare(int d, int width, int[] sources, int[] widths, Func<ulong, ulong, ulong, ulong> operation) : Instruction
{
    /// <summary>Set where there are four operands.</summary>
    public Func<ulong, ulong, ulong, ulong, ulong>? Four { get; init; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = System.Numerics.BitOperations.TrailingZeroCount(mask);
            ulong a = Get(w, 0, lane), b = sources.Length > 1 ? Get(w, 1, lane) : 0, c = sources.Length > 2 ? Get(w, 2, lane) : 0;
            ulong result = Four is null ? operation(a, b, c) : Four(a, b, c, Get(w, 3, lane));
            if (width == 8)
                ((ulong*)(w.Registers + d))[lane] = result;
            else
                ((uint*)(w.Registers + d))[lane] = width == 2 ? (ushort)result : (uint)result;
        }
    }

    private ulong Get(Warp w, int i, int lane) =>
        widths[i] == 8 ? ((ulong*)(w.Registers + sources[i]))[lane] : ((uint*)(w.Registers + sources[i]))[lane];
}
