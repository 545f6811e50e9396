using LongContext.Cuda.Emulation;
using LongContext.Cuda.Emulation.Analysis;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>Figures about kernels that can be counted by hand.</summary>
public sealed class AnalysisTests
{
    private static KernelStatistics Measure(string body, string declarations = "", string module = "") => Assert.Single(KernelStatistics.Of($$"""
        .version 7.4
        .target sm_80
        .address_size 64
        {{module}}
        .visible .entry k(.param .u64 p) {
        .reg .pred %p<9>; .reg .b32 %r<99>; .reg .b64 %d<9>;
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
