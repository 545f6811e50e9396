using LongContext.Training.Optimizers;

namespace LongContext.Tests.Training.Optimizers;

public sealed class DynamicTreeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Values_OfAllCodes_AreThoseOfTheBits(bool hasSign)
    {
        // A sign, zeros that count powers of ten, a one, and the rest divides [0.1, 1]; nothing but zeros stands for 0, and 1 is added.
        var expected = new List<double> { 0, 1 };
        int bits = hasSign ? 7 : 8;
        for (int code = 1; code < 1 << bits; code++)
        {
            int fractionBits = int.Log2(code), zeros = bits - 1 - fractionBits;
            if (zeros > 6) continue;
            double fraction = (code - (1 << fractionBits) + 0.5) / (1 << fractionBits);
            double value = Math.Pow(10, -zeros) * (0.1 + 0.9 * fraction);
            expected.Add(value);
            if (hasSign) expected.Add(-value);
        }

        expected.Sort();
        Assert.Equal(256, expected.Count);
        DynamicTree tree = hasSign ? DynamicTree.Signed : DynamicTree.Unsigned;
        Assert.Equal(256, tree.Values.Length);
        Assert.Equal(0, tree.Values[tree.ZeroCode]);
        for (int i = 0; i < 256; i++) Assert.Equal(expected[i], tree.Values[i], 1e-7 * Math.Abs(expected[i]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Code_OfAnyNumber_IsTheNearest(bool hasSign)
    {
        DynamicTree tree = hasSign ? DynamicTree.Signed : DynamicTree.Unsigned;
        var random = new Random(3);
        List<float> numbers = [.. tree.Values, 0, 1, float.Epsilon, 1e-30f];
        for (int i = hasSign ? 0 : 1; i < 255; i++)
        {
            float border = tree.Borders[i];
            numbers.AddRange([border, MathF.BitIncrement(border), MathF.BitDecrement(border)]);
        }

        for (int i = 0; i < 20_000; i++) numbers.Add((float)((hasSign ? random.Next(2) * 2 - 1 : 1) * Math.Pow(10, -8 * random.NextDouble())));
        foreach (float number in numbers)
        {
            byte code = tree.Code(number);
            if (!hasSign && number > 0)
                Assert.True(code > 0, $"{number} became 0");
            double best = tree.Values.Min(value => Math.Abs((double)value - number)), found = Math.Abs((double)tree.Values[code] - number);
            if (hasSign || number >= tree.Values[1]) Assert.True(found <= best + 1.3e-7 * Math.Abs(number), $"{number} got code {code}, {found} away where {best} is possible");
            else Assert.Equal(number > 0 ? 1 : 0, code);
        }
    }
}
