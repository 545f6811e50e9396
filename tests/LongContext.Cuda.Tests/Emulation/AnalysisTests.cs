using LongContext.Cuda.Emulation;
using LongContext.Cuda.Emulation.Analysis;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>Figures about kernels that can be counted by hand.</summary>
public sealed class AnalysisTests
{
    private static KernelStatistics Measure(string body, string declarations = "", string module = "", bool hopper = false, string bounds = "") => Assert.Single(KernelStatistics.Of($$"""
        .version {{(hopper ? "8.0" : "7.4")}}
        .target {{(hopper ? "sm_90a" : "sm_80")}}
        .address_size 64
        {{module}}
        .visible .entry k(.param .u64 p) {{bounds}} {
        .reg .pred %p<9>; .reg .b32 %r<99>; .reg .b64 %d<9>; .reg .f32 %f<9>;
        {{declarations}}
        {{body}}
        ret;
        }
        """, "k.ptx"));

    [Fact]
    public void Registers_StraightLine_AreThoseAliveTogether()
    {
        // Three 32-bit values and one address of 64 bits are alive before the first sum; the copies that nothing reads never are.
        KernelStatistics found = Measure("""
            ld.param.u64 %d0, [p];
            mov.u32 %r0, 1;
            mov.u32 %r1, 2;
            mov.u32 %r2, 3;
            add.s32 %r3, %r0, %r1;
            add.s32 %r4, %r3, %r2;
            st.global.b32 [%d0], %r4;
            """);
        Assert.Equal(5, found.Registers);
        Assert.Equal(0, found.Predicates);
        Assert.Empty(found.Loops);
    }

    [Fact]
    public void Roles_AfterEachSetmaxnreg_CountTheirOwnValues()
    {
        // What gives registers away holds r0 and r2 at once, and besides a constant and a parameter, which instructions name. What takes some holds three, none of them the other's.
        KernelStatistics found = Measure("""
            ld.param.u64 %d0, [p];
            mov.u32 %r0, %tid.x;
            mov.b32 %r1, 7;
            setp.gt.s32 %p0, %r0, 127;
            @%p0 bra TAKES;
            setmaxnreg.dec.sync.aligned.u32 24;
            add.s32 %r2, %r0, %r1;
            add.s32 %r3, %r0, %r2;
            st.global.b32 [%d0], %r3;
            ret;
            TAKES:
            setmaxnreg.inc.sync.aligned.u32 240;
            ld.global.b32 %r4, [%d0];
            ld.global.b32 %r5, [%d0+4];
            ld.global.b32 %r6, [%d0+8];
            add.s32 %r7, %r4, %r5;
            add.s32 %r7, %r7, %r6;
            add.s32 %r7, %r7, %r1;
            st.global.b32 [%d0], %r7;
            """, hopper: true, bounds: ".maxntid 256, 1, 1 .minnctapersm 1");
        Assert.Equal([(24, true, 2), (240, false, 3)], found.Roles.Select(role => (role.Limit, role.Gives, role.Registers)));
    }

    [Fact]
    public void Registers_AroundALoop_LiveThroughIt()
    {
        KernelStatistics found = Measure("""
            ld.param.u64 %d0, [p];
            mov.u32 %r0, 0;
            mov.u32 %r1, 7;
            LOOP:
            add.s32 %r0, %r0, 1;
            setp.lt.s32 %p0, %r0, 10;
            @%p0 bra LOOP;
            add.s32 %r2, %r0, %r1;
            st.global.b32 [%d0], %r2;
            """);
        Assert.Equal(4, found.Registers); // d0 (two), r0, r1
        Assert.Equal(1, found.Predicates);
        LoopStatistics loop = Assert.Single(found.Loops);
        Assert.Equal(3, loop.Instructions);
        Assert.Equal(1, loop.Classes[InstructionClass.Control]);
    }

    [Theory]
    [InlineData("", 3)]
    [InlineData("add.s32 %r0, %r0, 1;", 4)]
    [InlineData("add.s32 %r1, %r1, 1;", 4)]
    public void Registers_Copies_CountOnceWhileTheyAgree(string between, int expected)
    {
        // The address takes two registers; r0 and its copy need one as long as neither is changed.
        KernelStatistics found = Measure($"""
            ld.param.u64 %d0, [p];
            ld.global.b32 %r0, [%d0];
            mov.u32 %r1, %r0;
            {between}
            st.global.b32 [%d0], %r0;
            st.global.b32 [%d0+4], %r1;
            """);
        Assert.Equal(expected, found.Registers);
    }

