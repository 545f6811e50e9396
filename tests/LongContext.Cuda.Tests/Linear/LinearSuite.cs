using LongContext.Cuda.Emulation;
using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Linear;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Linear;

public abstract class LinearSuite
{
    private static readonly string[] Forms = ["Plain", "Int8", "Float8", "Int4 32", "Int4 64 zeros", "Int4 96", "Int4 128 zeros", "Int4 rows", "Nf4", "Nf4 double"];

    protected abstract KernelHost Host { get; }

    public static TheoryData<string, string> Formats()
    {
        var data = new TheoryData<string, string>();
        foreach (string form in Forms)
        {
            data.Add(nameof(ElementType.BFloat16), form);
            data.Add(nameof(ElementType.Float16), form);
        }

        return data;
    }

    /// <summary>Outputs that fill no tile, inputs that fill no step, one part and several.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Run_AnyNumberOfRows_IsTheProduct(string typeName, string form)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        foreach ((int rows, int outputs, int inputs) in new[] { (1, 37, 192), (3, 1, 64), (2, 20, 2560), (8, 16, 4160), (9, 21, 192), (17, 50, 320), (32, 33, 2112) }) Check(type, form, rows, outputs, inputs, plain: false);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Run_Plain_IsTheProduct(string typeName, string form)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        Check(type, form, rows: 3, outputs: 19, inputs: 192, plain: true);
    }

    /// <summary>Odd inputs, groups that end within a word, codes and rows off the borders: the plain kernel steps in.</summary>
    [Theory]
    [InlineData("Plain", 33, 0)]
    [InlineData("Plain", 64, 1)]
    [InlineData("Int8", 40, 0)]
    [InlineData("Float8", 64, 3)]
    [InlineData("Int4 48", 96, 0)]
    [InlineData("Int4 33 zeros", 97, 0)]
    [InlineData("Nf4 double", 96, 0)]
    [InlineData("Nf4", 65, 0)]
    public void Run_ShapesThatAreNotFast_AreTheProduct(string form, int inputs, int offset)
    {
        foreach (ElementType type in new[] { ElementType.BFloat16, ElementType.Float16 }) Check(type, form, rows: 3, outputs: 18, inputs, plain: false, offset, isFast: false);
    }

    /// <summary>A row's bits are the same alone and beside 31 others.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Run_RowAlone_HasTheBitsOfTheRowAmongOthers(string typeName, string form)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        const int outputs = 40, inputs = 4224, rows = 32;
        using var weight = new LinearCase(Host.Context, type, form, outputs, inputs, seed: 3);
        using DeviceTensor x = DeviceTensor.Of(Host.Context, type, Expect.Normal(rows * inputs, 4), inputs);
        // Sums behind the product, which an assembler could fuse with what stands before them in one kernel and not in another.
        using DeviceTensor bias = DeviceTensor.Of(Host.Context, type, Expect.Normal(outputs, 5), outputs), residual = DeviceTensor.Of(Host.Context, type, Expect.Normal(rows * outputs, 6), outputs);
        double[] all = Run(rows, 0);
        foreach ((int count, int first) in new[] { (1, 0), (1, 31), (7, 9), (12, 20), (20, 3) }) Expect.Same(all[(first * outputs)..((first + count) * outputs)], Run(count, first), $"{count} rows from {first}");

        double[] Run(int count, int first)
        {
            using DeviceTensor y = new(Host.Context, ElementType.Float32, count, outputs);
            Launch(new LinearArguments
            {
                Type = type, OutputType = ElementType.Float32, Rows = count, X = new RowTensor(x.Address + (first * inputs * type.Bytes()), inputs),
                Residual = new RowTensor(residual.Address + (first * outputs * type.Bytes()), outputs), First = new LinearPart { Weight = weight.Weight, Bias = bias.Address, Y = y.Rows },
            });
            return y.Get();
        }
    }

    [Theory]
    [InlineData("BFloat16", "Plain", 5)]
    [InlineData("Float16", "Int4 64 zeros", 3)]
    [InlineData("BFloat16", "Int8", 18)]
    [InlineData("Float16", "Nf4", 1)]
    public void Run_ThreeMatrices_EachGoesToItsOwn(string typeName, string form, int rows)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        const int inputs = 1024;
        int[] outputs = [40, 17, 16];
        foreach (bool plain in new[] { false, true })
        {
            LinearCase[] weights = [.. outputs.Select((count, i) => new LinearCase(Host.Context, type, form, count, inputs, seed: i, exact: plain))];
            double[] x = Expect.Rounded(type, Expect.Normal(rows * inputs, 9)), bias = Expect.Rounded(type, Expect.Normal(17, 8));
            using DeviceTensor xThere = DeviceTensor.Of(Host.Context, type, x, inputs, stride: inputs + 8), biasThere = DeviceTensor.Of(Host.Context, type, bias, 17);
            // Results side by side in one tensor, as query, key and value lie.
            using DeviceTensor y = new(Host.Context, type, rows, 73);
            Launch(
                new LinearArguments
                {
                    Type = type, Rows = rows, X = xThere.Rows,
                    First = new LinearPart { Weight = weights[0].Weight, Y = y.Slice(0) },
                    Second = new LinearPart { Weight = weights[1].Weight, Bias = biasThere.Address, Y = y.Slice(40) },
                    Third = new LinearPart { Weight = weights[2].Weight, Y = y.Slice(57) },
                },
                plain);
            Expect.Rounded(type, y.Get(), i => Dot(i).Sum, i => Error(Dot(i).Magnitude, inputs), "y");
            foreach (LinearCase weight in weights) weight.Dispose();

            (double Sum, double Magnitude) Dot(int i)
            {
                int row = i / 73, column = i % 73, matrix = column < 40 ? 0 : column < 57 ? 1 : 2, output = column - (matrix == 0 ? 0 : matrix == 1 ? 40 : 57);
                (double sum, double magnitude) = weights[matrix].Dot(x, row, output);
                return matrix == 1 ? (sum + bias[output], magnitude + Math.Abs(bias[output])) : (sum, magnitude);
            }
        }
    }

    [Theory]
    [InlineData("BFloat16", "Plain", "Silu", 1)]
    [InlineData("Float16", "Plain", "GeluTanh", 9)]
    [InlineData("BFloat16", "Float8", "Gelu", 2)]
    [InlineData("Float16", "Float8", "Silu", 20)]
    [InlineData("Float16", "Int4 128 zeros", "Silu", 4)]
    [InlineData("BFloat16", "Nf4 double", "Relu", 3)]
    public void Run_GatedUnit_IsItsDefinition(string typeName, string form, string activationName, int rows)
    {
        GatedActivation activation = Enum.Parse<GatedActivation>(activationName);
        ElementType type = Enum.Parse<ElementType>(typeName);
        const int inputs = 1536, outputs = 21;
        foreach (bool plain in new[] { false, true })
        {
            using LinearCase gate = new(Host.Context, type, form, outputs, inputs, seed: 1, exact: plain), up = new(Host.Context, type, form, outputs, inputs, seed: 2, exact: plain);
            double[] x = Expect.Rounded(type, Expect.Normal(rows * inputs, 3, 0.05)), bias = Expect.Rounded(type, Expect.Normal(outputs, 4));
            using DeviceTensor xThere = DeviceTensor.Of(Host.Context, type, x, inputs), biasThere = DeviceTensor.Of(Host.Context, type, bias, outputs), y = new(Host.Context, type, rows, outputs, stride: 32);
            Launch(
                new LinearArguments
                {
                    Type = type, Rows = rows, X = xThere.Rows, Activation = activation,
                    First = new LinearPart { Weight = gate.Weight, Y = y.Rows }, Second = new LinearPart { Weight = up.Weight, Bias = biasThere.Address },
                },
                plain);
            Expect.Rounded(type, y.Get(), i => Wanted(i).Value, i => Wanted(i).Error, "y");

            (double Value, double Error) Wanted(int i)
            {
                (double a, double aMagnitude) = gate.Dot(x, i / outputs, i % outputs);
                (double b, double bMagnitude) = up.Dot(x, i / outputs, i % outputs);
                b += bias[i % outputs];
                double f = Activate(activation, a), aError = Error(aMagnitude, inputs), bError = Error(bMagnitude + Math.Abs(b), inputs);
                return (f * b, (1.2 * aError * Math.Abs(b)) + (Math.Abs(f) * bError) + (aError * bError) + (Math.Abs(f * b) * 16 * Expect.Single));
            }
        }
    }

    [Theory]
    [InlineData("Plain")]
    [InlineData("Int4 64")]
    public void Run_WithAllThatIsAdded_IsItsDefinition(string form)
    {
        const ElementType type = ElementType.BFloat16;
        const int rows = 3, inputs = 2048, outputs = 24;
        foreach ((bool floats, double? cap, bool plain) in new[] { (false, (double?)null, false), (true, 2.0, false), (true, 30.0, true), (false, null, true) })
        {
            using LinearCase weight = new(Host.Context, type, form, outputs, inputs, seed: 5);
            double[] x = Expect.Rounded(type, Expect.Normal(rows * inputs, 3, 0.1)), residual = Expect.Rounded(type, Expect.Normal(rows * outputs, 6));
            using DeviceTensor xThere = DeviceTensor.Of(Host.Context, type, x, inputs), y = new(Host.Context, floats ? ElementType.Float32 : type, rows, outputs);
            using DeviceTensor residualThere = floats ? DeviceTensor.Of(Host.Context, type, residual, outputs) : y;
            if (!floats) y.Set(residual); // in place
            Launch(
                new LinearArguments
                {
                    Type = type, OutputType = floats ? ElementType.Float32 : null, Rows = rows, X = xThere.Rows, Residual = residualThere.Rows, Scale = 0.5, SoftCap = cap,
                    First = new LinearPart { Weight = weight.Weight, Y = y.Rows },
                },
                plain);
            Expect.Rounded(floats ? ElementType.Float32 : type, y.Get(), i => Wanted(i), i => Error(weight.Dot(x, i / outputs, i % outputs).Magnitude + 2, inputs), "y");

            double Wanted(int i)
            {
                double value = (weight.Dot(x, i / outputs, i % outputs).Sum + residual[i]) * 0.5;
                return cap is { } c ? c * Math.Tanh(value / c) : value;
            }
        }
    }

    [Fact]
    public void Run_NoRows_LaunchesNothing()
    {
        _ = Host.Reports();
        new LinearKernel(Host.Context).Run(
            new LinearArguments { Type = ElementType.BFloat16, Rows = 0, X = default, First = new LinearPart { Weight = new LinearWeight { Outputs = 1, Inputs = 1, Codes = 0 } } }, 0);
        Assert.Empty(Host.Reports());
    }

    [Fact]
    public void Run_WrongArguments_AreNamed()
    {
        using LinearCase weight = new(Host.Context, ElementType.BFloat16, "Int4 64", 16, 128, 1);
        using DeviceTensor x = DeviceTensor.Of(Host.Context, ElementType.BFloat16, new double[128], 128), y = new(Host.Context, ElementType.BFloat16, 1, 16);
        var good = new LinearArguments { Type = ElementType.BFloat16, Rows = 1, X = x.Rows, First = new LinearPart { Weight = weight.Weight, Y = y.Rows } };
        Launch(good);
        Fails("Rows", good with { Rows = 33 });
        Fails("Type", good with { Type = ElementType.Float32 });
        Fails("OutputType", good with { OutputType = ElementType.Float16 });
        Fails("X has no address", good with { X = default });
        Fails("First.Y", good with { First = good.First with { Y = x.Rows } });
        Fails("First.Scales", good with { First = good.First with { Weight = weight.Weight with { Scales = 0 } } });
        Fails("First.GroupSize", good with { First = good.First with { Weight = weight.Weight with { GroupSize = 0 } } });
        Fails("Second", good with { Second = good.First with { Weight = weight.Weight with { Format = LinearFormat.Int8 } } });
        Fails("Second", good with { Activation = GatedActivation.Silu });
        Fails("no second", good with { Third = good.First });
        Fails("SoftCap", good with { SoftCap = 0 });

        void Fails(string word, LinearArguments arguments)
        {
            Exception error = Assert.ThrowsAny<Exception>(() => new LinearKernel(Host.Context).Run(arguments, 0));
            Assert.True(error is ArgumentException or NotSupportedException, error.ToString());
            Assert.Contains(word, error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Weights are asked for once and nothing else at length; shared memory is read without conflicts.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Run_OneRow_ReadsTheWeightsOnce(string typeName, string form)
    {
        Assert.SkipUnless(Host.Counts, "a real GPU does not count");
        ElementType type = Enum.Parse<ElementType>(typeName);
        const int outputs = 64, inputs = 4096;
        using LinearCase weight = new(Host.Context, type, form, outputs, inputs, seed: 5);
        foreach (int rows in new[] { 1, 8, 32 })
        {
            using DeviceTensor x = DeviceTensor.Of(Host.Context, type, Expect.Normal(rows * inputs, 3, 0.1), inputs), y = new(Host.Context, type, rows, outputs);
            _ = Host.Reports();
            Launch(new LinearArguments { Type = type, Rows = rows, X = x.Rows, First = new LinearPart { Weight = weight.Weight, Y = y.Rows } });
            LaunchReport report = Host.Reports()[0];
            int bits = form.StartsWith("Plain", StringComparison.Ordinal) ? 16 : form.StartsWith("Int4", StringComparison.Ordinal) || form.StartsWith("Nf4", StringComparison.Ordinal) ? 4 : 8;
            long bytes = (long)outputs * inputs * bits / 8;
            Assert.Equal(bytes, report.Lines.Where(line => line.Text.Contains("cp.async.cg", StringComparison.Ordinal)).Sum(line => line.Sectors) * 32);
            Assert.Empty(report.BankConflicts.Select(line => line.Text));
            Assert.Equal(0, report.Atomics);
            TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant(
                $"{type} {form}, {rows} rows: lane instructions a byte {32.0 * report.Instructions / bytes:f2}, products {report.MmaCount}, other sectors / weights' {(32.0 * report.LoadSectors / bytes) - 1:f2}"));
        }
    }

    private void Launch(LinearArguments arguments, bool plain = false)
    {
        long bytes = LinearKernel.WorkspaceBytes(arguments, Host.Context.Architecture);
        using DeviceValues<byte>? workspace = bytes == 0 ? null : new DeviceValues<byte>(Host.Context, new byte[bytes]);
        new LinearKernel(Host.Context, plain).Run(arguments with { Workspace = workspace?.Address ?? 0 }, 0);
    }

    private static double Activate(GatedActivation activation, double x) => activation switch
    {
        GatedActivation.Silu => x / (1 + Math.Exp(-x)),
        GatedActivation.Gelu => x * ErrorFunction.Normal(x),
        GatedActivation.GeluTanh => x / (1 + Math.Exp(-2 * Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        _ => Math.Max(0, x),
    };

    /// <summary>One rounding for each product instruction that follows another, and some for what comes after.</summary>
    private static double Error(double magnitude, int inputs) => magnitude * ((inputs / 16.0) + 24) * Expect.Single;

    private void Check(ElementType type, string form, int rows, int outputs, int inputs, bool plain, int offset = 0, bool isFast = true)
    {
        using var weight = new LinearCase(Host.Context, type, form, outputs, inputs, seed: 1, exact: plain || !isFast, offset);
        double[] x = Expect.Rounded(type, Expect.Normal(rows * inputs, 2));
        int stride = isFast ? inputs + 16 : inputs;
        using DeviceTensor xThere = DeviceTensor.Of(Host.Context, type, x, inputs, stride), y = new(Host.Context, type, rows, outputs, stride: outputs + 3);
        var arguments = new LinearArguments { Type = type, Rows = rows, X = xThere.Rows, First = new LinearPart { Weight = weight.Weight, Y = y.Rows } };
        Assert.Equal(isFast, LinearKernel.IsFast(arguments));
        _ = Host.Reports();
        Launch(arguments, plain);
        if (Host.Counts) Assert.Equal(plain || !isFast, Host.Reports()[0].Kernel.Contains("reference", StringComparison.Ordinal));
        double error(int i) => plain || !isFast ? weight.Dot(x, i / outputs, i % outputs).Magnitude * (inputs + 8) * Expect.Single : Error(weight.Dot(x, i / outputs, i % outputs).Magnitude, inputs);
        Expect.Rounded(type, y.Get(), i => weight.Dot(x, i / outputs, i % outputs).Sum, error, $"{form}, {rows} rows of {inputs}: y");
    }
}
