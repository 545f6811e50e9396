using LongContext.Attention;
using static TorchSharp.torch;

namespace LongContext.Tests.Attention;

/// <summary>What the tiled CUDA kernels must do besides, on whatever runs them.</summary>
public abstract class CudaAttentionKernelSuite : AttentionKernelSuite
{
    /// <summary>Values are up to 2: a unit in the last place there, once for the softmax's weights and once for the output.</summary>
    protected override (ScalarType DataType, double Tolerance)[] DataTypes => [(ScalarType.BFloat16, 1e-2), (ScalarType.Float16, 2e-3)];

    /// <summary>The kernel whose backward gives the same bits each time.</summary>
    private protected abstract CudaAttentionKernel DeterministicKernel { get; }

    /// <summary>∂q = scale · Σ ∂s·k with ∂s rounded to 16 bits: the error grows with the scale, of which the bounds take 1/√headDim for granted.</summary>
    private protected override double ScoreTolerance(AttentionCase call, double tolerance) => tolerance * Math.Max(1, call.ScaleOrDefault * Math.Sqrt(call.HeadDimension));

    private protected override AttentionCase Fit(AttentionCase call) => call with { HeadDimension = Math.Max(64, call.HeadDimension) };

    [Theory, MemberData(nameof(Cases))]
    public void Backward_WithoutAutograd_IsThatOfAutograd(string name) => OnTheGrid(name, (call, inputs, _) =>
    {
        if (call.QueryCount == 0) return;
        var kernel = (IAttentionBackward)Kernel;
        using Tensor gradient = tensor(RandomValues(call.QueryCount * call.HeadCount * call.HeadDimension, seed: 99), inputs.Q.shape).to(inputs.Q.dtype).to(Device);
        (Tensor output, Tensor logSumExp) = kernel.ForwardWithLogSumExp(inputs.Q, inputs.K, inputs.V, call.Arguments);
        (Tensor q, Tensor k, Tensor v) = kernel.Backward(inputs.Q, inputs.K, inputs.V, output, logSumExp, gradient, call.Arguments);

        foreach (Tensor input in inputs.All) input.requires_grad_(true);
        Kernel.Forward(inputs.Q, inputs.K, inputs.V, call.Arguments).backward([gradient]);
        // Sums in another order may round otherwise in the last bit: the same size of error as the definition allows is enough here.
        AssertClose(Doubles(inputs.Q.grad!), q, inputs.Q.shape, DataTypes[0].Tolerance, "gradient of q");
        AssertClose(Doubles(inputs.K.grad!), k, inputs.K.shape, DataTypes[0].Tolerance, "gradient of k");
        AssertClose(Doubles(inputs.V.grad!), v, inputs.V.shape, DataTypes[0].Tolerance, "gradient of v");
    });

