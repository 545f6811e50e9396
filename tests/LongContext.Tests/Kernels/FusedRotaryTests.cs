using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

public sealed class FusedRotaryTests
{
    [Theory]
    [InlineData(ScalarType.BFloat16, 64, 64)]
    [InlineData(ScalarType.Float16, 96, 48)]
    [InlineData(ScalarType.Float32, 80, 80)]
    [InlineData(ScalarType.BFloat16, 12, 6)]
    [InlineData(ScalarType.Float16, 7, 4)]
    [InlineData(ScalarType.Float32, 5, 2)]
    public void AnyCall_OfAnySize_IsAsGoodAsOperators(ScalarType type, int size, int rotated)
    {
        using var scope = NewDisposeScope();
        const int tokens = 11, heads = 5, keyHeads = 2;
        // As a fused projection lays them out: q, k and v of a token side by side.
        Tensor all = FusedRmsNormTests.Values([tokens, (heads + (2 * keyHeads)) * size], type, seed: 1);
        Tensor q = all.narrow(1, 0, heads * size).reshape(tokens, heads, size), k = all.narrow(1, heads * size, keyHeads * size).reshape(tokens, keyHeads, size);
        RotaryRows rows = Rows(tokens, rotated, type), wide = new(FusedRmsNormTests.Wide(rows.Cos_T1R), FusedRmsNormTests.Wide(rows.Sin_T1R));
        Tensor operatorsQ = Rotary.Apply(q, rows), operatorsK = Rotary.Apply(k, rows);
        Tensor truthQ = Rotary.Apply(FusedRmsNormTests.Wide(q), wide), truthK = Rotary.Apply(FusedRmsNormTests.Wide(k), wide);
        string what = $"{type}, {rotated} of {size}";

        Closeness.Assert(EmulatedKernels.Run("rotary", () => Rotary.Apply(q, rows)), operatorsQ, truthQ, what);
        Closeness.Assert(
            EmulatedKernels.Run("rotary", () => Rotary.Backward(k, rows)), Rotary.Backward(k, rows), Rotary.Backward(FusedRmsNormTests.Wide(k), wide), what + ", backward");

        // Into rows of longer tensors.
        Tensor toQ = zeros([tokens + 4, heads, size], dtype: type), toK = zeros([tokens + 4, keyHeads, size], dtype: type);
        EmulatedKernels.Run("rotary", () =>
        {
            Rotary.Write(q, toQ.narrow(0, 3, tokens), k, toK.narrow(0, 3, tokens), rows);
            return true;
        });
        Closeness.Assert(toQ.narrow(0, 3, tokens), operatorsQ, truthQ, what + ", written");
        Closeness.Assert(toK.narrow(0, 3, tokens), operatorsK, truthK, what + ", written keys");
        foreach (int untouched in new[] { 0, 2, tokens + 3 }) Assert.All(TinyModels.Doubles(toQ.narrow(0, untouched, 1)), value => Assert.Equal(0, value));

        // In place, beside values that stay.
        double[] values = TinyModels.Doubles(all.narrow(1, (heads + keyHeads) * size, keyHeads * size));
        (Tensor turnedQ, Tensor turnedK) = EmulatedKernels.Run("rotary", () => Rotary.Turn(q, k, rows));
        Assert.Same(q, turnedQ);
        Closeness.Assert(turnedQ, operatorsQ, truthQ, what + ", in place");
        Closeness.Assert(turnedK, operatorsK, truthK, what + ", keys in place");
        Assert.Equal(values, TinyModels.Doubles(all.narrow(1, (heads + keyHeads) * size, keyHeads * size)));
    }

    [Fact]
    public void Turn_WithoutKernels_LeavesItsInputs()
    {
        using var scope = NewDisposeScope();
        Tensor q = FusedRmsNormTests.Values([3, 2, 8], ScalarType.Float32, 1), k = FusedRmsNormTests.Values([3, 1, 8], ScalarType.Float32, 2);
        double[] before = TinyModels.Doubles(q);
        Rotary.Turn(q, k, Rows(3, 8, ScalarType.Float32));
        Assert.Equal(before, TinyModels.Doubles(q));
    }

    private static RotaryRows Rows(int tokens, int rotated, ScalarType type)
    {
        float[] angles = [.. Enumerable.Range(0, tokens * rotated).Select(i => (float)(0.3 * (1 + (i / rotated)) / (1 + (i % rotated % (rotated / 2)))))];
        // A slice of a longer table, as the rows of one document are.
        Tensor cos = cat([zeros(2, 1, rotated), tensor(angles, [tokens, 1, rotated]).cos()]).to(type), sin = cat([zeros(2, 1, rotated), tensor(angles, [tokens, 1, rotated]).sin()]).to(type);
        return new RotaryRows(cos.narrow(0, 2, tokens), sin.narrow(0, 2, tokens));
    }
}
