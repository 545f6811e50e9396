using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>Instructions across lanes, loads and stores of every width, atomics.</summary>
public sealed class WarpTests
{
    [Theory]
    [InlineData("shfl.sync.up.b32 %r1|%p0, %t, 3, 0, -1;", "up")]
    [InlineData("shfl.sync.down.b32 %r1|%p0, %t, 5, 31, -1;", "down")]
    [InlineData("shfl.sync.bfly.b32 %r1|%p0, %t, 9, 31, -1;", "bfly")]
    [InlineData("shfl.sync.idx.b32 %r1|%p0, %t, 17, 31, -1;", "idx")]
    [InlineData("shfl.sync.down.b32 %r1|%p0, %t, 2, 0x181f, -1;", "segment")]
    public void Shuffle_AllModes_ReadTheRightLane(string instruction, string mode)
    {
        int[] found = new PtxProgram(instruction + "selp.b32 %r2, 100, 0, %p0; add.s32 %r1, %r1, %r2; st.global.b32 [%o4], %r1;").Run<int, int>([], 32);
        for (int lane = 0; lane < 32; lane++)
        {
            int from = mode switch { "up" => lane - 3, "down" => lane + 5, "bfly" => lane ^ 9, "idx" => 17, _ => lane + 2 };
            // A segment mask of 0x18 leaves groups of eight.
            bool valid = mode == "segment" ? from / 8 == lane / 8 : from is >= 0 and < 32;
            Assert.Equal(valid ? from + 100 : lane, found[lane]);
        }
    }

    [Fact]
    public void Vote_BallotAllAny_CountLanes()
    {
        uint[] found = new PtxProgram("""
            and.b32 %r1, %t, 3;
            setp.eq.u32 %p0, %r1, 1;
            vote.sync.ballot.b32 %r2, %p0, -1;
            vote.sync.any.pred %p1, %p0, -1;
            vote.sync.all.pred %p2, !%p0, -1;
            selp.b32 %r3, 1, 0, %p1;
            selp.b32 %r4, 2, 0, %p2;
            add.s32 %r3, %r3, %r4;
            activemask.b32 %r5;
            redux.sync.add.s32 %r6, %t, -1;
            match.any.sync.b32 %r7, %r1, -1;
            st.global.v4.b32 [%o16], {%r2, %r3, %r5, %r6};
            st.global.b32 [%o4+512], %r7;
            """).Run<int, uint>([], 160);
        for (int lane = 0; lane < 32; lane++)
        {
            Assert.Equal([0x22222222u, 1u, uint.MaxValue, 496u], found[(4 * lane)..((4 * lane) + 4)]);
            Assert.Equal(0x11111111u << (lane & 3), found[128 + lane]);
        }
    }

    [Theory]
    [InlineData("ld.global.u8 %r1, [%d1];", 1, 0x80u, 0x80u)]
    [InlineData("ld.global.s8 %r1, [%d1];", 1, 0x80u, 0xffffff80u)]
    [InlineData("ld.global.u16 %r1, [%d1];", 2, 0x8180u, 0x8180u)]
    [InlineData("ld.global.s16 %r1, [%d1];", 2, 0x8180u, 0xffff8180u)]
    [InlineData("ld.global.nc.L1::no_allocate.L2::128B.v2.b16 {%h0, %h1}, [%d1]; mov.b32 %r1, {%h0, %h1};", 4, 0x83828180u, 0x83828180u)]
    [InlineData("ld.volatile.global.u32 %r1, [%d1];", 4, 0x83828180u, 0x83828180u)]
    [InlineData("ld.acquire.gpu.global.u32 %r1, [%d1];", 4, 0x83828180u, 0x83828180u)]
    [InlineData("ld.u32 %r1, [%d1];", 4, 0x83828180u, 0x83828180u)]
    public void Load_EveryWidth_ExtendsItsValue(string load, int bytes, uint stored, uint expected)
    {
        byte[] input = new byte[32 * bytes];
        for (int i = 0; i < 32; i++)
            BitConverter.GetBytes(stored).AsSpan(0, bytes).CopyTo(input.AsSpan(i * bytes));
        uint[] found = new PtxProgram($"mul.wide.u32 %d1, %t, {bytes}; add.s64 %d1, %in, %d1; {load} st.global.b32 [%o4], %r1;").Run<byte, uint>(input, 32);
        Assert.All(found, x => Assert.Equal(expected, x));
    }

    [Fact]
    public void Generic_AddressOfSharedAndLocal_ReachesThem()
    {
        int[] found = new PtxProgram("""
            mov.u32 %r1, tile;
            cvt.u64.u32 %d1, %r1;
            cvta.shared.u64 %d2, %d1;
            mul.wide.u32 %d3, %t, 4;
            add.s64 %d2, %d2, %d3;
            st.u32 [%d2], %t;
            ld.u32 %r2, [%d2];
            isspacep.shared %p0, %d2;
            selp.b32 %r3, 1000, 0, %p0;
            mov.u64 %d4, stack;
            cvta.local.u64 %d5, %d4;
            st.u32 [%d5+4], %r2;
            ld.local.u32 %r4, [%d4+4];
            add.s32 %r4, %r4, %r3;
            st.u32 [%o4], %r4;
            """, ".shared .align 4 .b8 tile[128]; .local .align 8 .b8 stack[16];").Run<int, int>([], 32);
        Assert.Equal(Enumerable.Range(1000, 32), found);
    }

