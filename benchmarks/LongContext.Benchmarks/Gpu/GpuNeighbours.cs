using System.Text.Json;
using LongContext.Cuda.CrossEntropy;
using LongContext.Cuda.Dequantization;
using LongContext.Cuda.Driver;
using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Optimizers;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rotary;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Gpu;

/// <summary>
/// The memory-bound kernels on one GPU in the sizes of Llama 3.1 8B: bytes that must move, over time, as a share of what a copy reaches in the
/// same run (asked: at least 0.85 for RMS norm, rotary embedding, gated unit and cross-entropy). One JSON line a kernel.
/// </summary>
internal static class GpuNeighbours
{
    private const int Tokens = 16_384, Hidden = 4096, Intermediate = 14_336, Heads = 32, KeyHeads = 8, HeadSize = 128, Vocabulary = 128_256, HeadRows = 2048;
    private const ElementType Type = ElementType.BFloat16;

    public static int Run(TextWriter output)
    {
        CudaContext context = CudaContext.ForDevice(0);
        using var clock = new GpuClock(context);
        const long big = (long)Tokens * Intermediate;
        using Rows a = new(context, big), b = new(context, big), c = new(context, big), d = new(context, big), e = new(context, big);
        using CudaBuffer weight = Filled(context, Hidden * 2), floats = Filled(context, 4L * Tokens * 8), labels = Filled(context, 8L * Tokens), workspace = Filled(context, 256L << 20);

        double copy = CopyBandwidth(clock);
        output.WriteLine(JsonSerializer.Serialize(new { ours = "copy", gb_per_s = Math.Round(copy) }));

        var norm = new RmsNormKernel(context);
        var normShape = new RmsNormShape { Type = Type, WeightType = Type, Rows = Tokens, Columns = Hidden, Epsilon = 1e-5 };
        var plainNorm = new RmsNormArguments { Shape = normShape, X = a.Of(Hidden), Weight = weight.Address, Y = b.Of(Hidden) };
        var residualNorm = plainNorm with { Residual = c.Of(Hidden), Sum = d.Of(Hidden) };
        var normBackward = new RmsNormBackwardArguments { Shape = normShape, X = a.Of(Hidden), Weight = weight.Address, Gradient = b.Of(Hidden), Result = c.Of(Hidden) };
        Report("rms norm", RmsNormTraffic.Forward(normShape, residual: false), () => norm.Forward(plainNorm, 0));
        Report("rms norm + residual", RmsNormTraffic.Forward(normShape, residual: true), () => norm.Forward(residualNorm, 0));
        Report("rms norm backward", RmsNormTraffic.Backward(normShape, added: false, 0), () => norm.Backward(normBackward, 0));
        var trained = normBackward with { WeightGradient = floats.Address, Workspace = workspace.Address };
        Report("rms norm backward, weight too", RmsNormTraffic.Backward(normShape, added: false, RmsNormPlan.PartialRows(normShape, context.Architecture)), () => norm.Backward(trained, 0));

        var rotary = new RotaryKernel(context);
        var turn = new RotaryArguments
        {
            Type = Type, TableType = Type, Tokens = Tokens, Heads = Heads, KeyHeads = KeyHeads, Size = HeadSize, Rotated = HeadSize,
            Q = a.Of(Heads * HeadSize), K = b.Of(KeyHeads * HeadSize), Cos = c.Of(HeadSize), Sin = d.Of(HeadSize),
        };
        Report("rotary, in place", RotaryKernel.Traffic(turn), () => rotary.Rotate(turn, 0));

        var gated = new GatedUnitKernel(context);
        foreach (GatedActivation activation in new[] { GatedActivation.Silu, GatedActivation.GeluTanh })
        {
            var unit = new GatedUnitArguments
            {
                Type = Type, Activation = activation, Rows = Tokens, Columns = Intermediate, Gate = a.Of(Intermediate), Up = b.Of(Intermediate),
                Product = c.Of(Intermediate), Gradient = c.Of(Intermediate), GateGradient = d.Of(Intermediate), UpGradient = e.Of(Intermediate),
            };
            Report($"gated unit {activation}", GatedUnitKernel.ForwardTraffic(Type, Tokens, Intermediate), () => gated.Forward(unit, 0));
            Report($"gated unit {activation} backward", GatedUnitKernel.BackwardTraffic(Type, Tokens, Intermediate), () => gated.Backward(unit, 0));
        }

        using var logits = new Rows(context, (long)HeadRows * Vocabulary);
        var loss = new CrossEntropyKernel(context);
        var entropy = new CrossEntropyArguments
        {
            Type = Type, Rows = HeadRows, Vocabulary = Vocabulary, Logits = logits.Of(Vocabulary), Labels = labels.Address, Losses = floats.Address, Faults = workspace.Address,
        };
        var lossOnly = entropy with { WritesGradient = false };
        Report("cross-entropy", CrossEntropyKernel.Traffic(Type, HeadRows, Vocabulary, writesGradient: false), () => loss.Run(lossOnly, 0));
        Report("cross-entropy with gradient", CrossEntropyKernel.Traffic(Type, HeadRows, Vocabulary), () => loss.Run(entropy, 0));

        var codes = new DequantizationKernel(context);
        var nf4 = new Nf4Arguments { Type = Type, Rows = Intermediate, Columns = Hidden, Codes = a.Address, Magnitudes = b.Address, Values = c.Address };
        Report("NF4", DequantizationKernel.Nf4Traffic(Type, Intermediate, Hidden, twice: false), () => codes.Nf4(nf4, 0));

        var adam = new AdamWKernel(context);
        const long count = 64L << 20;
        using CudaBuffer mean = Filled(context, 4 * count), square = Filled(context, 4 * count), master = Filled(context, 4 * count);
        AdamWConstants constants = AdamWConstants.Of(0.9, 0.95, 1e-8, 3, 1e-4, 0.1);
        var weights = new UpdatedWeights { Type = Type, Count = count, Weight = a.Address, Gradient = b.Address, GradientType = Type, Master = master.Address };
        Report("AdamW, bf16 with masters", AdamWKernel.Traffic(weights), () => adam.Step(weights, mean.Address, square.Address, constants, 0));
        return 0;

        void Report(string name, long bytes, Action call)
        {
            double ms = clock.Median(call), rate = bytes / ms / 1e6;
            output.WriteLine(JsonSerializer.Serialize(new { ours = name, ms = Math.Round(ms, 4), gb_per_s = Math.Round(rate), of_copy = Math.Round(rate / copy, 3) }));
        }
    }

