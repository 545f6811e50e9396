using LongContext.Cuda.CrossEntropy;
using LongContext.Cuda.Dequantization;
using LongContext.Cuda.Driver;
using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Linear;
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Optimizers;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rotary;
using LongContext.Cuda.Rows;
using LongContext.Cuda.Sampling;
using LongContext.Cuda.Tests.Driver;

namespace LongContext.Cuda.Tests.Pointwise;

/// <summary>What launchers cost beside the driver's call.</summary>
public sealed class SteadyStateTests
{
    /// <summary>An address that nobody looks at.</summary>
    private const nint Somewhere = 0x10000;

    [Fact]
    public void Launch_InSteadyState_AllocatesNothing()
    {
        var driver = new ScriptedDriver();
        using var context = new CudaContext(driver, 0);
        driver.Notes = false;
        foreach ((string name, Action launch) in Launches(context))
        {
            launch();
            // The runtime may allocate once while it compiles what runs often (256 bytes in 100 calls were seen once); what a call allocates shows in every round.
            long[] rounds = new long[4];
            for (int round = 0; round < rounds.Length; round++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 100; i++) launch();
                rounds[round] = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            Assert.True(rounds.Count(bytes => bytes != 0) <= 1, $"{name} allocates in 100 calls, four times: {string.Join(", ", rounds)} bytes");
        }
    }

    private static IEnumerable<(string Name, Action Launch)> Launches(CudaContext context)
    {
        const ElementType type = ElementType.BFloat16;
        RowTensor x = new(Somewhere, 256), y = new(Somewhere + (1 << 20), 256), z = new(Somewhere + (2 << 20), 256);
        var shape = new RmsNormShape { Type = type, WeightType = type, Rows = 4, Columns = 256, Epsilon = 1e-6 };
        var norm = new RmsNormKernel(context);
        yield return ("RMS norm", () => norm.Forward(new RmsNormArguments { Shape = shape, X = x, Weight = Somewhere, Y = y }, 0));
        yield return ("its backward", () => norm.Backward(
            new RmsNormBackwardArguments { Shape = shape, X = x, Weight = Somewhere, Gradient = y, Result = y, WeightGradient = Somewhere, Workspace = Somewhere }, 0));
        var rotary = new RotaryKernel(context);
        yield return ("rotary", () => rotary.Rotate(
            new RotaryArguments { Type = type, TableType = type, Tokens = 4, Heads = 2, KeyHeads = 2, Size = 128, Rotated = 128, Q = x, K = y, Cos = z, Sin = z }, 0));
        var gated = new GatedUnitKernel(context);
        var units = new GatedUnitArguments
        {
            Type = type, Activation = GatedActivation.Silu, Rows = 4, Columns = 256, Gate = x, Up = y, Product = z, Gradient = z, GateGradient = x, UpGradient = y,
        };
        yield return ("gated unit", () => gated.Forward(units, 0));
        yield return ("its backward", () => gated.Backward(units, 0));
        var entropy = new CrossEntropyKernel(context);
        yield return ("cross-entropy", () => entropy.Run(
            new CrossEntropyArguments { Type = type, Rows = 4, Vocabulary = 256, Logits = x, Labels = Somewhere, Losses = Somewhere, Faults = Somewhere, SoftCap = 30 }, 0));
        var reader = new DequantizationKernel(context);
        yield return ("NF4", () => reader.Nf4(new Nf4Arguments { Type = type, Rows = 4, Columns = 256, Codes = Somewhere, Magnitudes = Somewhere, Values = y.Address }, 0));
        yield return ("int8", () => reader.EightBit(new EightBitArguments { Type = type, Rows = 4, Columns = 256, Codes = Somewhere, Factors = Somewhere, Values = y.Address }, 0));
        var linear = new LinearKernel(context);
        var matrix = new LinearWeight { Format = LinearFormat.Int4, Outputs = 64, Inputs = 256, Codes = Somewhere, Scales = Somewhere, GroupSize = 64 };
        yield return ("a product", () => linear.Run(
            new LinearArguments { Type = type, Rows = 3, X = x, First = new LinearPart { Weight = matrix, Y = y }, Residual = y, Workspace = Somewhere }, 0));
        var gather = new GatherKernel(context);
        yield return ("gather", () => gather.Run(new GatherArguments { Type = type, Rows = 4, Columns = 256, Indices = Somewhere, Table = x, TableRows = 4, Result = y }, 0));
        var cap = new SoftCapKernel(context);
        yield return ("soft cap", () => cap.Run(new SoftCapArguments { Type = type, Rows = 4, Columns = 256, Values = x, SoftCap = 30 }, 0));
        var candidates = new CandidateKernel(context);
        yield return ("candidates", () => candidates.Run(
            new CandidateArguments { Type = type, Rows = 4, Vocabulary = 256, Logits = x, Count = 5, Tokens = Somewhere, Scores = Somewhere, Masses = Somewhere, Counts = Somewhere, InverseTemperatures = Somewhere, Workspace = Somewhere }, 0));
        var advance = new AdvanceKernel(context);
        yield return ("advance", () => advance.Run(new AdvanceArguments { Sequences = 4, Lengths = Somewhere, PageSize = 16, First = new AdvanceGroup(Somewhere, 4, Somewhere) }, 0));
        var weights = new UpdatedWeights { Type = type, GradientType = type, Count = 1000, Weight = Somewhere, Gradient = Somewhere, RoundingKey = 5 };
        var state = new BlockwiseState { MeanCodes = Somewhere, SquareCodes = Somewhere, MeanScales = Somewhere, SquareScales = Somewhere, Tables = Somewhere };
        AdamWKernel adam = new(context);
        BlockwiseAdamWKernel blockwise = new(context);
        yield return ("AdamW", () => adam.Step(weights, Somewhere, Somewhere, AdamWConstants.Of(0.9, 0.95, 1e-8, 3, 1e-3, 0.1), 0));
        yield return ("8-bit AdamW", () => blockwise.Step(weights, state, AdamWConstants.Of(0.9, 0.95, 1e-8, 3, 1e-3, 0.1), 0));
    }
}