    [Fact]
    public void Registers_LoopCarriedCopies_AreOne()
    {
        // As compilers leave a loop: the next value is made in r1, still beside the one before, and copied back at the end.
        KernelStatistics found = Measure("""
            ld.param.u64 %d0, [p];
            mov.u32 %r0, 0;
            LOOP:
            add.s32 %r1, %r0, 3;
            st.global.b32 [%d0], %r1;
            setp.lt.s32 %p0, %r1, 10;
            mov.u32 %r0, %r1;
            @%p0 bra LOOP;
            st.global.b32 [%d0], %r0;
            """);
        Assert.Equal(3, found.Registers);
    }

    [Theory]
    [InlineData("", "", "0", 6)]
    [InlineData("", "setp.ne.b32 q, 0, 0;", "q", 6)]
    [InlineData("", "setp.ne.b32 q, 1, 0;", "!q", 6)]
    [InlineData("mov.b32 %r9, 0;", "setp.ne.b32 q, %r9, 0;", "q", 7)]
    [InlineData("", "setp.ne.b32 q, 1, 0;", "q", 10)]
    [InlineData("mov.b32 %r9, 1;", "setp.ne.b32 q, %r9, 0;", "q", 11)]
    [InlineData("mov.b32 %r9, 0; mov.b32 %r9, 1;", "setp.ne.b32 q, %r9, 0;", "q", 11)]
    [InlineData("ld.global.b32 %r9, [%d0];", "setp.ne.b32 q, %r9, 0;", "q", 11)]
    public void Registers_OfAWarpgroupsProduct_AreInputsUnlessItIsKnownToReplaceThem(string before, string scale, string predicate, int expected)
    {
        // Before the product are alive an address and two descriptors (six), r9 where it is asked, and the four sums where the product reads them.
        KernelStatistics found = Measure($$"""
            ld.param.u64 %d0, [p];
            mov.f32 %f0, 0f00000000; mov.f32 %f1, 0f00000000; mov.f32 %f2, 0f00000000; mov.f32 %f3, 0f00000000;
            ld.global.b64 %d1, [%d0];
            ld.global.b64 %d2, [%d0+8];
            {{before}}
            {
            .reg .pred q;
            {{scale}}
            wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f0, %f1, %f2, %f3}, %d1, %d2, {{predicate}}, 1, 1, 0, 0;
            }
            st.global.v4.f32 [%d0], {%f0, %f1, %f2, %f3};
            """, hopper: true);
        Assert.Equal(expected, found.Registers);
    }

    [Theory]
    [InlineData(0, 14)]
    [InlineData(1, 10)]
    public void Registers_ThatAProductReads_AreInUseUntilItIsWaitedFor(int allowed, int expected)
    {
        // Before the wait: the address (two), four sums, four numbers loaded meanwhile, and the product's four where the wait is for it.
        KernelStatistics found = Measure($$"""
            ld.param.u64 %d0, [p];
            ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%d0];
            ld.global.b64 %d1, [%d0+16];
            wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f0, %f1, %f2, %f3}, {%r0, %r1, %r2, %r3}, %d1, 0, 1, 1, 0;
            wgmma.commit_group.sync.aligned;
            ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%d0+32];
            wgmma.wait_group.sync.aligned {{allowed}};
            st.global.v4.f32 [%d0], {%f0, %f1, %f2, %f3};
            st.global.v4.b32 [%d0+16], {%r4, %r5, %r6, %r7};
            """, hopper: true);
        Assert.Equal(expected, found.Registers);
    }

    [Fact]
    public void Loops_Nested_OnlyTheInnermostIsListed()
    {
        KernelStatistics found = Measure("""
            mov.u32 %r0, 0;
            OUTER:
            mov.u32 %r1, 0;
            INNER:
            add.s32 %r1, %r1, 1;
            mul.lo.s32 %r2, %r1, %r1;
            setp.lt.s32 %p0, %r1, 10;
            @%p0 bra INNER;
            add.s32 %r0, %r0, 1;
            setp.lt.s32 %p1, %r0, 10;
            @%p1 bra OUTER;
            """);
        Assert.Equal(4, Assert.Single(found.Loops).Instructions);
    }

    [Fact]
    public void Memory_StaticSharedAndLocal_IsThatOfTheKernel()
    {
        KernelStatistics found = Measure("mov.u32 %r0, a; mov.u64 %d0, stack; mov.u32 %r1, b;", ".local .align 8 .b8 stack[24]; .shared .align 16 .b8 b[100];",
            ".shared .align 4 .b8 a[6]; .shared .align 4 .b8 unused[1000];");
        Assert.Equal(116, found.SharedBytes); // 6, up to the next 16, 100
        Assert.Equal(32, found.LocalBytes);
    }
}
