using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>Memory barriers and bulk copies: what arrives, and what is found where something is left out.</summary>
public sealed unsafe class BulkCopyTests
{
    private const string Declarations = ".shared .align 128 .b8 tile[4096]; .shared .align 8 .b64 full;";

    private const string Load = """
        mov.u32 %r0, full;
        mov.u32 %r1, tile;
        setp.eq.u32 %p0, %t, 0;
        @%p0 mbarrier.init.shared::cta.b64 [%r0], 1;
        FENCE
        bar.sync 0;
        @!%p0 bra WAIT;
        mbarrier.arrive.expect_tx.shared::cta.b64 %d1, [%r0], BYTES;
        cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%in], 2048, [%r0];
        WAIT:
        ASK
        shl.b32 %r2, %t, 4;
        add.s32 %r2, %r2, %r1;
        ld.shared.v4.b32 {%r4, %r5, %r6, %r7}, [%r2];
        st.global.v4.b32 [%o16], {%r4, %r5, %r6, %r7};
        """;

    private const string Ask = """
        AGAIN:
        mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r0], 0;
        @!%p1 bra AGAIN;
        """;

    private static PtxProgram Program(string ask = Ask, string fence = "fence.mbarrier_init.release.cluster;", string bytes = "2048", int seed = 0, string tail = "") =>
        new(Load.Replace("ASK", ask, StringComparison.Ordinal).Replace("FENCE", fence, StringComparison.Ordinal).Replace("BYTES", bytes, StringComparison.Ordinal) + tail,
            Declarations, "sm_90a", "8.0") { Threads = 128, Options = new() { Seed = seed } };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Load_Awaited_ArrivesWhole(int seed)
    {
        byte[] input = [.. Enumerable.Range(0, 2048).Select(i => (byte)(i * 7))];
        Assert.Equal(input, Program(seed: seed).Run<byte, byte>(input, 2048));
    }

    [Fact]
    public void Load_NotAwaited_IsFound()
    {
        for (int seed = 0; seed < 8; seed++)
        {
            EmulationFault found = Program(ask: "", seed: seed).Fails(2048, 2048).Fault;
            Assert.True(found is EmulationFault.PendingCopy or EmulationFault.Race or EmulationFault.Uninitialised, found.ToString());
        }
    }

    [Fact]
    public void Barrier_UnknownToTheCopyEngine_IsFound() => Assert.Equal(EmulationFault.Proxy, Program(fence: "").Fails(2048, 2048).Fault);

