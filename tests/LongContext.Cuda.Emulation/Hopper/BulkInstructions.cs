using System.Numerics;
using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Hopper;

/// <summary>Common to bulk copies: barrier and announcements.</summary>
internal static unsafe class Bulk
{
    public static MemoryBarrier Barrier(Warp w, int lane, long address)
    {
        MemoryBarrier barrier = w.Block.Hopper.Barrier(w, lane, Shared(address));
        if (!barrier.Announced)
        {
            throw w.Fault(EmulationFault.Proxy, 1u << lane,
                $"{barrier.Standing} is given to a copy engine that does not know it: its maker needs fence.mbarrier_init or fence.proxy.async after mbarrier.init");
        }
        return barrier;
    }

    public static long Shared(long address) => AddressSpaces.Window(address) == AddressSpaces.Shared ? address - AddressSpaces.Shared : address;

    public static void CountSectors(Warp w, Instruction instruction, long address, int bytes)
    {
        w.Block.Counters.Sectors[instruction.Index] += ((address + bytes - 1) >> 5) - (address >> 5) + 1;
        w.Block.Counters.Bytes[instruction.Index] += bytes;
    }
}

/// <summary>cp.async.bulk and cp.reduce.async.bulk of plain bytes.</summary>
internal sealed unsafe class BulkCopyInstruction(bool load, AddressSource to, AddressSource from, int size, AddressSource barrier, string reduction, string type) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            long target = to.Get(w.Registers, lane), start = from.Get(w.Registers, lane);
            uint bytes = ((uint*)(w.Registers + size))[lane];
            if (bytes == 0 || bytes % 16 != 0 || bytes > int.MaxValue)
                throw w.Fault(EmulationFault.Argument, 1u << lane, $"a bulk copy of {bytes} bytes: a multiple of 16 is expected");
            long shared = Bulk.Shared(load ? target : start), global = load ? start : target;
            w.Block.Shared.Aligned(w, lane, shared, 16, "bulk copy");
            if ((global & 15) != 0)
                throw w.Fault(EmulationFault.Misaligned, 1u << lane, $"a bulk copy with global address {global:x}, which is not a multiple of 16");
            MemoryBarrier? object_ = load ? Bulk.Barrier(w, lane, barrier.Get(w.Registers, lane)) : null;
            var operation = new BulkOperation(w, lane, this, object_) { Group = w.BulkGroups[lane], Reduction = reduction, ReductionType = type };
            operation.Add((uint)shared, global, (int)bytes);
            operation.Issue();
            w.Block.Hopper.Begin(operation);
            Bulk.CountSectors(w, this, global, (int)bytes);
        }
    }
}