    /// <summary>GB/s, read and written, of the driver's own copy from device memory to device memory.</summary>
    private static double CopyBandwidth(GpuClock clock)
    {
        const long bytes = 2L << 30;
        using Tensor from = torch.rand(bytes / sizeof(float), device: torch.CUDA), to = torch.empty_like(from);
        return 2 * bytes / clock.Median(() => to.copy_(from)) / 1e6;
    }

    private static CudaBuffer Filled(CudaContext context, long bytes)
    {
        var buffer = new CudaBuffer(context, bytes);
        buffer.Fill(0);
        return buffer;
    }

    /// <summary>Memory of 16-bit numbers that are random, since zeros can run faster than real data.</summary>
    private sealed class Rows : IDisposable
    {
        private readonly CudaBuffer buffer;

        public Rows(CudaContext context, long count)
        {
            Count = count;
            buffer = new CudaBuffer(context, 2 * count);
            var random = new Random(1);
            var values = new ushort[count];
            for (long i = 0; i < count; i++) values[i] = (ushort)((random.Next(2) << 15) | (0x3E00 + random.Next(0x180)));
            buffer.Upload<ushort>(values);
        }

        public long Count { get; }

        public nint Address => buffer.Address;

        public RowTensor Of(int columns) => new(buffer.Address, columns);

        public void Dispose() => buffer.Dispose();
    }
}