    [Fact]
    public void Barrier_ExpectingTooMuch_IsADeadlock()
    {
        EmulationException fault = Program(bytes: "2064").Fails(2048, 2048);
        Assert.Equal(EmulationFault.Deadlock, fault.Fault);
        Assert.Contains("16 bytes missing", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BeyondTheBuffer_IsOutOfBounds() => Assert.Equal(EmulationFault.OutOfBounds, Program().Fails(2032, 2048).Fault);

    [Fact]
    public void Load_IntoWhatOthersStillRead_IsARace()
    {
        // A second copy into the same bytes, with nothing to say that all have read the first.
        const string second = """
            @!%p0 bra END;
            mbarrier.arrive.expect_tx.shared::cta.b64 %d1, [%r0], 2048;
            cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%in], 2048, [%r0];
            AGAIN2:
            mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r0], 1;
            @!%p1 bra AGAIN2;
            END:
            """;
        int races = 0;
        for (int seed = 0; seed < 8; seed++)
        {
            try
            {
                Program(tail: second, seed: seed).Run<byte, byte>(new byte[2048], 2048);
            }
            catch (EmulationException e) when (e.Fault is EmulationFault.Race or EmulationFault.PendingCopy)
            {
                races++;
            }
        }
        Assert.Equal(8, races);
        Assert.Equal(new byte[2048], Program(tail: "bar.sync 0;\n" + second).Run<byte, byte>(new byte[2048], 2048));
    }

    [Theory]
    [InlineData("st", "", "", EmulationFault.Proxy)]
    [InlineData("st", "fence.proxy.async;", "", null)]
    [InlineData("st", "fence.proxy.async.shared::cta;", "", null)]
    [InlineData("st", "", "fence.proxy.async;", null)]
    [InlineData("ld", "", "", null)]
    public void Load_OverWhatThreadsWrote_NeedsAFence(string access, string before, string after, EmulationFault? expected)
    {
        // All write the tile, or read what a first copy brought; a barrier later the copy engine overwrites it. The fence may stand on either side of the barrier.
        PtxProgram program = Overwritten(access, before, after, new());
        byte[] input = [.. Enumerable.Range(0, 2048).Select(i => (byte)(i * 5))];
        if (expected is null)
            Assert.Equal(input, program.Run<byte, byte>(input, 2048));
        else
            Assert.Equal(expected, program.Fails(2048, 2048).Fault);
    }

    [Theory]
    [InlineData("", "", EmulationFault.Proxy)]
    [InlineData("fence.proxy.async;", "", null)]
    [InlineData("", "fence.proxy.async;", null)]
    public void Load_OverWhatThreadsRead_NeedsAFenceWhereThatIsAskedFor(string before, string after, EmulationFault? expected)
    {
        PtxProgram program = Overwritten("ld", before, after, new() { CheckProxyReads = true });
        if (expected is null)
            program.Run<byte, byte>(new byte[2048], 2048);
        else
            Assert.Equal(expected, program.Fails(2048, 2048).Fault);
    }

    private static PtxProgram Overwritten(string access, string before, string after, EmulationOptions options) => new($$"""
        mov.u32 %r0, full;
        mov.u32 %r1, tile;
        shl.b32 %r2, %t, 4;
        add.s32 %r2, %r2, %r1;
        setp.eq.u32 %p0, %t, 0;
        @%p0 mbarrier.init.shared::cta.b64 [%r0], 1;
        fence.mbarrier_init.release.cluster;
        bar.sync 0;
        @!%p0 bra FIRST;
        mbarrier.arrive.expect_tx.shared::cta.b64 %d1, [%r0], 2048;
        cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%in], 2048, [%r0];
        FIRST:
        AGAIN:
        mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r0], 0;
        @!%p1 bra AGAIN;
        {{(access == "st" ? "st.shared.v4.b32 [%r2], {%t, %t, %t, %t};" : "ld.shared.v4.b32 {%r4, %r5, %r6, %r7}, [%r2];")}}
        {{before}}
        bar.sync 0;
        @!%p0 bra SECOND;
        {{after}}
        mbarrier.arrive.expect_tx.shared::cta.b64 %d1, [%r0], 2048;
        cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%in], 2048, [%r0];
        SECOND:
        WAIT:
        mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r0], 1;
        @!%p1 bra WAIT;
        ld.shared.v4.b32 {%r4, %r5, %r6, %r7}, [%r2];
        st.global.v4.b32 [%o16], {%r4, %r5, %r6, %r7};
        """, Declarations, "sm_90a", "8.0") { Threads = 128, Options = options };

    [Theory]
    [InlineData("fence.proxy.async;", "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;", null)]
    [InlineData("fence.proxy.async;", "cp.async.bulk.commit_group; cp.async.bulk.wait_group.read 0;", null)]
    [InlineData("", "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;", EmulationFault.Proxy)]
    [InlineData("fence.proxy.async;", "cp.async.bulk.commit_group;", EmulationFault.PendingCopy)]
    [InlineData("fence.proxy.async;", "mov.u32 %r9, 0; st.shared.b32 [%r1], %r9; cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;", EmulationFault.PendingCopy)]
    public void Store_OfWhatThreadsWrote_NeedsFenceAndWait(string fence, string wait, EmulationFault? expected)
    {
        var program = new PtxProgram($"""
            mov.u32 %r1, tile;
            shl.b32 %r2, %t, 4;
            add.s32 %r2, %r2, %r1;
            st.shared.v4.b32 [%r2], {"{%t, %t, %t, %t}"};
            {fence}
            bar.sync 0;
            setp.eq.u32 %p0, %t, 0;
            @!%p0 bra END;
            cp.async.bulk.global.shared::cta.bulk_group [%out], [%r1], 1024;
            {wait}
            END:
            """, Declarations, "sm_90a", "8.0") { Threads = 64, Options = new() { Seed = 4 } };
        if (expected is null)
            Assert.Equal(Enumerable.Range(0, 256).Select(i => i / 4), program.Run<int, int>([], 256));
        else
            Assert.Equal(expected, program.Fails().Fault);
    }

    [Fact]
    public void Reduction_OfFloats_AddsToGlobalMemory()
    {
        var program = new PtxProgram("""
            mov.u32 %r1, tile;
            shl.b32 %r2, %t, 2;
            add.s32 %r2, %r2, %r1;
            cvt.rn.f32.u32 %f0, %t;
            st.shared.f32 [%r2], %f0;
            mov.f32 %f1, 0f41200000;
            st.global.f32 [%o4], %f1;
            fence.proxy.async;
            bar.sync 0;
            setp.eq.u32 %p0, %t, 0;
            @!%p0 bra END;
            cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f32 [%out], [%r1], 256;
            cp.async.bulk.commit_group;
            cp.async.bulk.wait_group 0;
            END:
            """, Declarations, "sm_90a", "8.0") { Threads = 64 };
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i + 10f), program.Run<int, float>([], 64));
    }