/// <summary>cp.async.bulk.tensor in tile mode, both directions, and its reduction.</summary>
internal sealed unsafe class TensorCopyInstruction(bool load, AddressSource map, int[] coordinates, AddressSource shared, AddressSource barrier, string reduction) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        for (uint m = mask; m != 0; m &= m - 1)
            Execute(w, BitOperations.TrailingZeroCount(m));
    }

    private void Execute(Warp w, int lane)
    {
        TensorMap* tensor = Map(w, lane, map.Get(w.Registers, lane));
        if (tensor->Rank != coordinates.Length)
            throw w.Fault(EmulationFault.Argument, 1u << lane, $"{coordinates.Length} coordinates for a tensor map of {tensor->Rank} dimensions");
        long at = Bulk.Shared(shared.Get(w.Registers, lane));
        w.Block.Shared.Aligned(w, lane, at, 128, "tensor copy");
        int inner = tensor->Box[0] * tensor->ElementBytes;
        // The pattern repeats after 8 spans and is a function of the address alone.
        if (tensor->Swizzle != 0 && inner != tensor->Span)
            throw w.Fault(EmulationFault.Argument, 1u << lane, $"rows of {inner} bytes with a swizzle of {tensor->Span}: only full rows are emulated");
        MemoryBarrier? object_ = load ? Bulk.Barrier(w, lane, barrier.Get(w.Registers, lane)) : null;
        var operation = new BulkOperation(w, lane, this, object_)
        {
            Group = w.BulkGroups[lane],
            Reduction = reduction,
            ReductionType = reduction.Length == 0 ? "" : tensor->TypeName,
            Fill = tensor->FillNaN == 1 ? (byte)0xff : (byte)0,
        };
        AddRows(w, lane, tensor, (uint)at, operation);
        operation.Issue();
        w.Block.Hopper.Begin(operation);
    }

    private void AddRows(Warp w, int lane, TensorMap* tensor, uint at, BulkOperation operation)
    {
        int* index = stackalloc int[5];
        int rows = 1;
        for (int i = 0; i < 5; i++)
        {
            index[i] = 0;
            if (i > 0 && i < tensor->Rank)
                rows *= tensor->Box[i];
        }
        int bytes = tensor->ElementBytes;
        uint linear = at;
        for (int row = 0; row < rows; row++)
        {
            long address = tensor->Address;
            bool inside = true;
            for (int i = 1; i < tensor->Rank; i++)
            {
                long place = Coordinate(w, i, lane) + ((long)index[i] * tensor->Steps[i]);
                inside &= place >= 0 && place < tensor->Sizes[i];
                address += place * tensor->Strides[i - 1];
            }
            AddRow(w, lane, tensor, linear, address, inside, operation);
            linear += (uint)(tensor->Box[0] * bytes);
            for (int i = 1; i < tensor->Rank; i++)
            {
                if (++index[i] < tensor->Box[i])
                    break;
                index[i] = 0;
            }
        }
    }

    /// <summary>One row of the box in pieces of at most 16 bytes where a pattern exchanges them, cut at the tensor's border.</summary>
    private void AddRow(Warp w, int lane, TensorMap* tensor, uint linear, long address, bool inside, BulkOperation operation)
    {
        int element = tensor->ElementBytes, step = tensor->Steps[0];
        long first = Coordinate(w, 0, lane);
        int piece = tensor->Swizzle == 0 && step == 1 ? tensor->Box[0] : Math.Max(1, 16 / element);
        if (step != 1)
            piece = 1;
        for (int i = 0; i < tensor->Box[0]; i += piece)
        {
            int count = Math.Min(piece, tensor->Box[0] - i);
            uint shared = TensorMap.Exchange(linear + (uint)(i * element), tensor->Swizzle);
            long start = first + ((long)i * step);
            long low = inside ? Math.Clamp(-start, 0, count) : count, high = inside ? Math.Clamp(tensor->Sizes[0] - start, 0, count) : count;
            if (low >= high)
            {
                operation.Add(shared, 0, count * element);
                continue;
            }
            if (low > 0)
                operation.Add(shared, 0, (int)low * element);
            long global = address + ((start + low) * element);
            operation.Add(shared + (uint)(low * element), global, (int)(high - low) * element);
            Bulk.CountSectors(w, this, global, (int)(high - low) * element);
            if (high < count)
                operation.Add(shared + (uint)(high * element), 0, (int)(count - high) * element);
        }
    }

    private long Coordinate(Warp w, int i, int lane) => ((int*)(w.Registers + coordinates[i]))[lane];

    private static TensorMap* Map(Warp w, int lane, long address)
    {
        byte* at = AddressSpaces.Window(address) switch
        {
            AddressSpaces.Parameter when address - AddressSpaces.Parameter + 128 <= w.Block.Kernel.Source.ParameterBytes => w.Block.Launch.Parameters + (address - AddressSpaces.Parameter),
            AddressSpaces.Constant when address - AddressSpaces.Constant + 128 <= w.Block.Launch.ConstantBytes => w.Block.Launch.Constants + (address - AddressSpaces.Constant),
            0 when w.Block.Memory.Find(address, 128) is not null => (byte*)address,
            _ => throw w.Fault(EmulationFault.OutOfBounds, 1u << lane, $"a tensor map at {address:x}"),
        };
        if ((address & 63) != 0)
            throw w.Fault(EmulationFault.Misaligned, 1u << lane, $"a tensor map at {address:x}, which is not a multiple of 64");
        if (!((TensorMap*)at)->IsValid)
            throw w.Fault(EmulationFault.Argument, 1u << lane, "the tensor map was not made by cuTensorMapEncodeTiled");
        return (TensorMap*)at;
    }
}

internal sealed class BulkCommit : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
            w.BulkGroups[BitOperations.TrailingZeroCount(mask)]++;
    }
}

internal sealed class BulkWait(int most, bool readOnly) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            w.Block.Hopper.CompleteStores(w, lane, w.BulkGroups[lane] - 1 - most, !readOnly);
        }
    }
}
