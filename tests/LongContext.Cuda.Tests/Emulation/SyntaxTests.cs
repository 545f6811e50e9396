namespace LongContext.Cuda.Tests.Emulation;

/// <summary>What an assembler refuses is refused, and the message names the line.</summary>
public sealed class SyntaxTests
{
    [Theory]
    [InlineData("add.s32 %r0, %r1;", "operands")]
    [InlineData("add.s32 %r0, %t, %f0;", "declared .f32")]
    [InlineData("add.s32 %d1, %t, %t;", "declared .b64")]
    [InlineData("add.f32 %f0, %f1, %r0, %r2;", "operands")]
    [InlineData("add.f32.rn %f0, %f1, %f2;", "unknown")]
    [InlineData("fma.f32 %f0, %f1, %f2, %f3;", "rounding")]
    [InlineData("frobnicate.b32 %r0, %r1;", "unknown instruction")]
    [InlineData("mov.u32 %r0, %nosuch;", "%nosuch")]
    [InlineData("bra NOWHERE;", "NOWHERE")]
    [InlineData("ld.global.v4.b64 {%d1, %d2, %d3, %d4}, [%in];", "16 bytes")]
    [InlineData("ld.global.v2.b32 {%r0, %r1, %r2}, [%in];", "vector of 2")]
    [InlineData("ld.global.b32 %r0, [%t];", "32 bits")]
    [InlineData("cvt.bf16.f32 %h0, %f0;", "narrower")]
    [InlineData("cvt.rn.f32.bf16 %f0, %h0;", "loses nothing")]
    [InlineData("cvt.u32.f32 %r0, %f0;", "needs .rni")]
    [InlineData("cvt.f32.s32 %f0, %r0;", "needs .rn")]
    [InlineData("ex2.f32 %f0, %f1;", "approx")]
    [InlineData("cp.async.cg.shared.global [%r0], [%in], 8;", "16 bytes")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f0,%f1,%f2,%f3}, {%r0,%r1}, {%r2,%r3}, {%f0,%f1,%f2,%f3};", "vector of 4")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f32.bf16.f16.f32 {%f0,%f1,%f2,%f3}, {%r0,%r1,%r4,%r5}, {%r2,%r3}, {%f0,%f1,%f2,%f3};", "go together")]
    [InlineData("bar.sync 16;", "at most 15")]
    [InlineData("bar.sync 1, 33;", "multiple of 32")]
    [InlineData("setp.lt.b32 %p0, %r0, %r1;", "equality")]
    [InlineData("shfl.bfly.b32 %r0, %r1, 1, 31;", "sync")]
    [InlineData("red.global.add.s64 [%in], %d0;", "no form")]
    public void Load_WrongInstruction_IsRefused(string body, string expected)
    {
        string message = new PtxProgram(body).Refused();
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.StartsWith("test.ptx(", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r0], {%r1};", "sm_80", "7.8", "sm_90")]
    [InlineData("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r0], {%r1};", "sm_90", "7.8", null)]
    [InlineData("red.global.v4.f32.add [%in], {%f0, %f1, %f2, %f3};", "sm_90", "8.1", "modifier")]
    [InlineData("red.global.add.v4.f32 [%in], {%f0, %f1, %f2, %f3};", "sm_90", "8.1", null)]
    [InlineData("red.global.add.v4.f32 [%in], {%f0, %f1, %f2, %f3};", "sm_90", "8.0", "8.1")]
    [InlineData("add.bf16 %h0, %h1, %h2;", "sm_80", "7.8", "sm_90")]
    [InlineData("fma.rn.bf16 %h0, %h1, %h2, %h3;", "sm_80", "7.4", null)]
    [InlineData("elect.sync _|%p0, -1;", "sm_80", "8.0", "sm_90")]
    public void Load_TooNewForItsFile_IsRefused(string body, string target, string version, string? expected)
    {
        var program = new PtxProgram(body, target: target, version: version);
        if (expected is not null)
            Assert.Contains(expected, program.Refused(), StringComparison.Ordinal);
        else
        {
            using var driver = new LongContext.Cuda.Emulation.EmulatedDriver();
            Assert.NotEqual(0, driver.Load(program.Text, "test.ptx"));
        }
    }
}
