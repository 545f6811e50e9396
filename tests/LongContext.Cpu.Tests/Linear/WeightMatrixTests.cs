using LongContext.Cpu.Linear;

namespace LongContext.Cpu.Tests.Linear;

public sealed unsafe class WeightMatrixTests
{
    private static readonly WeightMatrix Plain = new() { Format = WeightFormat.BFloat16, Outputs = 4, Inputs = 32, Codes = 64 };

    private static readonly WeightMatrix Grouped = new() { Format = WeightFormat.Int4, Outputs = 4, Inputs = 32, Codes = 64, Scales = 64, GroupSize = 16 };

    [Fact]
    public void Check_SoundMatrices_Pass()
    {
        foreach (WeightFormat format in LinearSample.Formats)
        {
            using var sample = new LinearSample(format, 3, 34, 1, 1);
            sample.Weight.Check();
        }

        Plain.Check();
        Grouped.Check();
    }

    [Fact]
    public void Check_FaultyField_IsNamed()
    {
        Refused(Plain with { Format = (WeightFormat)99 }, "Format", "99");
        Refused(Plain with { Outputs = 0 }, "Outputs", "0");
        Refused(Plain with { Inputs = -3 }, "Inputs", "-3");
        Refused(Plain with { Codes = 0 }, "Codes", "0");
        Refused(Plain with { Scales = 8 }, "Scales", "BFloat16");
        Refused(Plain with { GroupSize = 8 }, "GroupSize", "8");
        Refused(Plain with { Zeros = 8 }, "Zeros", "8");
        Refused(Plain with { Format = WeightFormat.Int8 }, "Scales", "Int8");
        Refused(Plain with { Format = WeightFormat.Nf4, Scales = 8, Inputs = 33 }, "Inputs", "33");
        Refused(Plain with { Format = WeightFormat.Nf4 }, "Scales", "Nf4");
        Refused(Grouped with { Inputs = 31 }, "Inputs", "31");
        Refused(Grouped with { GroupSize = 0 }, "GroupSize", "0");
        Refused(Grouped with { GroupSize = 12 }, "GroupSize", "12");
        byte* zeros = stackalloc byte[8];
        new Span<byte>(zeros, 8).Fill(15);
        (Grouped with { Zeros = (nint)zeros }).Check();
        zeros[5] = 16;
        Refused(Grouped with { Zeros = (nint)zeros }, "Zeros", "group 5");
    }

    [Fact]
    public void Sizes_EachFormat_AreTheBytesOfTheDefinition()
    {
        Assert.Equal(4 * 128, WeightSize.TotalBytes(WeightFormat.Float32, 2, 64));
        Assert.Equal(2 * 128, WeightSize.TotalBytes(WeightFormat.BFloat16, 2, 64));
        Assert.Equal(2 * 128, WeightSize.TotalBytes(WeightFormat.Float16, 2, 64));
        Assert.Equal(128 + 8, WeightSize.TotalBytes(WeightFormat.Int8, 2, 64));
        Assert.Equal(128 + 8, WeightSize.TotalBytes(WeightFormat.Float8, 2, 64));
        Assert.Equal(64 + (4 * 5), WeightSize.TotalBytes(WeightFormat.Int4, 2, 64, 32, hasZeros: true));
        Assert.Equal(64 + (4 * 4), WeightSize.TotalBytes(WeightFormat.Int4, 2, 64, 32));
        Assert.Equal(64 + (2 * 4), WeightSize.TotalBytes(WeightFormat.Nf4, 2, 64));
        Assert.Equal(85 + (3 * 4), WeightSize.TotalBytes(WeightFormat.Nf4, 5, 34)); // 170 codes, 3 blocks begun
        Assert.Equal(4L * 200_000 * 50_000, WeightSize.TotalBytes(WeightFormat.Float32, 200_000, 50_000));
    }

    private static void Refused(WeightMatrix weight, string field, string found)
    {
        var fault = Assert.Throws<ArgumentException>(weight.Check);
        Assert.Contains($"WeightMatrix.{field} is", fault.Message, StringComparison.Ordinal);
        Assert.Contains(found, fault.Message, StringComparison.Ordinal);
    }
}
