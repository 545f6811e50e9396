using LongContext.Kernels;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

public sealed class FusedCrossEntropyTests
{
    [Theory]
    [InlineData(ScalarType.BFloat16, 1000, 1, null, 0)]
    [InlineData(ScalarType.Float16, 999, 0.25, null, 1e-2)]
    [InlineData(ScalarType.Float32, 333, 1, 30.0, 0)]
    [InlineData(ScalarType.BFloat16, 129, 0.5, 5.0, 1e-2)]
    [InlineData(ScalarType.Float32, 1, 1, null, 0)]
    public void AnyCall_OverAChunk_IsTheDefinition(ScalarType type, int vocabulary, double factor, double? cap, double zLoss)
    {
        using var scope = NewDisposeScope();
        const int tokens = 6;
        const double scale = 1.0 / 37;
        var transform = new LogitTransform(factor, cap);
        Tensor room = FusedRmsNormTests.Values([tokens + 2, vocabulary], type, seed: 1, scale: 4), z = room.narrow(0, 0, tokens), wide = FusedRmsNormTests.Wide(z);
        var random = new Random(3);
        Tensor labels = tensor(Enumerable.Range(0, tokens).Select(_ => (long)random.Next(vocabulary)).ToArray());
        Tensor weights = tensor(Enumerable.Range(0, tokens).Select(i => i == 2 ? 0f : 0.5f + (i / 8f)).ToArray());
        Tensor logits = transform.Apply(wide), logSum = logits.logsumexp(-1), losses = logSum.Minus(logits.gather(1, labels.unsqueeze(1)).squeeze(1));
        Tensor oneHot = zeros_like(wide).scatter(1, labels.unsqueeze(1), ones([tokens, 1], dtype: ScalarType.Float64));
        Tensor slope = cap is { } c ? ones_like(logits).Minus(logits.Times(1 / c).Squared()) : ones_like(logits);
        Tensor gradient = (logits.softmax(-1) * logSum.Times(2 * zLoss).Plus(1).unsqueeze(1)).Minus(oneHot) * weights.to(ScalarType.Float64).Times(scale * factor).unsqueeze(1) * slope;

        float[] alone = EmulatedKernels.Run("cross_entropy", () => FusedCrossEntropy.Losses(z, labels, transform)!.Value.Read());
        double[] expected = TinyModels.Doubles(losses);
        // A loss is a difference of numbers as large as the log-sum: a unit in its last place, and lg2.approx's error of 2⁻²² near 1, stay where the loss is 0.
        double largest = TinyModels.Doubles(logSum).Max(Math.Abs), floor = MathF.BitIncrement((float)largest) - (float)largest + Math.ScaleB(Math.Log(2), -22);
        for (int i = 0; i < tokens; i++) Assert.Equal(expected[i], alone[i], (2e-6 * expected.Max(Math.Abs)) + floor);
        Assert.Equal(TinyModels.Doubles(wide), TinyModels.Doubles(z));

        double[] rest = TinyModels.Doubles(room.narrow(0, tokens, 2));
        double sum = EmulatedKernels.Run("cross_entropy", () => FusedCrossEntropy.LossesAndGradient(z, labels, weights, transform, scale, zLoss)!.Value.Sum(weights));
        Assert.Equal((losses * weights.to(ScalarType.Float64)).sum().item<double>(), sum, (2e-6 * Math.Abs(sum)) + (tokens * floor));
        Closeness.Assert(z, gradient.to(type), gradient, $"{type}, {vocabulary}", roundings: 2, floor: 1e-6 * scale * factor);
        Assert.Equal(rest, TinyModels.Doubles(room.narrow(0, tokens, 2)));
    }

    [Fact]
    public void Read_OfALabelOutsideTheVocabulary_Throws()
    {
        using var scope = NewDisposeScope();
        using var kernels = new EmulatedKernels();
        Tensor z = zeros([3, 8]), labels = tensor(new long[] { 1, 8, -1 }), weights = ones(3);
        Assert.Contains("2 labels", Assert.Throws<ArgumentException>(() => FusedCrossEntropy.Losses(z, labels, new LogitTransform(1, null))!.Value.Read()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => FusedCrossEntropy.LossesAndGradient(z, labels, weights, new LogitTransform(1, null), 1, 0)!.Value.Sum(weights));
    }
}