    [Theory, MemberData(nameof(Cases))]
    public void Backward_Deterministic_IsTheSameTwice(string name) => OnTheGrid(name, (call, inputs, tolerance) =>
    {
        if (call.QueryCount == 0) return;
        using Tensor gradient = tensor(RandomValues(call.QueryCount * call.HeadCount * call.HeadDimension, seed: 99), inputs.Q.shape).to(inputs.Q.dtype).to(Device);
        NaiveAttention expected = inputs.Oracle(call).Run(Doubles(gradient));
        (Tensor output, Tensor logSumExp) = DeterministicKernel.ForwardWithLogSumExp(inputs.Q, inputs.K, inputs.V, call.Arguments);
        double[][] runs = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            (Tensor q, Tensor k, Tensor v) = DeterministicKernel.Backward(inputs.Q, inputs.K, inputs.V, output, logSumExp, gradient, call.Arguments);
            AssertClose(expected.QueryGradient, q, inputs.Q.shape, 4 * ScoreTolerance(call, tolerance), "gradient of q");
            AssertClose(expected.KeyGradient, k, inputs.K.shape, 8 * ScoreTolerance(call, tolerance), "gradient of k");
            AssertClose(expected.ValueGradient, v, inputs.V.shape, 8 * tolerance, "gradient of v");
            return (double[])[.. Doubles(q), .. Doubles(k), .. Doubles(v)];
        })];
        Assert.Equal(runs[0], runs[1]);
    });

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(72)]
    [InlineData(112)]
    [InlineData(200)]
    public void ForwardAndBackward_HeadsWithoutAKernelOfTheirSize_AreTheDefinition(int size)
    {
        foreach (AttentionCase call in new AttentionCase[]
        {
            new() { Lengths = [33, 5], HeadDimension = size, HeadCount = 4, Group = 2 }, new() { Lengths = [2], KeyLengths = [140], HeadDimension = size },
        })
        {
            using var scope = NewDisposeScope();
            (ScalarType type, double tolerance) = DataTypes[^1];
            Inputs inputs = Inputs.Random(call, type, Device);
            foreach (Tensor input in inputs.All) input.requires_grad_(true);
            Tensor gradient = tensor(RandomValues(call.QueryCount * call.HeadCount * size, seed: 99), inputs.Q.shape).to(type).to(Device);
            NaiveAttention expected = inputs.Oracle(call).Run(Doubles(gradient));
            Tensor output = Kernel.Forward(inputs.Q, inputs.K, inputs.V, call.Arguments);
            output.backward([gradient]);
            AssertClose(expected.Output, output, inputs.Q.shape, tolerance, "output");
            AssertClose(expected.QueryGradient, inputs.Q.grad!, inputs.Q.shape, 4 * tolerance, "gradient of q");
            AssertClose(expected.KeyGradient, inputs.K.grad!, inputs.K.shape, 8 * tolerance, "gradient of k");
            AssertClose(expected.ValueGradient, inputs.V.grad!, inputs.V.shape, 8 * tolerance, "gradient of v");
        }
    }

    [Fact]
    public void Forward_OfSlicesOfOneProjection_IsThatOfCopies()
    {
        using var scope = NewDisposeScope();
        var arguments = new AttentionArguments { CumulativeSequenceLengths = new[] { 0, 70, 101 } };
        Tensor all = randn(101, 8, 64, dtype: ScalarType.BFloat16, device: Device), odd = randn(101, 2, 67, dtype: ScalarType.BFloat16, device: Device);
        Tensor q = all.narrow(1, 0, 4), k = all.narrow(1, 4, 2), v = all.narrow(1, 6, 2), crooked = odd.narrow(2, 3, 64);
        Assert.Equal(
            Doubles(Kernel.Forward(q.contiguous(), k.contiguous(), v.contiguous(), arguments)), Doubles(Kernel.Forward(q, k, v, arguments)));
        Assert.Equal(Doubles(Kernel.Forward(q, crooked.contiguous(), v, arguments)), Doubles(Kernel.Forward(q, crooked, v, arguments)));
    }

    [Theory]
    [InlineData(ScalarType.Float32, 64, null, "Float32")]
    [InlineData(ScalarType.BFloat16, 264, null, "264")]
    [InlineData(ScalarType.BFloat16, 64, 0.0, "scale")]
    [InlineData(ScalarType.BFloat16, 64, -1.0, "scale")]
    public void Forward_WhatItHasNoKernelFor_IsRefusedWithTheReason(ScalarType type, int headSize, double? scale, string named)
    {
        using Tensor q = zeros(3, 2, headSize, dtype: type, device: Device);
        var arguments = new AttentionArguments { CumulativeSequenceLengths = new[] { 0, 3 }, Scale = scale };
        Assert.Contains(named, Kernel.WhyNot(Device, type, headSize, arguments), StringComparison.Ordinal);
        Assert.Contains(named, Assert.Throws<NotSupportedException>(() => Kernel.Forward(q, q, q, arguments)).Message, StringComparison.Ordinal);
    }
}
