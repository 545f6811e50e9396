using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>wgmma over the shared-memory layouts that the manual draws, each written out here as a plain formula for the byte of an element.</summary>
public sealed class WgmmaTests
{
    private const int Tile = 32768;

    /// <summary>Byte of element (row, k) of a matrix of 16-bit elements, K-major with the given swizzle in bytes (0 for none).</summary>
    private static int KMajor(int row, int k, int swizzle, int rows)
    {
        if (swizzle == 0)
            return (k / 8 * rows * 16) + (row * 16) + (k % 8 * 2); // Columns of eight elements, one after the other.
        int inRow = k * 2, piece = inRow / 16, repeat = 128 / swizzle;
        return (row * swizzle) + ((piece ^ (row / repeat % (swizzle / 16))) * 16) + (inRow % 16);
    }

    /// <summary>The same, rows contiguous: tiles of (swizzle / 2) rows by 16 columns one after the other.</summary>
    private static int MnMajor(int row, int k, int swizzle, int rows)
    {
        if (swizzle == 0)
            return (row / 8 * 256) + (k * 16) + (row % 8 * 2); // SBO between pieces of eight rows, LBO between eight columns.
        int perTile = swizzle / 2, tile = row / perTile, inRow = row % perTile * 2, piece = inRow / 16, repeat = 128 / swizzle;
        return (tile * 16 * swizzle) + (k * swizzle) + ((piece ^ (k / repeat % (swizzle / 16))) * 16) + (inRow % 16);
    }

    private static ulong Descriptor(int start, int leading, int stride, int swizzle) => ((ulong)start >> 4) | ((ulong)(leading >> 4) << 16) | ((ulong)(stride >> 4) << 32)
        | (swizzle switch { 0 => 0ul, 128 => 1ul, 64 => 2ul, _ => 3ul } << 62);

    private static ulong Descriptor(int start, bool transposed, int swizzle, int rows) => transposed
        ? swizzle == 0 ? Descriptor(start, 128, 256, 0) : Descriptor(start, 16 * swizzle, 8 * swizzle, swizzle)
        : swizzle == 0 ? Descriptor(start, rows * 16, 128, 0) : Descriptor(start, 16, 8 * swizzle, swizzle);

    private static string Kernel(int n, string type, bool registers, bool ta, bool tb, ulong a, ulong b, string before, string after, string scale = "1", bool negate = false)
    {
        string d = "{" + string.Join(", ", Enumerable.Range(0, n / 2).Select(i => $"%f{i}")) + "}";
        string zero = string.Concat(Enumerable.Range(0, n / 2).Select(i => $"mov.f32 %f{i}, 0f3f800000;\n"));
        string store = string.Concat(Enumerable.Range(0, n / 2).Select(i => $"st.global.f32 [%d5+{i * 4}], %f{i};\n"));
        string left = registers ? "{%r40, %r41, %r42, %r43}" : "%d10";
        return $$"""
            mov.u32 %r0, %t;
            COPY:
            shl.b32 %r1, %r0, 4;
            cvt.u64.u32 %d1, %r1;
            add.s64 %d2, %in, %d1;
            ld.global.v4.b32 {%r2, %r3, %r4, %r5}, [%d2];
            st.shared.v4.b32 [%r1], {%r2, %r3, %r4, %r5};
            add.s32 %r0, %r0, 128;
            setp.lt.u32 %p0, %r0, {{2 * Tile / 16}};
            @%p0 bra COPY;
            mul.wide.u32 %d3, %t, 16;
            add.s64 %d3, %d3, %in;
            ld.global.v4.b32 {%r40, %r41, %r42, %r43}, [%d3+{{2 * Tile}}];
            {{zero}}
            {{before}}
            mov.u64 %d10, {{(long)a}};
            mov.u64 %d11, {{(long)b}};
            wgmma.fence.sync.aligned;
            wgmma.mma_async.sync.aligned.m64n{{n}}k16.f32.{{type}}.{{type}} {{d}}, {{left}}, %d11, {{scale}}, {{(negate ? -1 : 1)}}, 1{{(registers ? "" : ta ? ", 1" : ", 0")}}, {{(tb ? 1 : 0)}};
            {{after}}
            mul.wide.u32 %d4, %t, {{n * 2}};
            add.s64 %d5, %out, %d4;
            {{store}}
            """;
    }