    [Theory]
    [InlineData(0, 64, 0, 0)]
    [InlineData(3, 64, 0, 0)]
    [InlineData(3, 64, 32, 60)]
    [InlineData(2, 32, -5, -3)]
    [InlineData(1, 16, 8, 5)]
    [InlineData(0, 24, 90, 30)]
    public void TensorCopy_AnyPlace_SwizzlesAndFillsWithZeros(int swizzle, int columns, int x, int y)
    {
        const int width = 104, height = 70, rows = 16;
        string text = $$"""
            .version 8.0
            .target sm_90a
            .address_size 64
            .visible .entry test(.param .align 64 .b8 map[128], .param .u64 out)
            {
            .reg .pred %p<4>;
            .reg .b32 %r<20>;
            .reg .b64 %d<10>;
            .shared .align 1024 .b8 tile[4096];
            .shared .align 8 .b64 full;
            mov.u32 %r0, full;
            mov.u32 %r1, tile;
            mov.u32 %r2, %tid.x;
            setp.eq.u32 %p0, %r2, 0;
            mov.b64 %d1, map;
            cvta.param.u64 %d2, %d1;
            @!%p0 bra WAIT;
            prefetch.tensormap [%d2];
            mbarrier.init.shared::cta.b64 [%r0], 1;
            fence.proxy.async.shared::cta;
            mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r0], {{rows * columns * 2}};
            mov.u32 %r3, {{x}};
            mov.u32 %r4, {{y}};
            cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%d2, {%r3, %r4}], [%r0];
            WAIT:
            bar.sync 0;
            AGAIN:
            mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r0], 0, 1000;
            @!%p1 bra AGAIN;
            ld.param.u64 %d3, [out];
            COPY:
            shl.b32 %r5, %r2, 1;
            add.s32 %r6, %r5, %r1;
            cvt.u64.u32 %d4, %r5;
            add.s64 %d4, %d4, %d3;
            .reg .b16 %h0;
            ld.shared.u16 %h0, [%r6];
            st.global.u16 [%d4], %h0;
            add.s32 %r2, %r2, 64;
            setp.lt.u32 %p2, %r2, {{rows * columns}};
            @%p2 bra COPY;
            ret;
            }
            """;
        using EmulatedDriver driver = new EmulatedDriver(new EmulationOptions { Seed = 7 }).MakeCurrent();
        driver.ModuleGetFunction(out nint function, driver.Load(text, "tensor.ptx"), "test");
        var context = new CudaContext(driver, 0);
        using var tensor = new CudaBuffer(context, width * height * 2);
        using var result = new CudaBuffer(context, rows * columns * 2);
        ushort[] values = [.. Enumerable.Range(1, width * height).Select(i => (ushort)i)];
        tensor.Upload<ushort>(values);
        byte* maps = stackalloc byte[256];
        byte* map = (byte*)(((nint)maps + 63) & ~63);
        ulong* sizes = stackalloc ulong[] { width, height };
        ulong* strides = stackalloc ulong[] { width * 2 };
        uint* box = stackalloc uint[] { (uint)columns, rows };
        uint* steps = stackalloc uint[] { 1, 1 };
        Assert.Equal(0, driver.TensorMapEncodeTiled(map, 9, 2, tensor.Address, sizes, strides, box, steps, 0, swizzle, 0, 0));
        nint to = result.Address;
        void** parameters = stackalloc void*[] { map, &to };
        Assert.Equal(0, driver.LaunchKernel(function, 1, 1, 1, 64, 1, 1, 0, 0, parameters, null));
        ushort[] found = result.Download<ushort>(rows * columns);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                int place = (row * columns * 2) + (column * 2);
                // Pieces of 16 bytes change places by the number of their 128-byte line.
                int pieces = swizzle == 0 ? 1 : 1 << swizzle, moved = place ^ (((place / 128) & (pieces - 1)) * 16);
                int gx = x + column, gy = y + row;
                int expected = gx is >= 0 and < width && gy is >= 0 and < height ? values[(gy * width) + gx] : 0;
                Assert.Equal(expected, found[moved / 2]);
            }
        }
    }

    [Fact]
    public void TensorMap_WrongArguments_AreInvalid()
    {
        using EmulatedDriver driver = new EmulatedDriver().MakeCurrent();
        byte* maps = stackalloc byte[256];
        byte* map = (byte*)(((nint)maps + 63) & ~63);
        int Encode(int type = 9, uint rank = 2, nint address = 4096, ulong stride = 256, uint box0 = 64, uint box1 = 8, int swizzle = 3, int offset = 0)
        {
            ulong* sizes = stackalloc ulong[] { 128, 8 };
            ulong* strides = stackalloc ulong[] { stride };
            uint* box = stackalloc uint[] { box0, box1 };
            uint* steps = stackalloc uint[] { 1, 1 };
            return driver.TensorMapEncodeTiled(map + offset, type, rank, address, sizes, strides, box, steps, 0, swizzle, 0, 0);
        }

        Assert.Equal(0, Encode());
        Assert.Equal(1, Encode(type: 13));
        Assert.Equal(1, Encode(rank: 6));
        Assert.Equal(1, Encode(address: 4104));
        Assert.Equal(1, Encode(stride: 264));
        Assert.Equal(1, Encode(box1: 257));
        Assert.Equal(1, Encode(box0: 72));
        Assert.Equal(1, Encode(box0: 4, swizzle: 0));
        Assert.Equal(1, Encode(offset: 32));
    }

    [Fact]
    public void RegisterPool_TakenBeforeGivenBack_WaitsOrDeadlocks()
    {
        const string body = """
            setp.ge.u32 %p0, %t, 128;
            @%p0 bra CONSUMER;
            PRODUCER
            bra END;
            CONSUMER:
            setmaxnreg.inc.sync.aligned.u32 240;
            END:
            """;
        PtxProgram Make(string producer) => new(body.Replace("PRODUCER", producer, StringComparison.Ordinal), target: "sm_90a", version: "8.0", directives: ".maxntid 384, 1, 1 .minnctapersm 1") { Threads = 384 };
        Make("setmaxnreg.dec.sync.aligned.u32 24;").Run<int, int>([], 0);
        Assert.Equal(EmulationFault.Deadlock, Make("").Fails().Fault);
        Assert.Equal(EmulationFault.Argument, Make("setmaxnreg.dec.sync.aligned.u32 176;").Fails().Fault);
    }
}
