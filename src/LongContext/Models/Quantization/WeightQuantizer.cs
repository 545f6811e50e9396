// Shape suffixes: R rows, C columns.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>Quantises one matrix on the host, rows by rows.</summary>
internal static class WeightQuantizer
{
    /// <summary>Values that are widened at a time.</summary>
    private const long ElementsAtOnce = 4 << 20;

    private static readonly QuantizationOptions FourBit = new(), Float8 = new() { Format = QuantizationFormat.Float8 };

    /// <summary>Whether a tensor is one of the layers' matrices.</summary>
    public static bool Takes(string name, long[] shape) =>
        shape.Length == 2 && name.StartsWith(DecoderTensors.LayerPrefix(0)[..^2], StringComparison.Ordinal);

    /// <summary>Quantises a matrix.</summary>
    /// <param name="weight_RC">The matrix, on the CPU; stays the caller's.</param>
    /// <param name="kind">How.</param>
    /// <param name="device">Where the result goes.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="scratch">Memory that several calls share; null for this call's own.</param>
    /// <exception cref="NotSupportedException">A value is not finite.</exception>
    public static QuantizedWeight Quantize(Tensor weight_RC, WeightQuantization kind, Device device, string name, ScratchMemory? scratch = null)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using ScratchMemory? own = scratch is null ? new ScratchMemory() : null;
        scratch ??= own!;
        return kind switch
        {
            WeightQuantization.EightBit => EightBit(weight_RC, device, name, scratch),
            WeightQuantization.FourBit => Quantize(weight_RC, FourBit, device, name, scratch),
            WeightQuantization.Float8 => Quantize(weight_RC, Float8, device, name, scratch),
            _ => Nf4(weight_RC, kind == WeightQuantization.Nf4DoubleQuantized, device, name, scratch),
        };
    }

    /// <summary>Quantises a matrix by rounding.</summary>
    /// <param name="weight_RC">The matrix, on the CPU; stays the caller's.</param>
    /// <param name="options">Format, group and so on.</param>
    /// <param name="device">Where the result goes.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="scratch">Memory that several calls share.</param>
    /// <exception cref="NotSupportedException">A value is not finite or does not fit the format.</exception>
    public static QuantizedWeight Quantize(Tensor weight_RC, QuantizationOptions options, Device device, string name, ScratchMemory scratch)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        bool wholeBlocks = weight_RC.size(1) % Nf4Rows.BlockSize == 0;
        return options.Format switch
        {
            QuantizationFormat.Int8 => EightBit(weight_RC, device, name, scratch),
            QuantizationFormat.Nf4 when wholeBlocks => Nf4(weight_RC, options.DoubleQuantized, device, name, scratch),
            _ => ByGrid(weight_RC, QuantizationGrids.Make(options, name, weight_RC.shape), device, scratch),
        };
    }

    private static unsafe QuantizedWeight ByGrid(Tensor weight_RC, QuantizationGrid grid, Device device, ScratchMemory scratch)
    {
        if (grid.RunsOverRows)
        {
            double[] all = weight_RC.to(ScalarType.Float64).contiguous().data<double>().ToArray();
            QuantizationGrids.FitAll(grid, all);
            return grid.Build(QuantizationGrids.Round(grid, all), device);
        }

        int columns = grid.Columns;
        var codes = new byte[checked((long)grid.Rows * columns)];
        ForBlocks(weight_RC, scratch, (block_RC, start, count) =>
        {
            if (block_RC.numel() == 0) return;
            float* values = (float*)block_RC.DataPointer();
            QuantizationGrids.ForParts(count, row =>
            {
                var exact = new double[columns];
                for (int i = 0; i < columns; i++) exact[i] = values[(row * columns) + i];
                for (int first = 0; first < columns; first += grid.GroupSize)
                {
                    ReadOnlySpan<double> part = exact.AsSpan(first, Math.Min(grid.GroupSize, columns - first));
                    long group = grid.GroupOf((int)(start + row), first);
                    grid.Fit(group, part);
                    Span<byte> target = codes.AsSpan((int)(((start + row) * columns) + first), part.Length);
                    for (int i = 0; i < part.Length; i++) target[i] = grid.Code(part[i], group);
                }
            });
        });
        return grid.Build(codes, device);
    }

    private static EightBitWeight EightBit(Tensor weight_RC, Device device, string name, ScratchMemory scratch)
    {
        long rows = weight_RC.size(0);
        Tensor codes_RC = empty(weight_RC.shape, dtype: ScalarType.Int8), factors_R = empty([rows], dtype: ScalarType.Float32);
        ForBlocks(weight_RC, scratch, (block_RC, start, count) =>
        {
            Tensor largest_R = block_RC.abs().amax([1]);
            if (!largest_R.isfinite().all().cpu().data<bool>()[0]) throw NotFinite(name);
            Tensor factor_R = largest_R.Times(1.0 / EightBitWeight.Largest), zero_R = factor_R.eq(zeros_like(factor_R));
            factors_R.narrow(0, start, count).copy_(factor_R);
            codes_RC.narrow(0, start, count).copy_((block_RC / factor_R.Masked(zero_R, 1).unsqueeze(1)).round());
        });
        return new EightBitWeight
        {
            Shape = weight_RC.shape,
            Codes = codes_RC.to(device).DetachFromDisposeScope(),
            Factors = factors_R.to(device).DetachFromDisposeScope(),
        };
    }

    private static unsafe Nf4Weight Nf4(Tensor weight_RC, bool twice, Device device, string name, ScratchMemory scratch)
    {
        int rows = checked((int)weight_RC.size(0)), columns = checked((int)weight_RC.size(1));
        int bytes = (int)Nf4Rows.BytesOf(columns), blocks = (int)Nf4Rows.BlocksOf(columns);
        Tensor codes_RP = empty([rows, bytes], dtype: ScalarType.Byte);
        var magnitudes = new float[checked(rows * blocks)];
        byte* codes = codes_RP.DataPointer();
        ForBlocks(weight_RC, scratch, (block_RC, start, count) =>
        {
            float* values = (float*)block_RC.DataPointer();
            int faults = 0;
            Parallel.For(0, (int)count, row =>
            {
                long at = start + row;
                bool finite = Nf4Rows.Quantize(
                    new ReadOnlySpan<float>(values + ((long)row * columns), columns), new Span<byte>(codes + (at * bytes), bytes), magnitudes.AsSpan((int)(at * blocks), blocks));
                if (!finite) Interlocked.Increment(ref faults);
            });
            if (faults > 0) throw NotFinite(name);
        });
        return new Nf4Weight
        {
            Shape = weight_RC.shape,
            Codes = codes_RP.to(device).DetachFromDisposeScope(),
            Magnitudes = twice ? Nf4Magnitudes.Quantized(magnitudes, device) : Nf4Magnitudes.Plain(magnitudes, device),
            Pairs = tensor(Nf4Codebook.Pairs).reshape(256, 2).to(device).DetachFromDisposeScope(),
        };
    }

    /// <summary>Rows in float32, some at a time.</summary>
    private static void ForBlocks(Tensor weight_RC, ScratchMemory scratch, Action<Tensor, long, long> work)
    {
        long rows = weight_RC.size(0), atOnce = Math.Clamp(ElementsAtOnce / Math.Max(1, weight_RC.size(1)), 1, Math.Max(1, rows));
        for (long start = 0; start < rows; start += atOnce)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(atOnce, rows - start);
            Tensor block_RC = weight_RC.narrow(0, start, count);
            if (block_RC.dtype != ScalarType.Float32 || !block_RC.is_contiguous()) block_RC = Widen(block_RC, scratch);
            work(block_RC, start, count);
        }
    }

    private static Tensor Widen(Tensor block_RC, ScratchMemory scratch)
    {
        long elements = block_RC.numel();
        if (elements > ScratchMemory.Elements(ScalarType.Float32)) return block_RC.to(ScalarType.Float32).contiguous();
        return scratch.Row(ScalarType.Float32).narrow(0, 0, elements).view(block_RC.shape).copy_(block_RC);
    }

    private static NotSupportedException NotFinite(string name) => new($"Tensor '{name}' holds values that are not finite, and cannot be quantised.");
}
