using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>ldmatrix: lane 8·i + r gives the address of row r of matrix i; register i then holds that matrix, eight bytes… four lanes a row.</summary>
internal sealed unsafe class LoadMatrix(int[] to, AddressSource address, bool transpose) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        if (mask != ~0u)
            throw w.Fault(EmulationFault.Divergence, mask, "ldmatrix needs all 32 lanes");
        long* addresses = stackalloc long[32];
        for (int lane = 0; lane < 8 * to.Length; lane++)
        {
            addresses[lane] = address.Get(w.Registers, lane);
            w.Block.Shared.Aligned(w, lane, addresses[lane], 16, "ldmatrix");
            w.Block.Shared.Read(w, lane, addresses[lane], 16);
        }
        byte* shared = w.Block.Shared.Base;
        for (int i = 0; i < to.Length; i++)
        {
            // A register's 32 lanes are, as they lie in the register file, the 8 × 8 matrix row by row.
            byte* register = w.Registers + to[i];
            if (!transpose)
            {
                for (int r = 0; r < 8; r++)
                    Vector128.Load(shared + addresses[(8 * i) + r]).Store(register + (16 * r));
                continue;
            }
            for (int r = 0; r < 8; r++)
            {
                ushort* row = (ushort*)(shared + addresses[(8 * i) + r]);
                for (int c = 0; c < 8; c++)
                    ((ushort*)register)[(c * 8) + r] = row[c];
            }
        }
        if (w.Block.Launch.Options.CountMemory)
            w.Block.Counters.Shared(Index, addresses, to.Length == 4 ? ~0u : (1u << (8 * to.Length)) - 1, 16);
    }
}

internal sealed unsafe class StoreMatrix(int[] from, AddressSource address, bool transpose) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        if (mask != ~0u)
            throw w.Fault(EmulationFault.Divergence, mask, "stmatrix needs all 32 lanes");
        long* addresses = stackalloc long[32];
        byte* shared = w.Block.Shared.Base;
        for (int lane = 0; lane < 8 * from.Length; lane++)
        {
            addresses[lane] = address.Get(w.Registers, lane);
            w.Block.Shared.Aligned(w, lane, addresses[lane], 16, "stmatrix");
            w.Block.Shared.Write(w, lane, addresses[lane], 16);
            int r = lane & 7;
            ushort* register = (ushort*)(w.Registers + from[lane >> 3]);
            ushort* row = (ushort*)(shared + addresses[lane]);
            for (int c = 0; c < 8; c++)
                row[c] = transpose ? register[(c * 8) + r] : register[(r * 8) + c];
        }
        if (w.Block.Launch.Options.CountMemory)
            w.Block.Counters.Shared(Index, addresses, from.Length == 4 ? ~0u : (1u << (8 * from.Length)) - 1, 16);
    }
}

/// <summary>
/// mma m16n8k16 and m16n8k8. Register a₀ as it lies in the register file is the top left 8 × 8 quarter of A row by row, a₁ the lower
/// left, a₂ and a₃ the right half; bᵢ is the i-th eight rows of B, transposed; c₀ and c₁ are even and odd columns of the upper rows.
/// Products are exact and added in float32.
/// </summary>
internal sealed unsafe class MultiplyMatrices(int[] d, int[] a, int[] b, int[] c, bool half, bool wide) : Instruction, ICountsFlops
{
    public long Flops => 16L * 8 * 8 * b.Length * 2;

    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        if (mask != ~0u)
            throw w.Fault(EmulationFault.Divergence, mask, "mma needs all 32 lanes");
        byte* registers = w.Registers;
        int depth = 8 * b.Length;
        float* right = stackalloc float[16 * 8];
        float* row = stackalloc float[8];
        for (int i = 0; i < b.Length; i++)
        {
            for (int n = 0; n < 8; n++)
            {
                Widen(registers + b[i] + (n * 16), half).Store(row);
                int column = (n >> 1) + ((n & 1) * 4); // Even columns first, as the accumulators lie.
                for (int k = 0; k < 8; k++)
                    right[(((i * 8) + k) * 8) + column] = row[k];
            }
        }
        float* left = stackalloc float[16];
        Vector256<float>* sums = stackalloc Vector256<float>[16];
        for (int m = 0; m < 16; m++)
        {
            int upper = m >> 3, g = m & 7;
            for (int i = 0; i < b.Length; i++)
                Widen(registers + a[upper + (2 * i)] + (g * 16), half).Store(left + (8 * i));
            Vector256<float> sum = Accumulator(registers, upper, g);
            for (int k = 0; k < depth; k++)
                sum = Vector256.FusedMultiplyAdd(Vector256.Create(left[k]), Vector256.Load(right + (k * 8)), sum);
            sums[m] = sum;
        }
        for (int m = 0; m < 16; m++)
            Store(registers, m >> 3, m & 7, sums[m]);
    }

    private Vector256<float> Accumulator(byte* registers, int upper, int g)
    {
        if (wide)
            return Vector256.Create(Vector128.Load((float*)(registers + c[2 * upper]) + (4 * g)), Vector128.Load((float*)(registers + c[(2 * upper) + 1]) + (4 * g)));
        float* values = stackalloc float[8];
        for (int t = 0; t < 4; t++)
        {
            uint pair = ((uint*)(registers + c[upper]))[(4 * g) + t];
            values[t] = HalfMath.FromHalf((ushort)pair);
            values[4 + t] = HalfMath.FromHalf((ushort)(pair >> 16));
        }
        return Vector256.Load(values);
    }

    private void Store(byte* registers, int upper, int g, Vector256<float> sum)
    {
        if (wide)
        {
            sum.GetLower().Store((float*)(registers + d[2 * upper]) + (4 * g));
            sum.GetUpper().Store((float*)(registers + d[(2 * upper) + 1]) + (4 * g));
            return;
        }
        for (int t = 0; t < 4; t++)
            ((uint*)(registers + d[upper]))[(4 * g) + t] = HalfMath.ToHalf(sum[t]) | ((uint)HalfMath.ToHalf(sum[4 + t]) << 16);
    }

    /// <summary>Eight 16-bit numbers as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(byte* from, bool half)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load((ushort*)from));
        Vector256<uint> bits = Vector256.Create(low, high);
        if (!half)
            return (bits << 16).AsSingle();
        // Exponent and fraction moved into place are too small by 2^112, denormals included; infinities and NaN keep a full exponent.
        Vector256<uint> sign = (bits & Vector256.Create(0x8000u)) << 16;
        Vector256<uint> rest = bits & Vector256.Create(0x7fffu);
        Vector256<uint> scaled = ((rest << 13).AsSingle() * Vector256.Create(5.192296858534828e33f)).AsUInt32();
        Vector256<uint> special = Vector256.GreaterThanOrEqual(rest, Vector256.Create(0x7c00u));
        scaled = Vector256.ConditionalSelect(special, (rest << 13) | Vector256.Create(0x7f800000u), scaled);
        return (scaled | sign).AsSingle();
    }
}
