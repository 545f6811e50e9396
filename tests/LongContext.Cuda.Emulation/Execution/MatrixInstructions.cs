using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>ldmatrix: lane 8·i + r gives the address of row r of matrix i; register i then holds that matrix, eight bytes… four lanes a row.</summary>
internal sealed unsafe class LoadMatrix(int[] to, AddressSource address, bool transpose) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
            w.Block.Shared.Read(w, lane, addresses[lane], 16, forOthers: true);
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        if (mask != ~0u)
            throw w.Fault(EmulationFault.Divergence, mask, "mma needs all 32 lanes");
        byte* registers = w.Registers;
        int depth = 8 * b.Length;
        Vector256<float>* right = stackalloc Vector256<float>[16];
        for (int i = 0; i < b.Length; i++)
            Transpose(registers + b[i], right + (8 * i));
        float* left = stackalloc float[16];
        float* below = stackalloc float[16];
        Vector256<float>* sums = stackalloc Vector256<float>[16];
        for (int g = 0; g < 8; g++)
        {
            // Rows g and g + 8 together: four chains of sums hide each other's latency.
            float* upper = left, lower = below;
            for (int i = 0; i < b.Length; i++)
            {
                Widen(registers + a[2 * i] + (g * 16), half).Store(upper + (8 * i));
                Widen(registers + a[(2 * i) + 1] + (g * 16), half).Store(lower + (8 * i));
            }
            Vector256<float> first = Accumulator(registers, 0, g), second = Accumulator(registers, 1, g);
            Vector256<float> first2 = default, second2 = default;
            for (int k = 0; k < depth; k += 2)
            {
                Vector256<float> row = right[k], next = right[k + 1];
                first = Vector256.FusedMultiplyAdd(Vector256.Create(upper[k]), row, first);
                second = Vector256.FusedMultiplyAdd(Vector256.Create(lower[k]), row, second);
                first2 = Vector256.FusedMultiplyAdd(Vector256.Create(upper[k + 1]), next, first2);
                second2 = Vector256.FusedMultiplyAdd(Vector256.Create(lower[k + 1]), next, second2);
            }
            sums[g] = first + first2;
            sums[8 + g] = second + second2;
        }
        for (int m = 0; m < 16; m++)
            Store(registers, m >> 3, m & 7, sums[m]);
    }

    /// <summary>Eight columns of eight elements become rows [k] of eight columns, even columns first as the accumulators lie.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transpose(byte* from, Vector256<float>* rows)
    {
        if (Avx.IsSupported)
        {
            // Lines n = 0, 2, 4, 6 and 1, 3, 5, 7 in this order give the columns' order.
            Vector256<float> a0 = Widen(from, half), a1 = Widen(from + 32, half), a2 = Widen(from + 64, half), a3 = Widen(from + 96, half);
            Vector256<float> b0 = Widen(from + 16, half), b1 = Widen(from + 48, half), b2 = Widen(from + 80, half), b3 = Widen(from + 112, half);
            Four(a0, a1, a2, a3, out Vector256<float> a04, out Vector256<float> a15, out Vector256<float> a26, out Vector256<float> a37);
            Four(b0, b1, b2, b3, out Vector256<float> b04, out Vector256<float> b15, out Vector256<float> b26, out Vector256<float> b37);
            rows[0] = Avx.Permute2x128(a04, b04, 0x20);
            rows[1] = Avx.Permute2x128(a15, b15, 0x20);
            rows[2] = Avx.Permute2x128(a26, b26, 0x20);
            rows[3] = Avx.Permute2x128(a37, b37, 0x20);
            rows[4] = Avx.Permute2x128(a04, b04, 0x31);
            rows[5] = Avx.Permute2x128(a15, b15, 0x31);
            rows[6] = Avx.Permute2x128(a26, b26, 0x31);
            rows[7] = Avx.Permute2x128(a37, b37, 0x31);
            return;
        }
        float* flat = (float*)rows;
        float* column = stackalloc float[8];
        for (int n = 0; n < 8; n++)
        {
            Widen(from + (n * 16), half).Store(column);
            int at = (n >> 1) + ((n & 1) * 4);
            for (int k = 0; k < 8; k++)
                flat[(k * 8) + at] = column[k];
        }
    }

    /// <summary>The 4 × 4 blocks in both halves of four vectors, transposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(Vector256<float> x0, Vector256<float> x1, Vector256<float> x2, Vector256<float> x3,
        out Vector256<float> y0, out Vector256<float> y1, out Vector256<float> y2, out Vector256<float> y3)
    {
        Vector256<float> low01 = Avx.UnpackLow(x0, x1), low23 = Avx.UnpackLow(x2, x3), high01 = Avx.UnpackHigh(x0, x1), high23 = Avx.UnpackHigh(x2, x3);
        y0 = Avx.Shuffle(low01, low23, 0x44);
        y1 = Avx.Shuffle(low01, low23, 0xee);
        y2 = Avx.Shuffle(high01, high23, 0x44);
        y3 = Avx.Shuffle(high01, high23, 0xee);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Accumulator(byte* registers, int upper, int g)
    {
        if (wide)
            return Vector256.Create(Vector128.Load((float*)(registers + c[2 * upper]) + (4 * g)), Vector128.Load((float*)(registers + c[(2 * upper) + 1]) + (4 * g)));
        return HalfAccumulator(registers, upper, g);
    }

    private Vector256<float> HalfAccumulator(byte* registers, int upper, int g)
    {
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
