using LongContext.Generation.Running;
using LongContext.Positions;

namespace LongContext.Tests.Generation.Running;

public sealed class CpuRotaryTests
{
    [Fact]
    public unsafe void Reserve_UpToAWindow_TakesNoMoreThanIt()
    {
        var parameters = new RopeParameters { Theta = 10_000, HeadDimension = 4, MaxPositionEmbeddings = 5_000 };
        using var rotary = new CpuRotary(RopeScaling.None, parameters);
        rotary.Reserve(10);
        Assert.Equal(256, rotary.Rows);
        rotary.Reserve(1_500);
        Assert.Equal(2_048, rotary.Rows);
        float cosine = rotary.Cosines[1_999 * rotary.Half];
        rotary.Reserve(4_097);
        Assert.Equal(5_000, rotary.Rows);
        Assert.Equal(cosine, rotary.Cosines[1_999 * rotary.Half]);
        Assert.Equal(MathF.Cos(4_999), rotary.Cosines[4_999 * rotary.Half], 1e-3f);
        // A text beyond the window grows on, by parts of what there is.
        rotary.Reserve(5_001);
        Assert.InRange(rotary.Rows, 5_257, 5_700);
        Assert.Equal(MathF.Cos(5_000), rotary.Cosines[5_000 * rotary.Half], 1e-3f);
    }
}
