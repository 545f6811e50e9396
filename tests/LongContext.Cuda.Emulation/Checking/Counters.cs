using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LongContext.Cuda.Emulation.Checking;

/// <summary>What one worker counted, an entry for each instruction of the kernel.</summary>
internal sealed unsafe class Counters : IDisposable
{
    public readonly int Length;
    public readonly long* Hits;
    public readonly long* Sectors;
    public readonly long* Bytes;
    public readonly long* Wavefronts;
    public readonly long* Ideal;

    public Counters(int length)
    {
        Length = length;
        Hits = (long*)NativeMemory.AllocZeroed((nuint)length * 5, 8);
        Sectors = Hits + length;
        Bytes = Sectors + length;
        Wavefronts = Bytes + length;
        Ideal = Wavefronts + length;
    }

    public void Dispose() => NativeMemory.Free(Hits);

    /// <summary>Sectors of 32 bytes that one access of a warp touches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Global(int index, long* addresses, uint mask, int width)
    {
        long* seen = stackalloc long[64];
        int count = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            long address = addresses[BitOperations.TrailingZeroCount(m)];
            for (long sector = address >> 5; sector <= (address + width - 1) >> 5; sector++)
            {
                int i = count - 1;
                while (i >= 0 && seen[i] != sector)
                    i--;
                if (i < 0 && count < 64)
                    seen[count++] = sector;
            }
        }
        Sectors[index] += count;
        Bytes[index] += (long)BitOperations.PopCount(mask) * width;
    }

    /// <summary>
    /// Passes over the 32 banks that one access of a warp takes. Accesses of 8 bytes go in half-warps, of 16 bytes in quarter-warps;
    /// equal words of a pass are fetched once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Shared(int index, long* addresses, uint mask, int width)
    {
        int lanes = width >= 16 ? 8 : width == 8 ? 16 : 32;
        for (int first = 0; first < 32; first += lanes)
        {
            uint part = lanes == 32 ? mask : mask & (((1u << lanes) - 1) << first);
            if (part == 0)
                continue;
            Ideal[index]++;
            Wavefronts[index] += Phase(addresses, part, width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Phase(long* addresses, uint part, int width)
    {
        int words = Math.Max(1, width / 4);
        uint used = 0;
        bool clash = false;
        uint mask = words >= 32 ? ~0u : (1u << words) - 1;
        for (uint m = part; m != 0; m &= m - 1)
        {
            uint banks = mask << (int)((addresses[BitOperations.TrailingZeroCount(m)] >> 2) & 31);
            clash |= (used & banks) != 0;
            used |= banks;
        }
        return clash ? Conflicts(addresses, part, words) : 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Conflicts(long* addresses, uint part, int words)
    {
        int* count = stackalloc int[32];
        long* seen = stackalloc long[32 * 32];
        int worst = 1;
        for (int i = 0; i < 32; i++)
            count[i] = 0;
        for (uint m = part; m != 0; m &= m - 1)
        {
            long word = addresses[BitOperations.TrailingZeroCount(m)] >> 2;
            for (int i = 0; i < words; i++, word++)
            {
                int bank = (int)(word & 31), k = count[bank] - 1;
                while (k >= 0 && seen[(bank * 32) + k] != word)
                    k--;
                if (k < 0 && count[bank] < 32)
                {
                    seen[(bank * 32) + count[bank]++] = word;
                    worst = Math.Max(worst, count[bank]);
                }
            }
        }
        return worst;
    }
}
