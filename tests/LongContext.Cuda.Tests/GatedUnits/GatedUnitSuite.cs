using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.GatedUnits;

public abstract class GatedUnitSuite
{
    protected abstract KernelHost Host { get; }

    public static TheoryData<string, string> Kinds()
    {
        var data = new TheoryData<string, string>();
        foreach (string type in Enum.GetNames<ElementType>())
        {
            foreach (string activation in Enum.GetNames<GatedActivation>()) data.Add(type, activation);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ForwardAndBackward_AnyShape_FollowTheDefinition(string typeName, string activationName)
    {
        (ElementType type, GatedActivation activation) = (Enum.Parse<ElementType>(typeName), Enum.Parse<GatedActivation>(activationName));
        foreach ((int rows, int columns) in new[] { (1, 1), (7, 7), (65, 64), (3, 127), (2, 128), (5, 1000), (1, 4097), (2, 4096) })
        {
            foreach (Mode mode in Enum.GetValues<Mode>()) Check(type, activation, rows, columns, mode, plain: false);
        }

        Check(type, activation, 3, 129, Mode.Apart, plain: true);
    }

    /// <summary>Far out the value is x or 0 and the slope 1 or 0, never NaN.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Backward_LargeGates_StaysFinite(string typeName, string activationName)
    {
        (ElementType type, GatedActivation activation) = (Enum.Parse<ElementType>(typeName), Enum.Parse<GatedActivation>(activationName));
        double[] gate = [-60000, -300, -100, -40, -20, -15, -12, -8, -5.5, -1e-3, -0.0, 0, 1e-3, 5.5, 8, 12, 20, 40, 100, 300, 30000, 60000, 1e-30, -1e-30];
        if (type != ElementType.Float16) gate = [.. gate, 1e19, -1e19, 3e38, -3e38];
        double[] ones = [.. gate.Select(_ => 1.0)];
        using DeviceTensor a = DeviceTensor.Of(Host.Context, type, gate, gate.Length), b = DeviceTensor.Of(Host.Context, type, ones, gate.Length), g = DeviceTensor.Of(Host.Context, type, ones, gate.Length);
        using DeviceTensor p = new(Host.Context, type, 1, gate.Length), da = new(Host.Context, type, 1, gate.Length), db = new(Host.Context, type, 1, gate.Length);
        var arguments = new GatedUnitArguments
        {
            Type = type, Activation = activation, Rows = 1, Columns = gate.Length, Gate = a.Rows, Up = b.Rows, Product = p.Rows, Gradient = g.Rows, GateGradient = da.Rows, UpGradient = db.Rows,
        };
        var kernel = new GatedUnitKernel(Host.Context);
        kernel.Forward(arguments, 0);
        kernel.Backward(arguments, 0);
        gate = Expect.Rounded(type, gate);
        double[] value = p.Get(), slope = da.Get(), again = db.Get();
        Expect.Same(value, again, "value");
        for (int i = 0; i < gate.Length; i++)
        {
            (double v, double s) = Define(activation, gate[i]);
            double close = 4 * Elements.Unit(type);
            Assert.True(Math.Abs(value[i] - v) <= (close * Math.Abs(v)) + 1e-7, $"f({gate[i]}) is {value[i]}, wanted {v}");
            Assert.True(Math.Abs(slope[i] - s) <= close + 1e-6, $"f′({gate[i]}) is {slope[i]}, wanted {s}");
        }
    }

    [Fact]
    public void NoRows_LaunchesNothing()
    {
        _ = Host.Reports();
        var arguments = new GatedUnitArguments { Type = ElementType.BFloat16, Activation = GatedActivation.Silu, Rows = 0, Columns = 8, Gate = default, Up = default };
        new GatedUnitKernel(Host.Context).Forward(arguments, 0);
        new GatedUnitKernel(Host.Context).Backward(arguments, 0);
        Assert.Empty(Host.Reports());
    }

    [Theory]
    [InlineData("BFloat16", 9, 4096)]
    [InlineData("Float16", 9, 4096)]
    [InlineData("Float32", 5, 2048)]
    public void Traffic_AlignedShape_IsTheFormula(string typeName, int rows, int columns)
    {
        Assert.SkipUnless(Host.Counts, "a real GPU does not count");
        ElementType type = Enum.Parse<ElementType>(typeName);
        double[] values = Expect.Normal(rows * 2 * columns, 1);
        using DeviceTensor both = DeviceTensor.Of(Host.Context, type, values, 2 * columns), g = DeviceTensor.Of(Host.Context, type, values[..(rows * columns)], columns);
        var arguments = new GatedUnitArguments
        {
            Type = type, Activation = GatedActivation.Silu, Rows = rows, Columns = columns, Gate = both.Slice(0), Up = both.Slice(columns), Product = g.Rows, Gradient = g.Rows,
            GateGradient = both.Slice(0), UpGradient = both.Slice(columns),
        };
        _ = Host.Reports();
        new GatedUnitKernel(Host.Context).Forward(arguments with { Gradient = default }, 0);
        Expect.Traffic(Assert.Single(Host.Reports()), GatedUnitKernel.ForwardTraffic(type, rows, columns));
        new GatedUnitKernel(Host.Context).Backward(arguments, 0);
        Expect.Traffic(Assert.Single(Host.Reports()), GatedUnitKernel.BackwardTraffic(type, rows, columns));
    }

    [Fact]
    public void Backward_WrongArguments_AreNamed()
    {
        using var x = new DeviceTensor(Host.Context, ElementType.Float32, 4, 64);
        var kernel = new GatedUnitKernel(Host.Context);
        var good = new GatedUnitArguments
        {
            Type = ElementType.Float32, Activation = GatedActivation.Silu, Rows = 4, Columns = 16, Gate = x.Slice(0), Up = x.Slice(16), Gradient = x.Slice(32), GateGradient = x.Slice(0), UpGradient = x.Slice(16),
        };
        Assert.Contains("UpGradient", Assert.ThrowsAny<ArgumentException>(() => kernel.Backward(good with { UpGradient = default }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("overlaps", Assert.ThrowsAny<ArgumentException>(() => kernel.Backward(good with { GateGradient = x.Slice(8) }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("one tensor", Assert.ThrowsAny<ArgumentException>(() => kernel.Backward(good with { GateGradient = x.Slice(16) }, 0)).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => kernel.Backward(good with { Activation = (GatedActivation)9 }, 0));
    }

    private enum Mode
    {
        Apart,
        Halves,
        InPlace,
    }

    private static (double Value, double Slope) Define(GatedActivation activation, double x)
    {
        double sigma;
        switch (activation)
        {
            case GatedActivation.Silu:
                sigma = 1 / (1 + Math.Exp(-x));
                return (x * sigma, sigma + (x * sigma * (1 / (1 + Math.Exp(x)))));
            case GatedActivation.Gelu:
                return (x * ErrorFunction.Normal(x), ErrorFunction.Normal(x) + (ErrorFunction.Bell(x) == 0 ? 0 : x * ErrorFunction.Bell(x)));
            case GatedActivation.GeluTanh:
                double u = Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)), other = 1 / (1 + Math.Exp(2 * u));
                sigma = 1 / (1 + Math.Exp(-2 * u));
                double bend = sigma * other == 0 ? 0 : x * sigma * other * 2 * Math.Sqrt(2 / Math.PI) * (1 + (3 * 0.044715 * x * x));
                return (x * sigma, sigma + bend);
            default:
                return (Math.Max(x, 0), x > 0 ? 1 : 0);
        }
    }

    private void Check(ElementType type, GatedActivation activation, int rows, int columns, Mode mode, bool plain)
    {
        int count = rows * columns;
        double[] a = Expect.Rounded(type, Expect.Normal(count, 1, 2)), b = Expect.Rounded(type, Expect.Normal(count, 2)), g = Expect.Rounded(type, Expect.Normal(count, 3));
        // Halves lie in one tensor with a gap after them.
        double[] both = [.. Enumerable.Range(0, rows).SelectMany(row => a.Skip(row * columns).Take(columns).Concat(b.Skip(row * columns).Take(columns)))];
        using DeviceTensor halves = DeviceTensor.Of(Host.Context, type, both, 2 * columns, (2 * columns) + 8);
        using DeviceTensor gate = DeviceTensor.Of(Host.Context, type, a, columns), up = DeviceTensor.Of(Host.Context, type, b, columns), gradient = DeviceTensor.Of(Host.Context, type, g, columns);
        using DeviceTensor product = new(Host.Context, type, rows, columns), gateGradient = new(Host.Context, type, rows, columns), upGradient = new(Host.Context, type, rows, columns);
        var arguments = new GatedUnitArguments
        {
            Type = type, Activation = activation, Rows = rows, Columns = columns, Gate = mode == Mode.Halves ? halves.Slice(0) : gate.Rows, Up = mode == Mode.Halves ? halves.Slice(columns) : up.Rows,
            Product = product.Rows, Gradient = gradient.Rows,
            GateGradient = mode == Mode.Apart ? gateGradient.Rows : mode == Mode.InPlace ? gate.Rows : halves.Slice(0),
            UpGradient = mode == Mode.Apart ? upGradient.Rows : mode == Mode.InPlace ? up.Rows : halves.Slice(columns),
        };
        var kernel = new GatedUnitKernel(Host.Context, plain);
        kernel.Forward(arguments, 0);
        kernel.Backward(arguments, 0);
        // float32 rounds the exponential's argument, so that the value's relative error grows with it.
        double Error(int i) => Expect.Single * ((plain ? 64 : 24) + (2 * activation switch
        {
            GatedActivation.Silu => Math.Abs(a[i]),
            GatedActivation.Gelu => a[i] * a[i] / 2,
            _ => Math.Abs(1.6 * (a[i] + (0.044715 * a[i] * a[i] * a[i]))),
        }));

        Expect.Rounded(type, product.Get(), i => Define(activation, a[i]).Value * b[i], i => Error(i) * Math.Abs(Define(activation, a[i]).Value * b[i]), "product");
        double[] da = mode == Mode.Apart ? gateGradient.Get() : mode == Mode.InPlace ? gate.Get() : Half(0), db = mode == Mode.Apart ? upGradient.Get() : mode == Mode.InPlace ? up.Get() : Half(columns);
        Expect.Rounded(type, da, i => Define(activation, a[i]).Slope * b[i] * g[i], i => Error(i) * Math.Abs(b[i] * g[i]) * (1 + Math.Abs(Define(activation, a[i]).Slope)), "∂gate");
        Expect.Rounded(type, db, i => Define(activation, a[i]).Value * g[i], i => Error(i) * Math.Abs(Define(activation, a[i]).Value * g[i]), "∂up");

        double[] Half(int first)
        {
            double[] all = halves.Get();
            return [.. Enumerable.Range(0, rows).SelectMany(row => all.Skip((row * 2 * columns) + first).Take(columns))];
        }
    }
}
