using System.Runtime.CompilerServices;
using LongContext.Cuda.Emulation.Checking;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>Where an address comes from: a register (or none, slot −1) and a constant.</summary>
internal readonly unsafe record struct AddressSource(int Slot, bool Wide, long Offset)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Get(byte* registers, int lane) => Slot < 0 ? Offset
        : Wide ? ((long*)(registers + Slot))[lane] + Offset : ((uint*)(registers + Slot))[lane] + Offset;
}

/// <summary>One kind of access of up to 16 bytes a lane, with all checks.</summary>
internal readonly unsafe struct MemoryAccess(PtxSpace space, AddressSource address, int bytes, int site)
{
    public readonly int Bytes = bytes;

    public readonly PtxSpace Space = space;

    public long Address(Warp w, int lane) => address.Get(w.Registers, lane);

    /// <summary>Host pointer to what the lane accesses, after the checks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public byte* Resolve(Warp w, int lane, long at, bool write, bool atomic = false)
    {
        PtxSpace where = Space;
        if (where == PtxSpace.Generic)
        {
            long window = AddressSpaces.Window(at);
            where = window switch
            {
                AddressSpaces.Shared => PtxSpace.Shared, AddressSpaces.Local => PtxSpace.Local,
                AddressSpaces.Constant => PtxSpace.Constant, AddressSpaces.Parameter => PtxSpace.Parameter, _ => PtxSpace.Global,
            };
            at -= AddressSpaces.Base(where);
        }
        if ((at & (Bytes - 1)) != 0)
            throw w.Fault(EmulationFault.Misaligned, 1u << lane, $"{(write ? "write" : "read")} of {Bytes} bytes at {where} address {at:x}, which is not a multiple of {Bytes}");
        switch (where)
        {
            case PtxSpace.Global:
                return Global(w, lane, at, write);
            case PtxSpace.Shared:
                if (write || atomic)
                    w.Block.Shared.Write(w, lane, at, Bytes, atomic);
                else
                    w.Block.Shared.Read(w, lane, at, Bytes);
                return w.Block.Shared.Base + at;
            case PtxSpace.Local:
                int local = w.Block.Kernel.LocalBytes;
                Limit(w, lane, at, local, "local");
                return w.Local + ((long)lane * local) + at;
            case PtxSpace.Parameter:
                Limit(w, lane, at, w.Block.Kernel.Source.ParameterBytes, "parameter");
                return w.Block.Launch.Parameters + at;
            default:
                Limit(w, lane, at, w.Block.Launch.ConstantBytes, "constant");
                return w.Block.Launch.Constants + at;
        }
    }

    private void Limit(Warp w, int lane, long at, int size, string name)
    {
        if (at < 0 || at + Bytes > size)
            throw w.Fault(EmulationFault.OutOfBounds, 1u << lane, $"access of {Bytes} bytes at {name} address {at}: there are {size} bytes");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private byte* Global(Warp w, int lane, long at, bool write)
    {
        ref Allocation? site_ = ref w.Block.Sites[site];
        Allocation? allocation = site_;
        if (allocation is null || at < allocation.Start || at + Bytes > allocation.End)
        {
            allocation = w.Block.Memory.Find(at, Bytes) ?? throw OutOfBounds(w, lane, at, Bytes, write);
            site_ = allocation;
        }
        if (allocation.Written != null)
            Shadow(w, lane, allocation, at, Bytes, write);
        return (byte*)at;
    }

    public static EmulationException OutOfBounds(Warp w, int lane, long at, int bytes, bool write) => w.Fault(EmulationFault.OutOfBounds, 1u << lane,
        $"{(write ? "write" : "read")} of {bytes} bytes at global address {at:x}, outside every allocation. {w.Block.Memory.Nearest(at)}");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Shadow(Warp w, int lane, Allocation allocation, long at, int bytes, bool write)
    {
        const ulong ones = 0x0101010101010101;
        byte* written = allocation.Written + (at - allocation.Start);
        if (write)
        {
            if (bytes == 16)
                ((ulong*)written)[0] = ((ulong*)written)[1] = ones;
            else if (bytes == 4)
                *(uint*)written = 0x01010101;
            else
                Unsafe.InitBlockUnaligned(written, 1, (uint)bytes);
            return;
        }
        if (bytes == 16 ? ((((ulong*)written)[0] ^ ones) | (((ulong*)written)[1] ^ ones)) == 0 : bytes == 4 && *(uint*)written == 0x01010101)
            return;
        for (int i = 0; i < bytes; i++)
        {
            if (written[i] == 0)
            {
                throw w.Fault(EmulationFault.Uninitialised, 1u << lane,
                    $"global byte at {at + i:x} is read, {at + i - allocation.Start} bytes into an allocation of {allocation.End - allocation.Start}, which nothing has written");
            }
        }
    }

    /// <summary>Counts sectors or bank passes.</summary>
    public void Count(Warp w, Instruction instruction, long* addresses, uint mask)
    {
        if (!w.Block.Launch.Options.CountMemory)
            return;
        if (Space == PtxSpace.Shared)
            w.Block.Counters.Shared(instruction.Index, addresses, mask, Bytes);
        else if (Space == PtxSpace.Global)
            w.Block.Counters.Global(instruction.Index, addresses, mask, Bytes);
        else if (Space == PtxSpace.Generic && AddressSpaces.Window(addresses[System.Numerics.BitOperations.TrailingZeroCount(mask)]) == 0)
            w.Block.Counters.Global(instruction.Index, addresses, mask, Bytes);
    }
}

/// <summary>Which registers the elements of an access go to or come from.</summary>
internal sealed record ElementLayout(int[] Slots, int Bytes, bool Signed, int RegisterBytes);

internal sealed unsafe class LoadInstruction(MemoryAccess access, ElementLayout layout) : Instruction
{
    private readonly int[] slots = layout.Slots;
    private readonly bool words = layout.Bytes == 4 && layout.RegisterBytes == 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        long* addresses = stackalloc long[32];
        if (words && slots.Length == 4)
        {
            ExecuteFour(w, mask, addresses);
            return;
        }
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = System.Numerics.BitOperations.TrailingZeroCount(m);
            long at = addresses[lane] = access.Address(w, lane);
            byte* from = access.Resolve(w, lane, at, false);
            for (int i = 0; i < slots.Length; i++)
            {
                if (words && slots[i] >= 0)
                    ((uint*)(w.Registers + slots[i]))[lane] = ((uint*)from)[i];
                else if (slots[i] >= 0)
                    Store(w, slots[i], lane, from + (i * layout.Bytes));
            }
        }
        access.Count(w, this, addresses, mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ExecuteFour(Warp w, uint mask, long* addresses)
    {
        uint* dropped = stackalloc uint[32];
        uint* r0 = To(w, 0, dropped), r1 = To(w, 1, dropped), r2 = To(w, 2, dropped), r3 = To(w, 3, dropped);
        SharedMemory? shared = access.Space == PtxSpace.Shared ? w.Block.Shared : null;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = System.Numerics.BitOperations.TrailingZeroCount(m);
            long at = addresses[lane] = access.Address(w, lane);
            uint* from;
            if (shared is not null && (at & 15) == 0)
            {
                shared.Read(w, lane, at, 16);
                from = (uint*)(shared.Base + at);
            }
            else
                from = (uint*)access.Resolve(w, lane, at, false);
            r0[lane] = from[0];
            r1[lane] = from[1];
            r2[lane] = from[2];
            r3[lane] = from[3];
        }
        access.Count(w, this, addresses, mask);
    }

    private uint* To(Warp w, int i, uint* dropped) => slots[i] < 0 ? dropped : (uint*)(w.Registers + slots[i]);

    private void Store(Warp w, int slot, int lane, byte* from)
    {
        long value = layout.Bytes switch
        {
            1 => layout.Signed ? *(sbyte*)from : *from,
            2 => layout.Signed ? *(short*)from : *(ushort*)from,
            4 => layout.Signed ? *(int*)from : *(uint*)from,
            _ => *(long*)from,
        };
        if (layout.RegisterBytes == 8)
            ((long*)(w.Registers + slot))[lane] = value;
        else
            ((uint*)(w.Registers + slot))[lane] = layout.RegisterBytes == 2 ? (ushort)value : (uint)value;
    }
}

internal sealed unsafe class StoreInstruction(MemoryAccess access, ElementLayout layout) : Instruction
{
    private readonly int[] slots = layout.Slots;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        long* addresses = stackalloc long[32];
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = System.Numerics.BitOperations.TrailingZeroCount(m);
            long at = addresses[lane] = access.Address(w, lane);
            byte* to = access.Resolve(w, lane, at, true);
            for (int i = 0; i < slots.Length; i++)
            {
                byte* register = w.Registers + slots[i];
                switch (layout.Bytes)
                {
                    case 4:
                        ((uint*)to)[i] = layout.RegisterBytes == 8 ? (uint)((ulong*)register)[lane] : ((uint*)register)[lane];
                        break;
                    case 8:
                        ((ulong*)to)[i] = ((ulong*)register)[lane];
                        break;
                    case 2:
                        ((ushort*)to)[i] = layout.RegisterBytes == 8 ? (ushort)((ulong*)register)[lane] : (ushort)((uint*)register)[lane];
                        break;
                    default:
                        to[i] = layout.RegisterBytes == 8 ? (byte)((ulong*)register)[lane] : (byte)((uint*)register)[lane];
                        break;
                }
            }
        }
        access.Count(w, this, addresses, mask);
    }
}
