using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>Each check finds the fault that was planted for it, under every schedule, and is silent without it.</summary>
public sealed class CheckTests
{
    private const string Exchange = """
        mov.u32 %r0, tile;
        shl.b32 %r1, %t, 2;
        add.s32 %r2, %r0, %r1;
        st.shared.b32 [%r2], %t;
        BARRIER
        xor.b32 %r3, %r1, 128;
        add.s32 %r3, %r0, %r3;
        ld.shared.b32 %r4, [%r3];
        st.global.b32 [%o4], %r4;
        """;

    private const string Tile = ".shared .align 16 .b8 tile[256];";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void SharedExchange_WithBarrier_IsRight(int seed)
    {
        var program = new PtxProgram(Exchange.Replace("BARRIER", "bar.sync 0;", StringComparison.Ordinal), Tile) { Threads = 64, Options = new() { Seed = seed } };
        int[] result = program.Run<int, int>([], 64);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i ^ 32), result);
        Assert.Equal(2, program.Report.Barriers);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void SharedExchange_WithoutBarrier_IsARaceOrUnwritten(int seed)
    {
        var program = new PtxProgram(Exchange.Replace("BARRIER", "", StringComparison.Ordinal), Tile) { Threads = 64, Options = new() { Seed = seed } };
        EmulationException fault = program.Fails();
        Assert.True(fault.Fault is EmulationFault.Race or EmulationFault.Uninitialised, fault.Message);
    }

    [Fact]
    public void SharedWrite_AfterReadByAnotherWarp_IsARace()
    {
        // Read by all, then written by all at the exchanged place, with no barrier between.
        var program = new PtxProgram(Exchange.Replace("BARRIER", "bar.sync 0;", StringComparison.Ordinal) + "st.shared.b32 [%r2], %r4;", Tile) { Threads = 64 };
        Assert.Equal(EmulationFault.Race, program.Fails().Fault);
    }

    [Fact]
    public void NamedBarrier_ArriveAndSync_OrdersProducerAndConsumer()
    {
        const string body = """
            mov.u32 %r0, tile;
            shl.b32 %r1, %t, 2;
            and.b32 %r1, %r1, 127;
            add.s32 %r2, %r0, %r1;
            setp.lt.u32 %p0, %t, 32;
            @!%p0 bra CONSUMER;
            st.shared.b32 [%r2], %t;
            ARRIVE
            bra DONE;
            CONSUMER:
            bar.sync 1, 64;
            ld.shared.b32 %r3, [%r2];
            st.global.b32 [%o4+-128], %r3;
            DONE:
            """;
        var good = new PtxProgram(body.Replace("ARRIVE", "bar.arrive 1, 64;", StringComparison.Ordinal), Tile) { Threads = 64, Options = new() { Seed = 5 } };
        Assert.Equal(Enumerable.Range(0, 32), good.Run<int, int>([], 32));
        var stuck = new PtxProgram(body.Replace("ARRIVE", "", StringComparison.Ordinal), Tile) { Threads = 64, Options = new() { Seed = 5 } };
        EmulationException fault = stuck.Fails();
        Assert.Equal(EmulationFault.Deadlock, fault.Fault);
        Assert.Contains("bar.sync 1, 64", fault.Message, StringComparison.Ordinal);
        var uneven = new PtxProgram(body.Replace("ARRIVE", "bar.arrive 1, 32;", StringComparison.Ordinal), Tile) { Threads = 64, Options = new() { Seed = 5 } };
        Assert.True(uneven.Fails().Fault is EmulationFault.Barrier or EmulationFault.Deadlock);
    }

    [Fact]
    public void Barrier_InOneBranchOfAWarp_IsADivergence()
    {
        var program = new PtxProgram("""
            setp.lt.u32 %p0, %t, 16;
            @%p0 bra SKIP;
            bar.sync 0;
            SKIP:
            bar.sync 1;
            """);
        Assert.Equal(EmulationFault.Divergence, program.Fails().Fault);
        var guarded = new PtxProgram("setp.lt.u32 %p0, %t, 16; @%p0 bar.sync 0;");
        Assert.Equal(EmulationFault.Divergence, guarded.Fails().Fault);
    }

    [Theory]
    [InlineData("ld.global.b32 %r0, [%i4+1024];", EmulationFault.OutOfBounds)]
    [InlineData("ld.global.b32 %r0, [%i4+-4];", EmulationFault.OutOfBounds)]
    [InlineData("st.global.v4.b32 [%o16+1020], {%t, %t, %t, %t};", EmulationFault.Misaligned)]
    [InlineData("st.global.v4.b32 [%o16+1024], {%t, %t, %t, %t};", EmulationFault.OutOfBounds)]
    [InlineData("ld.global.b32 %r0, [%o4];", EmulationFault.Uninitialised)]
    [InlineData("st.shared.b32 [tile+256], %t;", EmulationFault.OutOfBounds)]
    [InlineData("st.shared.b32 [tile+2], %t;", EmulationFault.Misaligned)]
    [InlineData("ld.shared.b32 %r0, [tile];", EmulationFault.Uninitialised)]
    [InlineData("add.s32 %r0, %r1, 1;", EmulationFault.Register)]
    [InlineData("setp.lt.u32 %p0, %t, 4; @%p0 mov.u32 %r1, 1; add.s32 %r0, %r1, 1;", EmulationFault.Register)]
    [InlineData("trap;", EmulationFault.Trap)]
    [InlineData("shfl.sync.idx.b32 %r0, %t, 20, 31, 0xffff;", EmulationFault.Divergence)]
    public void Access_Wrong_IsFound(string body, EmulationFault expected) =>
        Assert.Equal(expected, new PtxProgram(body, Tile).Fails().Fault);

    [Theory]
    [InlineData("cp.async.wait_group 0; bar.sync 0;", null)]
    [InlineData("cp.async.wait_all; bar.sync 0;", null)]
    [InlineData("bar.sync 0;", EmulationFault.PendingCopy)]
    [InlineData("cp.async.wait_group 1; bar.sync 0;", EmulationFault.PendingCopy)]
    [InlineData("cp.async.wait_group 0;", EmulationFault.Race)]
    public void AsyncCopy_ReadByAnotherWarp_NeedsWaitAndBarrier(string wait, EmulationFault? expected)
    {
        var program = new PtxProgram($"""
            mov.u32 %r0, tile;
            shl.b32 %r1, %t, 2;
            add.s32 %r2, %r0, %r1;
            cp.async.ca.shared.global [%r2], [%i4], 4;
            cp.async.commit_group;
            {wait}
            xor.b32 %r3, %r1, 128;
            add.s32 %r3, %r0, %r3;
            ld.shared.b32 %r4, [%r3];
            st.global.b32 [%o4], %r4;
            """, Tile) { Threads = 64 };
        if (expected is null)
        {
            int[] input = [.. Enumerable.Range(100, 64)];
            Assert.Equal(Enumerable.Range(0, 64).Select(i => input[i ^ 32]), program.Run<int, int>(input, 64));
        }
        else
        {
            EmulationFault found = program.Fails().Fault;
            Assert.True(found == expected || (expected == EmulationFault.Race && found is EmulationFault.PendingCopy or EmulationFault.Uninitialised), found.ToString());
        }
    }

    [Fact]
    public void AsyncCopy_NeverWaitedFor_IsFoundAtTheEnd() =>
        Assert.Equal(EmulationFault.PendingCopy, new PtxProgram("mov.u32 %r0, tile; cp.async.ca.shared.global [%r0], [%in], 4, 0;".Replace("cp", "setp.eq.u32 %p0, %t, 0; @%p0 cp", StringComparison.Ordinal), Tile).Fails().Fault);

    [Fact]
    public void AsyncCopy_ShortSource_FillsWithZeros()
    {
        var program = new PtxProgram("""
            mov.u32 %r0, tile;
            shl.b32 %r1, %t, 4;
            add.s32 %r2, %r0, %r1;
            and.b32 %r3, %t, 15;
            cp.async.cg.shared.global [%r2], [%i16], 16, %r3;
            cp.async.wait_all;
            ld.shared.v4.b32 {%r4, %r5, %r6, %r7}, [%r2];
            st.global.v4.b32 [%o16], {%r4, %r5, %r6, %r7};
            """, ".shared .align 16 .b8 tile[512];");
        byte[] input = [.. Enumerable.Range(1, 512).Select(i => (byte)i)];
        byte[] result = program.Run<byte, byte>(input, 512);
        for (int i = 0; i < 512; i++)
            Assert.Equal(i % 16 < (i / 16 & 15) ? input[i] : 0, result[i]);
    }

    [Fact]
    public void Endless_Loop_IsStopped() => Assert.Equal(EmulationFault.Limit,
        new PtxProgram("HERE: bra HERE;") { Options = new() { InstructionLimit = 100_000 } }.Fails().Fault);

    [Fact]
    public void Divergence_NestedBranches_MeetAgain()
    {
        var program = new PtxProgram("""
            mov.u32 %r0, 0;
            and.b32 %r1, %t, 7;
            LOOP:
            setp.ge.u32 %p0, %r0, %r1;
            @%p0 bra DONE;
            add.s32 %r0, %r0, 1;
            bra LOOP;
            DONE:
            shfl.sync.bfly.b32 %r2, %r0, 1, 31, -1;
            st.global.b32 [%o4], %r2;
            """);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (i ^ 1) & 7), program.Run<int, int>([], 32));
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(8, 2)]
    [InlineData(128, 32)]
    [InlineData(132, 1)]
    public void Counters_StridedSharedStores_CountBankConflicts(int stride, int passes)
    {
        var program = new PtxProgram($"mul.lo.u32 %r0, %t, {stride}; mov.u32 %r1, tile; add.s32 %r0, %r0, %r1; st.shared.b32 [%r0], %t;", ".shared .align 16 .b8 tile[8192];");
        program.Run<int, int>([], 0);
        Assert.Equal(passes, program.Report.SharedWavefronts);
        Assert.Equal(1, program.Report.SharedWavefrontsIdeal);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(32, 32)]
    public void Counters_StridedGlobalStores_CountSectors(int stride, int sectors)
    {
        var program = new PtxProgram($"mul.wide.u32 %d1, %t, {stride}; add.s64 %d1, %out, %d1; st.global.b32 [%d1], %t;");
        program.Run<byte, byte>([], 1024, partial: true);
        Assert.Equal(sectors, program.Report.StoreSectors);
        Assert.Equal(128, program.Report.StoreBytes);
    }

    [Theory]
    [InlineData("", EmulationFault.Race)]
    [InlineData("bar.warp.sync -1;", null)]
    [InlineData("shfl.sync.bfly.b32 %r5, %t, 1, 31, -1;", EmulationFault.Race)]
    public void Lanes_OfOneWarp_NeedSyncWarpWhereThatIsAskedFor(string between, EmulationFault? expected)
    {
        string body = $"""
            mov.u32 %r0, tile;
            shl.b32 %r1, %t, 2;
            add.s32 %r2, %r0, %r1;
            st.shared.b32 [%r2], %t;
            {between}
            xor.b32 %r3, %r1, 4;
            add.s32 %r3, %r0, %r3;
            ld.shared.b32 %r4, [%r3];
            st.global.b32 [%o4], %r4;
            """;
        Assert.Equal(Enumerable.Range(0, 32).Select(i => i ^ 1), new PtxProgram(body, Tile).Run<int, int>([], 32));
        var strict = new PtxProgram(body, Tile) { Options = new() { CheckLanes = true } };
        if (expected is null)
            Assert.Equal(Enumerable.Range(0, 32).Select(i => i ^ 1), strict.Run<int, int>([], 32));
        else
            Assert.Equal(expected, strict.Fails().Fault);
    }
}