    [Fact]
    public void Constants_OfTheModule_AreRead()
    {
        float[] found = new PtxProgram("mul.wide.u32 %d1, %t, 4; mov.u64 %d2, table; add.s64 %d2, %d2, %d1; ld.const.f32 %f0, [%d2]; ld.global.b32 %f1, [%d3]; add.f32 %f0, %f0, %f1; st.global.f32 [%o4], %f0;"
            .Replace("ld.global.b32 %f1, [%d3]", "ld.global.f32 %f1, [bias+4]", StringComparison.Ordinal),
            module: ".const .align 4 .f32 table[4] = {0f3f800000, 2.5, 0f40400000, 4.0}; .global .align 4 .f32 bias[2] = {0f00000000, 0f3f000000};") { Threads = 4 }.Run<int, float>([], 4);
        Assert.Equal([1.5f, 3f, 3.5f, 4.5f], found);
    }

    [Theory]
    [InlineData("add", "u32", 4096L)]
    [InlineData("max", "s32", 127L)]
    [InlineData("min", "s32", -5L)]
    [InlineData("inc", "u32", 4096 % 101L)]
    public void Atomic_ManyBlocksAndThreads_LoseNothing(string operation, string type, long expected)
    {
        string operand = operation switch { "add" => "1", "inc" => "100", _ => "%r1" };
        var program = new PtxProgram($"""
            setp.ne.u32 %p0, %t, 200;
            mov.u32 %r1, %t;
            atom.global.{operation}.{type} %r2, [%out], {operand};
            """) { Threads = 128, Blocks = 32, Options = new() { Threads = 4, Seed = 1 } };
        using EmulatedDriver driver = new EmulatedDriver(program.Options).MakeCurrent();
        driver.ModuleGetFunction(out nint function, driver.Load(program.Text, "atomic.ptx"), "test");
        driver.MemoryAllocate(out nint cell, 16);
        unsafe
        {
            int start = operation switch { "min" => -5, _ => 0 };
            driver.MemoryCopyToDevice(cell, &start, 4, 0);
            void** parameters = stackalloc void*[] { &cell, &cell };
            Assert.Equal(0, driver.LaunchKernel(function, 32, 1, 1, 128, 1, 1, 0, 0, parameters, null));
            int result;
            driver.MemoryCopyToHost(&result, cell, 4, 0);
            Assert.Equal(expected, result);
        }
        driver.MemoryFree(cell);
    }

    [Fact]
    public void Atomic_FloatsInSharedMemory_AddUpWithoutARace()
    {
        var program = new PtxProgram("""
            setp.eq.u32 %p0, %t, 0;
            mov.f32 %f0, 0f00000000;
            @%p0 st.shared.f32 [sum], %f0;
            bar.sync 0;
            mov.f32 %f1, 0f3f800000;
            red.shared.add.f32 [sum], %f1;
            bar.sync 0;
            ld.shared.f32 %f2, [sum];
            st.global.f32 [%o4], %f2;
            """, ".shared .align 4 .f32 sum;") { Threads = 256, Options = new() { Seed = 2 } };
        Assert.All(program.Run<int, float>([], 256), x => Assert.Equal(256, x));
    }

    [Fact]
    public void Spin_OnAnotherBlock_EndsWhereBothAreResident()
    {
        // Block 0 waits for block 1: needs two resident blocks, as a GPU has them.
        const string body = """
            mov.u32 %r1, %ctaid.x;
            setp.ne.u32 %p0, %r1, 0;
            @%p0 bra SECOND;
            AGAIN:
            ld.acquire.gpu.global.u32 %r2, [%in];
            setp.eq.u32 %p1, %r2, 0;
            @%p1 bra AGAIN;
            st.global.b32 [%out], %r2;
            bra END;
            SECOND:
            mov.u32 %r3, 7;
            st.release.gpu.global.u32 [%in], %r3;
            END:
            """;
        var program = new PtxProgram(body) { Threads = 1, Blocks = 2, Options = new() { ResidentBlocks = 2 } };
        Assert.Equal([7], program.Run<int, int>([0], 1));
        var alone = new PtxProgram(body) { Threads = 1, Blocks = 2, Options = new() { InstructionLimit = 100_000 } };
        Assert.Equal(EmulationFault.Limit, alone.Fails().Fault);
    }

    [Fact]
    public void HostMemory_RegisteredOrAllowed_IsDeviceMemory()
    {
        var program = new PtxProgram("ld.global.b32 %r0, [%i4]; st.global.b32 [%o4], %r0;");
        int[] from = [.. Enumerable.Range(5, 32)], to = new int[32];
        unsafe
        {
            fixed (int* a = from, b = to)
            {
                nint x = (nint)a, y = (nint)b;
                void** parameters = stackalloc void*[] { &x, &y };
                using (EmulatedDriver strict = new EmulatedDriver().MakeCurrent())
                {
                    strict.ModuleGetFunction(out nint function, strict.Load(program.Text, "host.ptx"), "test");
                    EmulationFault fault = EmulationFault.Limit;
                    try
                    {
                        strict.LaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, 0, parameters, null);
                    }
                    catch (EmulationException e)
                    {
                        fault = e.Fault;
                    }
                    Assert.Equal(EmulationFault.OutOfBounds, fault);
                    using IDisposable first = strict.Use(x, 128), second = strict.Use(y, 128);
                    strict.LaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, 0, parameters, null);
                    Assert.Equal(from, to);
                }
                to.AsSpan().Clear();
                using EmulatedDriver open = new EmulatedDriver(new EmulationOptions { AllowHostMemory = true }).MakeCurrent();
                open.ModuleGetFunction(out nint again, open.Load(program.Text, "host.ptx"), "test");
                open.LaunchKernel(again, 1, 1, 1, 32, 1, 1, 0, 0, parameters, null);
                Assert.Equal(from, to);
            }
        }
    }
}
