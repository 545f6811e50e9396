using LongContext.Attention;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Tests.Attention;

/// <summary>What every <see cref="IAttentionKernel"/> must do. Each implementation derives from it.</summary>
public abstract class AttentionKernelSuite
{
    /// <summary>The kernel under test.</summary>
    protected abstract IAttentionKernel Kernel { get; }

    /// <summary>Where it runs.</summary>
    protected virtual Device Device => CPU;

    /// <summary>Types it is tested in, with the largest error allowed on values of about 1.</summary>
    protected virtual (ScalarType DataType, double Tolerance)[] DataTypes => [(ScalarType.Float64, 1e-12), (ScalarType.Float32, 5e-6)];

    /// <summary>The case as this kernel can run it: with the next head size that it has.</summary>
    private protected virtual AttentionCase Fit(AttentionCase call) => call;

    /// <summary>Tolerance of what went through the scores' gradients.</summary>
    private protected virtual double ScoreTolerance(AttentionCase call, double tolerance) => tolerance;

    /// <summary>The type of the tests that need only one.</summary>
    private ScalarType OneType => DataTypes[^1].DataType;

    public static TheoryData<string> Cases() => [.. AttentionCase.Grid.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void Forward_OnTheGrid_IsTheDefinition(string name) => OnTheGrid(name, (call, inputs, tolerance) =>
    {
        using Tensor output = Kernel.Forward(inputs.Q, inputs.K, inputs.V, call.Arguments);
        AssertClose(inputs.Oracle(call).Run().Output, output, inputs.Q.shape, tolerance, "output");
    });

    [Theory, MemberData(nameof(Cases))]
    public void ForwardWithLogSumExp_OnTheGrid_IsTheDefinition(string name) => OnTheGrid(name, (call, inputs, tolerance) =>
    {
        NaiveAttention expected = inputs.Oracle(call).Run();
        (Tensor output, Tensor logSumExp) = Kernel.ForwardWithLogSumExp(inputs.Q, inputs.K, inputs.V, call.Arguments);

        AssertClose(expected.Output, output, inputs.Q.shape, tolerance, "output");
        AssertClose(expected.LogSumExp, logSumExp, [call.QueryCount, call.HeadCount], tolerance, "log-sum-exp");
        Assert.Equal(inputs.Q.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32, logSumExp.dtype);
        Assert.False(logSumExp.requires_grad);
    });

    [Theory, MemberData(nameof(Cases))]
    public void Forward_Backward_GivesTheDefinitionsGradients(string name) => OnTheGrid(name, (call, inputs, tolerance) =>
    {
        foreach (Tensor input in inputs.All) input.requires_grad_(true);
        double[] weights = RandomValues(call.QueryCount * call.HeadCount * call.HeadDimension, seed: 99);
        using Tensor gradient = tensor(weights, inputs.Q.shape).to(inputs.Q.dtype).to(Device);
        NaiveAttention expected = inputs.Oracle(call).Run(Doubles(gradient));
        using Tensor output = Kernel.Forward(inputs.Q, inputs.K, inputs.V, call.Arguments);
        if (call.QueryCount == 0) return; // nothing came of the inputs: there is nothing to go back through

        output.backward([gradient]);

        // Sums over up to 150 keys: the bound grows with what is summed.
        double ofScores = ScoreTolerance(call, tolerance);
        AssertClose(expected.QueryGradient, inputs.Q.grad!, inputs.Q.shape, 4 * ofScores, "gradient of q");
        AssertClose(expected.KeyGradient, inputs.K.grad!, inputs.K.shape, 8 * ofScores, "gradient of k");
        AssertClose(expected.ValueGradient, inputs.V.grad!, inputs.V.shape, 8 * tolerance, "gradient of v");
    });

    [Theory, MemberData(nameof(Cases))]
    public void Forward_OfAPack_IsItsDocumentsApart(string name) => OnTheGrid(name, (call, inputs, tolerance) =>
    {
        using Tensor packed = Kernel.Forward(inputs.Q, inputs.K, inputs.V, call.Arguments);
        int[] queries = AttentionCase.Borders(call.Lengths), keys = AttentionCase.Borders(call.KeyLengthsOrOwn);
        for (int i = 0; i < call.Lengths.Length; i++)
        {
            AttentionCase alone = call with { Lengths = [call.Lengths[i]], KeyLengths = call.KeyLengths is null ? null : [call.KeyLengths[i]] };
            Tensor k = inputs.K.narrow(0, keys[i], call.KeyLengthsOrOwn[i]), v = inputs.V.narrow(0, keys[i], call.KeyLengthsOrOwn[i]);
            using Tensor apart = Kernel.Forward(inputs.Q.narrow(0, queries[i], call.Lengths[i]), k, v, alone.Arguments);
            AssertClose(Doubles(apart), packed.narrow(0, queries[i], call.Lengths[i]), apart.shape, tolerance, $"document {i}");
        }
    });

    [Fact]
    public void Forward_AnotherDocumentPoisoned_ChangesNothing()
    {
        AttentionCase[] calls = [.. new AttentionCase[]
        {
            new() { Lengths = [9, 9, 13] }, new() { Lengths = [9, 9, 13], Window = 4 }, new() { Lengths = [9, 9, 13], SoftCap = 2 },
            new() { Lengths = [2, 2, 1], KeyLengths = [9, 9, 13] },
        }.Select(Fit)];
        foreach (AttentionCase call in calls)
        {
            using var scope = NewDisposeScope();
            int middle = call.Lengths[0], last = middle + call.Lengths[1], middleKey = call.KeyLengthsOrOwn[0];
            Inputs clean = Inputs.Random(call, OneType, Device), poisoned = Inputs.Random(call, OneType, Device);
            poisoned.Q.narrow(0, middle, call.Lengths[1]).FillInPlace(double.NaN);
            poisoned.K.narrow(0, middleKey, call.KeyLengthsOrOwn[1]).FillInPlace(double.NaN);
            poisoned.V.narrow(0, middleKey, call.KeyLengthsOrOwn[1]).FillInPlace(double.NaN);
            double[][] results = [.. new[] { clean, poisoned }.Select(inputs =>
            {
                foreach (Tensor input in inputs.All) input.requires_grad_(true);
                Tensor output = Kernel.Forward(inputs.Q, inputs.K, inputs.V, call.Arguments);
                output.backward([ones_like(output)]);
                Tensor[] parts = [output.detach(), inputs.Q.grad!];
                return (double[])[.. parts.SelectMany(part => Doubles(part.narrow(0, 0, middle)).Concat(Doubles(part.narrow(0, last, call.Lengths[2]))))];
            })];

            Assert.DoesNotContain(results[0], double.IsNaN);
            Assert.Equal(results[0], results[1]);
        }
    }

    [Fact]
    public void Forward_LaterTokens_ChangeNothingBefore()
    {
        using var scope = NewDisposeScope();
        AttentionCase call = Fit(new AttentionCase { Lengths = [65] });
        Inputs inputs = Inputs.Random(call, OneType, Device);
        double[] before = Doubles(Kernel.Forward(inputs.Q, inputs.K, inputs.V, call.Arguments).narrow(0, 0, 40));
        foreach (Tensor input in inputs.All) input.narrow(0, 40, 25).MultiplyInPlace(-3);
        Assert.Equal(before, Doubles(Kernel.Forward(inputs.Q, inputs.K, inputs.V, call.Arguments).narrow(0, 0, 40)));
    }

    [Fact]
    public void Forward_LargeScores_StaysFinite()
    {
        using var scope = NewDisposeScope();
        AttentionCase call = Fit(new AttentionCase { Lengths = [33, 5] });
        Inputs inputs = Inputs.Random(call, OneType, Device);
        inputs.Q.MultiplyInPlace(1000);
        NaiveAttention expected = inputs.Oracle(call).Run();
        (Tensor output, Tensor logSumExp) = Kernel.ForwardWithLogSumExp(inputs.Q, inputs.K, inputs.V, call.Arguments);
        // exp of scores of about 1,000: only differences to the largest may ever be exponentiated.
        AssertClose(expected.LogSumExp, logSumExp, logSumExp.shape, 2e-3, "log-sum-exp");
        AssertClose(expected.Output, output, output.shape, Math.Max(2e-3, DataTypes[^1].Tolerance), "output");
    }

    [Theory]
    [InlineData("q", "q of two dimensions")]
    [InlineData("k", "keys of another head size")]
    [InlineData("k", "keys of two dimensions")]
    [InlineData("k", "3 key heads for 4 query heads")]
    [InlineData("k", "keys of another type")]
    [InlineData("v", "values of another length")]
    [InlineData("v", "values of another type")]
    [InlineData("SlidingWindow", "window 0")]
    [InlineData("SoftCap", "cap 0")]
    [InlineData("SoftCap", "cap NaN")]
    [InlineData("Scale", "scale NaN")]
    [InlineData("CumulativeSequenceLengths", "no borders")]
    [InlineData("CumulativeSequenceLengths", "borders from 1")]
    [InlineData("CumulativeSequenceLengths", "borders short of the tokens")]
    [InlineData("CumulativeSequenceLengths", "borders that fall")]
    [InlineData("CumulativeKeyLengths", "key borders past the keys")]
    [InlineData("documents", "another number of documents")]
    [InlineData("CumulativeKeyLengths", "more queries than keys")]
    public void Forward_WhatDoesNotFit_IsRefusedByName(string named, string fault)
    {
        using var scope = NewDisposeScope();
        AttentionArguments arguments = new() { CumulativeSequenceLengths = new[] { 0, 4, 10 } };
        Tensor q = zeros(10, 4, 8, device: Device), k = zeros(10, 2, 8, device: Device), v = zeros(10, 2, 8, device: Device);
        (q, k, v, arguments) = fault switch
        {
            "q of two dimensions" => (zeros(10, 32, device: Device), k, v, arguments),
            "keys of another head size" => (q, zeros(10, 2, 16, device: Device), zeros(10, 2, 16, device: Device), arguments),
            "keys of two dimensions" => (q, zeros(10, 16, device: Device), v, arguments),
            "3 key heads for 4 query heads" => (q, zeros(10, 3, 8, device: Device), zeros(10, 3, 8, device: Device), arguments),
            "keys of another type" => (q, k.to(ScalarType.BFloat16), v, arguments),
            "values of another length" => (q, k, zeros(9, 2, 8, device: Device), arguments),
            "values of another type" => (q, k, v.to(ScalarType.Float64), arguments),
            "window 0" => (q, k, v, arguments with { SlidingWindow = 0 }),
            "cap 0" => (q, k, v, arguments with { SoftCap = 0 }),
            "cap NaN" => (q, k, v, arguments with { SoftCap = double.NaN }),
            "scale NaN" => (q, k, v, arguments with { Scale = double.NaN }),
            "no borders" => (q, k, v, arguments with { CumulativeSequenceLengths = Array.Empty<int>() }),
            "borders from 1" => (q, k, v, arguments with { CumulativeSequenceLengths = new[] { 1, 4, 10 } }),
            "borders short of the tokens" => (q, k, v, arguments with { CumulativeSequenceLengths = new[] { 0, 4, 9 } }),
            "borders that fall" => (q, k, v, arguments with { CumulativeSequenceLengths = new[] { 0, 7, 6, 10 } }),
            "key borders past the keys" => (q, k, v, arguments with { CumulativeKeyLengths = new[] { 0, 4, 11 } }),
            "another number of documents" => (q, k, v, arguments with { CumulativeKeyLengths = new[] { 0, 10 } }),
            "more queries than keys" => (q, k, v, arguments with { CumulativeKeyLengths = new[] { 0, 3, 10 } }),
            _ => throw new ArgumentOutOfRangeException(nameof(fault)),
        };

        foreach (Action call in new Action[] { () => Kernel.Forward(q, k, v, arguments), () => Kernel.ForwardWithLogSumExp(q, k, v, arguments) })
        {
            ArgumentException e = Assert.Throws<ArgumentException>(call);
            Assert.Contains(named, e.ParamName == named ? named : e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Name_AndWhyNot_AreThere()
    {
        Assert.NotEmpty(Kernel.Name);
        foreach ((ScalarType dataType, _) in DataTypes)
            Assert.Null(Kernel.WhyNot(Device, dataType, 64, new AttentionArguments { CumulativeSequenceLengths = new[] { 0, 1 } }));
    }

    private protected void OnTheGrid(string name, Action<AttentionCase, Inputs, double> check)
    {
        AttentionCase call = Fit(AttentionCase.Grid[name]);
        foreach ((ScalarType dataType, double tolerance) in DataTypes)
        {
            using var scope = NewDisposeScope();
            check(call, Inputs.Random(call, dataType, Device), tolerance);
        }
    }

    private protected static void AssertClose(double[] expected, Tensor actual, ReadOnlySpan<long> shape, double tolerance, string what)
    {
        Assert.Equal(shape.ToArray(), actual.shape);
        double[] values = Doubles(actual);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i].Equals(values[i])) continue;
            double allowed = tolerance * Math.Max(1, Math.Abs(expected[i]));
            Assert.True(Math.Abs(expected[i] - values[i]) <= allowed, $"{what}, {actual.dtype}: value {i} is {values[i]}, expected {expected[i]}");
        }
    }

    private protected static double[] Doubles(Tensor values)
    {
        using var scope = NewDisposeScope();
        Tensor wide = values.detach().to(ScalarType.Float64).cpu().contiguous();
        double[] result = wide.numel() == 0 ? [] : wide.data<double>().ToArray();
        GC.KeepAlive(values);
        return result;
    }

    private protected static double[] RandomValues(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() * 4 - 2)];
    }

    private protected sealed record Inputs(Tensor Q, Tensor K, Tensor V)
    {
        public Tensor[] All => [Q, K, V];

        public static Inputs Random(AttentionCase call, ScalarType dataType, Device device)
        {
            long size = call.HeadDimension;
            return new Inputs(Of(call.QueryCount, call.HeadCount, 1), Of(call.KeyCount, call.KeyHeadCount, 2), Of(call.KeyCount, call.KeyHeadCount, 3));

            Tensor Of(long tokens, long heads, int seed)
            {
                if (tokens == 0) return zeros([0, heads, size], dtype: dataType, device: device);
                using Tensor wide = tensor(RandomValues((int)(tokens * heads * size), seed), [tokens, heads, size]);
                return wide.to(dataType).to(device).clone();
            }
        }

        /// <summary>The oracle on exactly the values that the kernel gets, rounding to its type included.</summary>
        public NaiveAttention Oracle(AttentionCase call) => new(call, Doubles(Q), Doubles(K), Doubles(V));
    }
}