    private const string Sync = "fence.proxy.async; bar.sync 0;";
    private const string Wait = "wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;";

    public static TheoryData<int, bool, bool, bool, int> Layouts()
    {
        var data = new TheoryData<int, bool, bool, bool, int>();
        foreach (int swizzle in new[] { 0, 32, 64, 128 })
        {
            foreach (int kind in Enumerable.Range(0, 6))
                data.Add(swizzle == 128 && kind == 0 ? 256 : kind == 5 ? 64 : 128, kind >= 4, kind is 1 or 3, kind is 2 or 3 or 5, swizzle);
        }
        data.Add(8, false, false, false, 128);
        data.Add(80, true, false, false, 64);
        return data;
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Product_EveryLayout_IsTheMatrixProduct(int n, bool registers, bool transposeA, bool transposeB, int swizzle)
    {
        var random = new Random(n + swizzle);
        var image = new ushort[(2 * Tile / 2) + (128 * 8)];
        Array.Fill(image, (ushort)0x7e00); // NaN where nothing belongs.
        var a = new float[64, 16];
        var b = new float[n, 16];
        for (int k = 0; k < 16; k++)
        {
            for (int i = 0; i < 64; i++)
            {
                a[i, k] = (float)(Half)(random.NextSingle() - 0.5f);
                ushort bits = BitConverter.HalfToUInt16Bits((Half)a[i, k]);
                image[(transposeA ? MnMajor(i, k, swizzle, 64) : KMajor(i, k, swizzle, 64)) / 2] = bits;
                // Registers: warp i / 16 has the rows; of a thread, register 2·(k / 8) + (i % 16) / 8.
                int lane = (i % 8 * 4) + (k % 8 / 2), register = (2 * (k / 8)) + (i % 16 / 8);
                image[(2 * Tile / 2) + (((i / 16 * 32) + lane) * 8) + (register * 2) + (k % 2)] = bits;
            }
            for (int j = 0; j < n; j++)
            {
                b[j, k] = (float)(Half)(random.NextSingle() - 0.5f);
                image[(Tile + (transposeB ? MnMajor(j, k, swizzle, n) : KMajor(j, k, swizzle, n))) / 2] = BitConverter.HalfToUInt16Bits((Half)b[j, k]);
            }
        }
        string text = Kernel(n, "f16", registers, transposeA, transposeB, Descriptor(0, transposeA, swizzle, 64), Descriptor(Tile, transposeB, swizzle, n), Sync, Wait);
        var program = new PtxProgram(text, target: "sm_90a", version: "8.0", module: ".extern .shared .align 1024 .b8 dynamic[];") { Threads = 128, SharedBytes = 2 * Tile, Options = new() { Seed = 3 } };
        float[] result = program.Run<ushort, float>(image, 64 * n);
        for (int thread = 0; thread < 128; thread++)
        {
            for (int i = 0; i < n / 2; i++)
            {
                int row = (thread / 32 * 16) + (thread % 32 / 4) + (8 * (i / 2 % 2)), column = (8 * (i / 4)) + (thread % 4 * 2) + (i % 2);
                double sum = 1;
                for (int k = 0; k < 16; k++)
                    sum += (double)a[row, k] * b[column, k];
                Assert.Equal(sum, result[(thread * (n / 2)) + i], 1e-5);
            }
        }
        Assert.Equal(64L * n * 16 * 2, program.Report.MultiplyAddFlops);
    }

    [Fact]
    public void Product_ScaleFalseAndNegated_DropsTheOldSum()
    {
        string text = Kernel(8, "bf16", false, false, false, Descriptor(0, false, 128, 64), Descriptor(Tile, false, 128, 8), Sync, Wait, "0", true);
        var program = new PtxProgram(text, target: "sm_90a", version: "8.0", module: ".extern .shared .align 1024 .b8 dynamic[];") { Threads = 128, SharedBytes = 2 * Tile };
        ushort[] ones = [.. Enumerable.Repeat((ushort)0x3f80, (2 * Tile / 2) + 1024)];
        Assert.All(program.Run<ushort, float>(ones, 64 * 8), x => Assert.Equal(-16, x));
    }

    [Theory]
    [InlineData("bar.sync 0;", Wait, EmulationFault.Proxy)]
    [InlineData("fence.proxy.async;", Wait, null)]
    [InlineData(Sync, "", EmulationFault.PendingCopy)]
    [InlineData(Sync, "wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 1;", EmulationFault.PendingCopy)]
    [InlineData(Sync, "wgmma.wait_group.sync.aligned 0;", EmulationFault.PendingCopy)]
    [InlineData(Sync, "mov.u32 %r2, 0; st.shared.b32 [%r2], %r2; " + Wait, EmulationFault.Proxy)]
    [InlineData(Sync, "setp.eq.u32 %p1, %t, 0; @%p1 wgmma.commit_group.sync.aligned; " + Wait, EmulationFault.Divergence)]
    [InlineData(Sync, "mov.u32 %r40, 0; " + Wait, EmulationFault.PendingCopy)]
    public void Fault_Planted_IsFound(string before, string after, EmulationFault? expected)
    {
        bool registers = after.Contains("%r40", StringComparison.Ordinal);
        string text = Kernel(16, "bf16", registers, false, false, Descriptor(0, false, 128, 64), Descriptor(Tile, false, 128, 16), before, after);
        var program = new PtxProgram(text, target: "sm_90a", version: "8.0", module: ".extern .shared .align 1024 .b8 dynamic[];") { Threads = 128, SharedBytes = 2 * Tile, Options = new() { Seed = 9 } };
        EmulationFault found = program.Fails((2 * Tile) + 2048, 64 * 16 * 4).Fault;
        if (expected is null)
            Assert.True(found is EmulationFault.Race or EmulationFault.Uninitialised or EmulationFault.Proxy, found.ToString());
        else
            Assert.Equal(expected, found);
    }

    [Fact]
    public void Accumulator_WrittenAfterTheFence_IsFound()
    {
        string text = Kernel(16, "bf16", false, false, false, Descriptor(0, false, 128, 64), Descriptor(Tile, false, 128, 16), Sync, Wait)
            .Replace("wgmma.fence.sync.aligned;", "wgmma.fence.sync.aligned; mov.f32 %f3, 0f00000000;", StringComparison.Ordinal);
        var program = new PtxProgram(text, target: "sm_90a", version: "8.0", module: ".extern .shared .align 1024 .b8 dynamic[];") { Threads = 128, SharedBytes = 2 * Tile };
        Assert.Contains("%f3", program.Fails((2 * Tile) + 2048, 64 * 16 * 4).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Warpgroup_OneWarpLeavesAProductOut_IsFound()
    {
        string text = Kernel(16, "bf16", false, false, false, Descriptor(0, false, 128, 64), Descriptor(Tile, false, 128, 16), Sync + "setp.ge.u32 %p1, %t, 96; @%p1 bra END;", Wait) + "END:";
        var program = new PtxProgram(text, target: "sm_90a", version: "8.0", module: ".extern .shared .align 1024 .b8 dynamic[];") { Threads = 128, SharedBytes = 2 * Tile };
        Assert.Equal(EmulationFault.Divergence, program.Fails((2 * Tile) + 2048, 64 * 16 * 4).Fault);
    }

    [Theory]
    [InlineData("wgmma.fence.sync.aligned;", "sm_90", "8.0", "sm_90a")]
    [InlineData("wgmma.fence.sync.aligned;", "sm_80", "8.0", "sm_90")]
    [InlineData("setmaxnreg.dec.sync.aligned.u32 30;", "sm_90a", "8.0", "multiple of 8")]
    [InlineData("cp.async.bulk.wait_group 0;", "sm_90a", "7.8", "7.8")]
    public void Load_WrongTarget_IsRefused(string body, string target, string version, string expected) =>
        Assert.Contains(expected, new PtxProgram(body, target: target, version: version).Refused(), StringComparison.Ordinal);
}
