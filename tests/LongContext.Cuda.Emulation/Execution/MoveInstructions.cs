using System.Runtime.CompilerServices;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed class NoOperation : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
    }
}

internal sealed unsafe class SpaceTest(int d, int a, long window) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        uint result = 0;
        for (int i = 0; i < 32; i++)
            result |= (AddressSpaces.Window(((long*)(w.Registers + a))[i]) == window ? 1u : 0) << i;
        if (d >= 0)
            Predicates.Set(w, d, result, mask);
    }
}

internal sealed unsafe class ClockInstruction(int d, int bytes) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        for (int i = 0; i < 32; i++)
        {
            if ((mask >> i & 1) == 0)
                continue;
            if (bytes == 8)
                ((long*)(w.Registers + d))[i] = Environment.TickCount64 * 1_000_000;
            else
                ((int*)(w.Registers + d))[i] = Environment.TickCount;
        }
    }
}

internal sealed unsafe class PackInstruction(int d, int bytes, int[] parts, int partBytes) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        byte* value = stackalloc byte[16];
        for (int i = 0; i < 32; i++)
        {
            if ((mask >> i & 1) == 0)
                continue;
            for (int k = 0; k < parts.Length; k++)
            {
                byte* from = w.Registers + parts[k];
                if (partBytes == 2)
                    ((ushort*)value)[k] = (ushort)((uint*)from)[i];
                else if (partBytes == 4)
                    ((uint*)value)[k] = ((uint*)from)[i];
                else
                    ((ulong*)value)[k] = ((ulong*)from)[i];
            }
            Buffer.MemoryCopy(value, w.Registers + d + (i * bytes), bytes, bytes);
        }
    }
}

internal sealed unsafe class UnpackInstruction(int[] parts, int partBytes, int a, int bytes) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        byte* value = stackalloc byte[16];
        for (int i = 0; i < 32; i++)
        {
            if ((mask >> i & 1) == 0)
                continue;
            Buffer.MemoryCopy(w.Registers + a + (i * bytes), value, 16, bytes);
            for (int k = 0; k < parts.Length; k++)
            {
                if (parts[k] < 0)
                    continue;
                byte* to = w.Registers + parts[k];
                if (partBytes == 2)
                    ((uint*)to)[i] = ((ushort*)value)[k];
                else if (partBytes == 4)
                    ((uint*)to)[i] = ((uint*)value)[k];
                else
                    ((ulong*)to)[i] = ((ulong*)value)[k];
            }
        }
    }
}
