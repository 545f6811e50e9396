using LongContext.Cuda.Emulation;
using LongContext.Cuda.Linear;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Linear;

public sealed class EmulatedLinearTests : LinearSuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate();

    protected override KernelHost Host => Emulated;

    /// <summary>
    /// Instructions of the loop for each byte of weights that a lane takes, without those that only name a constant. An H100 multiprocessor issues 8.5 while its share of
    /// 3.35 TB/s comes: what comes near that is bound by instructions as well.
    /// </summary>
    [Theory]
    [InlineData("BFloat16", "Plain", 1.1)]
    [InlineData("Float16", "Int8", 2.6)]
    [InlineData("BFloat16", "Int8", 4.1)]
    [InlineData("Float16", "Float8", 3.3)]
    [InlineData("BFloat16", "Float8", 3.8)]
    [InlineData("Float16", "Int4 128 zeros", 5.6)]
    [InlineData("BFloat16", "Int4 128 zeros", 6.0)]
    [InlineData("BFloat16", "Int4 64 zeros", 6.7)]
    [InlineData("BFloat16", "Int4 32", 7.3)]
    [InlineData("BFloat16", "Nf4", 8.0)]
    [InlineData("BFloat16", "Nf4 double", 9.1)]
    public void Loop_OfOneRow_IsAsShortAsItsFormatAllows(string typeName, string form, double most)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        KernelHost host = KernelHost.Emulate(multiprocessors: 1); // few parts, long ones
        (long Instructions, long Bytes) few = Count(8192), many = Count(16384);
        double each = 32.0 * (many.Instructions - few.Instructions) / (many.Bytes - few.Bytes);
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{type} {form}: {each:f2} instructions a byte"));
        Assert.True(each <= most, FormattableString.Invariant($"{each:f2} instructions a byte, at most {most} are expected"));

        (long Instructions, long Bytes) Count(int inputs)
        {
            using LinearCase weight = new(host.Context, type, form, 64, inputs, seed: 1);
            using DeviceTensor x = DeviceTensor.Of(host.Context, type, new double[inputs], inputs), y = new(host.Context, type, 1, 64);
            _ = host.Reports();
            new LinearKernel(host.Context).Run(new LinearArguments { Type = type, Rows = 1, X = x.Rows, First = new LinearPart { Weight = weight.Weight, Y = y.Rows } }, 0);
            LaunchReport report = Assert.Single(host.Reports());
            long bytes = report.Lines.Where(line => line.Text.Contains("cp.async.cg", StringComparison.Ordinal)).Sum(line => line.Sectors) * 32;
            return (report.Lines.Where(line => !line.Text.StartsWith("mov.", StringComparison.Ordinal)).Sum(line => line.Hits), bytes);
        }
    }
}

public sealed class GpuLinearTests : LinearSuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
