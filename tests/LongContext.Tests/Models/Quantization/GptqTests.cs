using LongContext.Models.Quantization;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Tests.Models.Quantization;

/// <summary>GPTQ against the column-by-column algorithm that it speeds up, and against all codes there are.</summary>
public sealed class GptqTests
{
    private const double Damping = 0.01;

    public static TheoryData<QuantizationFormat, int?, bool, bool> Settings() => new()
    {
        { QuantizationFormat.Int4, 32, true, false },
        { QuantizationFormat.Int4, 48, false, false },
        { QuantizationFormat.Int4, 256, false, false },
        { QuantizationFormat.Int4, null, true, false },
        { QuantizationFormat.Int4, 64, false, true },
        { QuantizationFormat.Int8, null, true, false },
        { QuantizationFormat.Int8, null, true, true },
        { QuantizationFormat.Nf4, null, true, false },
        { QuantizationFormat.Float8, null, true, true },
    };

    [Theory, MemberData(nameof(Settings))]
    public void Quantize_AnyFormat_IsThePlainAlgorithmAndLosesLessThanRounding(QuantizationFormat format, int? groupSize, bool symmetric, bool ordered)
    {
        foreach ((int rows, int columns, int tokens) in new[] { (5, 320, 900), (3, 300, 100), (1, 17, 40), (4, 129, 500) })
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(11, CPU);
            Tensor weight = randn([rows, columns], dtype: ScalarType.Float64, generator: generator), inputs = Inputs(tokens, columns, generator);
            Tensor hessian = inputs.t().matmul(inputs) * tensor(2.0);
            var options = new QuantizationOptions { Format = format, GroupSize = groupSize, Symmetric = symmetric, DoubleQuantized = false };
            QuantizationGrid grid = QuantizationGrids.Make(options, "w", weight.shape), plain = QuantizationGrids.Make(options, "w", weight.shape), rounding = QuantizationGrids.Make(options, "w", weight.shape);

            byte[] codes = Gptq.Quantize(weight, hessian, grid, Damping, ordered, TestContext.Current.CancellationToken);

            double[] values = weight.data<double>().ToArray();
            Assert.Equal(Plain(values, hessian.data<double>().ToArray(), plain, Damping, ordered), codes);
            QuantizationGrids.FitAll(rounding, values);
            byte[] rounded = QuantizationGrids.Round(rounding, values);
            double error = Error(values, codes, grid, inputs), roundedError = Error(values, rounded, rounding, inputs);
            Assert.True(error <= roundedError, $"{rows} × {columns}: {error}, rounding {roundedError}");
            using QuantizedWeight built = grid.Build(codes, CPU).OwnedBy(scope);
            Assert.Equal(Math.Sqrt(error / Sum(weight.matmul(inputs.t()))), QuantizationError.OfOutputs(weight, built, hessian), 1e-9);
        }
    }

    [Fact]
    public void Quantize_TinyMatrix_IsNearTheBestOfAllCodes()
    {
        // Four columns, of whose 16⁴ codes all are tried: greedy, but never far from the best and mostly better than rounding.
        double best = 0, found = 0, rounded = 0;
        for (ulong seed = 0; seed < 12; seed++)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(seed, CPU);
            Tensor weight = randn([1, 4], dtype: ScalarType.Float64, generator: generator), inputs = Inputs(20, 4, generator);
            Tensor hessian = inputs.t().matmul(inputs) * tensor(2.0);
            QuantizationGrid grid = QuantizationGrids.Make(new QuantizationOptions { GroupSize = null }, "w", weight.shape);
            byte[] codes = Gptq.Quantize(weight, hessian, grid, Damping, activationOrder: false, TestContext.Current.CancellationToken);
            double[] values = weight.data<double>().ToArray();
            double[] h = hessian.data<double>().ToArray();
            double least = double.MaxValue;
            for (int all = 0; all < 1 << 16; all++)
            {
                double error = 0;
                for (int i = 0; i < 4; i++)
                {
                    double a = values[i] - grid.Value((byte)((all >> (4 * i)) & 15), 0);
                    for (int k = 0; k < 4; k++) error += a * h[(4 * i) + k] * (values[k] - grid.Value((byte)((all >> (4 * k)) & 15), 0));
                }

                least = Math.Min(least, error / 2);
            }

            double own = Error(values, codes, grid, inputs);
            Assert.True(own >= least - 1e-9, $"{own} is below the best, {least}");
            best += least;
            found += own;
            rounded += Error(values, QuantizationGrids.Round(grid, values), grid, inputs);
        }

        Assert.True(found < 2 * best && found < rounded, $"best {best}, GPTQ {found}, rounding {rounded}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Quantize_InputsThatAreNever_AreRoundedAndConcernNoOther(bool ordered)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        Tensor weight = randn([3, 96], dtype: ScalarType.Float64, generator: generator), inputs = Inputs(200, 96, generator);
        int[] dead = [0, 31, 50, 95];
        foreach (int column in dead) inputs.narrow(1, column, 1).zero_();
        Tensor hessian = inputs.t().matmul(inputs);
        QuantizationGrid grid = QuantizationGrids.Make(new QuantizationOptions { Format = QuantizationFormat.Int8 }, "w", weight.shape);
        byte[] codes = Gptq.Quantize(weight, hessian, grid, Damping, ordered, TestContext.Current.CancellationToken);
        double[] values = weight.data<double>().ToArray();
        for (int row = 0; row < 3; row++)
        {
            foreach (int column in dead) Assert.Equal(grid.Code(values[(row * 96) + column], row), codes[(row * 96) + column]);
        }

        byte[] silent = Gptq.Quantize(weight, zeros(96, 96, dtype: ScalarType.Float64), grid, Damping, ordered, TestContext.Current.CancellationToken);
        Assert.Equal(QuantizationGrids.Round(grid, values), silent);
    }

    [Fact]
    public void Quantize_WhatIsNotFinite_IsRefused()
    {
        using var scope = NewDisposeScope();
        QuantizationGrid grid = QuantizationGrids.Make(new QuantizationOptions(), "the.weight", [2, 16]);
        Tensor bad = zeros(16, 16, dtype: ScalarType.Float64);
        bad[3, 3] = double.NaN;
        Assert.Contains("the.weight", Assert.Throws<NotSupportedException>(() => Gptq.Quantize(ones(2, 16), bad, grid, 0.01, false, default)).Message, StringComparison.Ordinal);
        Tensor infinite = ones(2, 16);
        infinite[1, 2] = float.PositiveInfinity;
        Assert.Contains("the.weight", Assert.Throws<NotSupportedException>(() => Gptq.Quantize(infinite, eye(16, dtype: ScalarType.Float64), grid, 0.01, false, default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quantize_Cancelled_Throws()
    {
        using var scope = NewDisposeScope();
        QuantizationGrid grid = QuantizationGrids.Make(new QuantizationOptions(), "w", [2, 16]);
        Assert.Throws<OperationCanceledException>(() => Gptq.Quantize(ones(2, 16), eye(16, dtype: ScalarType.Float64), grid, 0.01, false, new CancellationToken(true)));
    }

    /// <summary>
    /// Optimal brain quantisation with columns in a given order (arXiv:2210.17323, equations 2 and 3): H⁻¹ whole, and after each column Gaussian
    /// elimination of its row and column. No Cholesky factor, no blocks.
    /// </summary>
    private static byte[] Plain(double[] values, double[] hessian, QuantizationGrid grid, double damping, bool ordered)
    {
        int columns = grid.Columns, rows = grid.Rows;
        double mean = Enumerable.Range(0, columns).Average(i => hessian[(i * columns) + i]);
        int[] order = [.. Enumerable.Range(0, columns)];
        if (ordered) order = [.. order.OrderByDescending(i => hessian[(i * columns) + i])];
        Tensor damped = tensor(hessian).reshape(columns, columns).Plus(eye(columns, dtype: ScalarType.Float64) * tensor(damping * mean));
        double[] inverse = linalg.inv(damped).contiguous().data<double>().ToArray();
        var work = (double[])values.Clone();
        var codes = new byte[values.Length];
        bool before = ordered || grid.RunsOverRows;
        if (before) QuantizationGrids.FitAll(grid, values);
        var done = new HashSet<int>();
        foreach (int j in order)
        {
            done.Add(j);
            double pivot = inverse[(j * columns) + j];
            for (int row = 0; row < rows; row++)
            {
                long group = grid.GroupOf(row, j);
                if (!before && j % grid.GroupSize == 0) grid.Fit(group, work.AsSpan((row * columns) + j, Math.Min(grid.GroupSize, columns - j)));
                byte code = grid.Code(work[(row * columns) + j], group);
                codes[(row * columns) + j] = code;
                double error = (work[(row * columns) + j] - grid.Value(code, group)) / pivot;
                for (int k = 0; k < columns; k++)
                {
                    if (!done.Contains(k)) work[(row * columns) + k] -= error * inverse[(j * columns) + k];
                }
            }

            for (int a = 0; a < columns; a++)
            {
                if (done.Contains(a)) continue;
                double factor = inverse[(a * columns) + j] / pivot;
                for (int b = 0; b < columns; b++)
                {
                    if (!done.Contains(b)) inverse[(a * columns) + b] -= factor * inverse[(j * columns) + b];
                }
            }
        }

        return codes;
    }

    /// <summary>‖(W − Q)X‖².</summary>
    private static double Error(double[] values, byte[] codes, QuantizationGrid grid, Tensor inputs)
    {
        var difference = new double[values.Length];
        for (int i = 0; i < values.Length; i++) difference[i] = values[i] - grid.Value(codes[i], grid.GroupOf(i / grid.Columns, i % grid.Columns));
        return Sum(tensor(difference).reshape(grid.Rows, grid.Columns).matmul(inputs.t()));
    }

    private static double Sum(Tensor outputs) => outputs.Squared().sum().item<double>();

    /// <summary>Inputs that depend on one another, some of them strong.</summary>
    private static Tensor Inputs(int tokens, int columns, Generator generator)
    {
        Tensor mixing = randn([columns, columns], dtype: ScalarType.Float64, generator: generator) / tensor(Math.Sqrt(columns));
        Tensor strengths = randn([columns], dtype: ScalarType.Float64, generator: generator).exp();
        return randn([tokens, columns], dtype: ScalarType.Float64, generator: generator).matmul(mixing.Plus(eye(columns, dtype: ScalarType.Float64))) * strengths;
    }
}
