// Shape suffixes: R rows, C columns, B columns of a block.
using System.Runtime.InteropServices;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>
/// GPTQ on one matrix: rounds column after column, and takes from the columns still to come what makes up best for the outputs' error so far.
/// </summary>
/// <remarks>
/// Frantar et al. 2022, arXiv:2210.17323, algorithm 1: with the upper Cholesky factor U of H⁻¹ (H⁻¹ = UᵀU), column j's error e = (w − q)/U[j, j] is
/// taken off the columns k after it as e·U[j, k], at once within a block of 128 columns and for all later columns at the block's end. U is made
/// without H⁻¹: turned around in both directions, H = MMᵀ gives H = RRᵀ with R upper, and U = R⁻¹. Rows do not depend on one another.
/// </remarks>
internal static class Gptq
{
    /// <summary>Columns of a block at most.</summary>
    private const int LargestBlock = 128;

    /// <summary>How often damping is made ten times larger before a Hessian is given up.</summary>
    private const int DampingTries = 3;

    /// <summary>Chooses the codes of a matrix.</summary>
    /// <param name="weight_RC">The matrix, any floating-point type.</param>
    /// <param name="hessian_CC">H = 2XXᵀ, float64, on the device that computes.</param>
    /// <param name="grid">The format; holds the scales afterwards.</param>
    /// <param name="damping">Added to H's diagonal, as a share of its mean.</param>
    /// <param name="activationOrder">Whether columns go by H's diagonal, the largest first; scales are then chosen beforehand.</param>
    /// <param name="cancellationToken">Checked before each block.</param>
    /// <returns>A code an element, row by row, columns in their own order.</returns>
    /// <exception cref="NotSupportedException">H or W is not finite, or H cannot be factorised.</exception>
    public static byte[] Quantize(Tensor weight_RC, Tensor hessian_CC, QuantizationGrid grid, double damping, bool activationOrder, CancellationToken cancellationToken)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Device device = hessian_CC.device;
        int rows = grid.Rows, columns = grid.Columns;
        var codes = new byte[checked((long)rows * columns)];
        if (codes.Length == 0) return codes;
        double[] diagonal = hessian_CC.diagonal().cpu().contiguous().data<double>().ToArray();
        if (!diagonal.All(double.IsFinite)) throw new NotSupportedException($"The inputs of '{grid.Name}' over the calibration text are not finite.");

        bool fixedScales = activationOrder || grid.RunsOverRows;
        Tensor work_RC = weight_RC.to(device).to(ScalarType.Float64, copy: true).contiguous();
        if (fixedScales) QuantizationGrids.FitAll(grid, work_RC.cpu().data<double>().ToArray());
        int[] order = activationOrder ? [.. Enumerable.Range(0, columns).OrderByDescending(column => diagonal[column]).ThenBy(column => column)] : [];
        Tensor hessian = hessian_CC;
        if (activationOrder)
        {
            Tensor index = tensor(Array.ConvertAll(order, column => (long)column)).to(device);
            work_RC = work_RC.index_select(1, index);
            hessian = hessian_CC.index_select(0, index).index_select(1, index);
        }

        Tensor upper_CC = InverseFactor(hessian, diagonal, damping, grid.Name);
        int block = BlockOf(grid, fixedScales);
        for (int start = 0; start < columns; start += block)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var blockScope = NewDisposeScope();
            int width = Math.Min(block, columns - start), rest = columns - start - width;
            if (!fixedScales && grid.GroupSize > block && start % grid.GroupSize == 0) FitAhead(grid, work_RC, start);
            double[] values_RB = work_RC.narrow(1, start, width).cpu().contiguous().data<double>().ToArray();
            double[] upper_BB = upper_CC.narrow(0, start, width).narrow(1, start, width).cpu().contiguous().data<double>().ToArray();
            bool fitsWithin = !fixedScales && grid.GroupSize <= block;
            QuantizationGrids.ForParts(rows, row => QuantizeRow((int)row, values_RB.AsSpan((int)row * width, width), upper_BB, codes, grid, order, start, fitsWithin));
            if (rest == 0) continue;
            // values_RB holds the errors now.
            Tensor errors_RB = tensor(values_RB).reshape(rows, width).to(device);
            work_RC.narrow(1, start + width, rest).addmm_(errors_RB, upper_CC.narrow(0, start, width).narrow(1, start + width, rest), 1, -1);
        }

        return codes;
    }

    /// <summary>One row's columns of a block: codes go to their places, and errors into the place of the values.</summary>
    private static void QuantizeRow(int row, Span<double> values, double[] upper_BB, byte[] codes, QuantizationGrid grid, int[] order, int start, bool fitsWithin)
    {
        int width = values.Length;
        for (int j = 0; j < width; j++)
        {
            int column = order.Length == 0 ? start + j : order[start + j];
            long group = grid.GroupOf(row, column);
            if (fitsWithin && column % grid.GroupSize == 0) grid.Fit(group, values.Slice(j, Math.Min(grid.GroupSize, width - j)));
            byte code = grid.Code(values[j], group);
            codes[((long)row * grid.Columns) + column] = code;
            ReadOnlySpan<double> factors = upper_BB.AsSpan((j * width) + j, width - j);
            double error = (values[j] - grid.Value(code, group)) / factors[0];
            values[j] = error;
            Subtract(values[(j + 1)..], factors[1..], error);
        }
    }

    private static void Subtract(Span<double> values, ReadOnlySpan<double> factors, double error)
    {
        Span<System.Numerics.Vector<double>> vectors = MemoryMarshal.Cast<double, System.Numerics.Vector<double>>(values);
        ReadOnlySpan<System.Numerics.Vector<double>> by = MemoryMarshal.Cast<double, System.Numerics.Vector<double>>(factors);
        for (int i = 0; i < vectors.Length; i++) vectors[i] -= by[i] * error;
        for (int i = vectors.Length * System.Numerics.Vector<double>.Count; i < values.Length; i++) values[i] -= factors[i] * error;
    }

    /// <summary>Scales of groups wider than a block, from what their columns are when the first is reached.</summary>
    private static void FitAhead(QuantizationGrid grid, Tensor work_RC, int start)
    {
        int width = Math.Min(grid.GroupSize, grid.Columns - start);
        double[] values = work_RC.narrow(1, start, width).cpu().contiguous().data<double>().ToArray();
        QuantizationGrids.ForParts(grid.Rows, row => grid.Fit(grid.GroupOf((int)row, start), values.AsSpan((int)row * width, width)));
    }

    /// <summary>A block is whole groups, or a group whole blocks, unless scales are there beforehand.</summary>
    private static int BlockOf(QuantizationGrid grid, bool fixedScales)
    {
        if (fixedScales || grid.GroupSize >= grid.Columns) return LargestBlock;
        if (grid.GroupSize <= LargestBlock) return LargestBlock / grid.GroupSize * grid.GroupSize;
        int block = LargestBlock;
        while (grid.GroupSize % block != 0) block--;
        return block;
    }

    /// <summary>U upper with UᵀU = (H + damping)⁻¹.</summary>
    private static Tensor InverseFactor(Tensor hessian_CC, double[] diagonal, double damping, string name)
    {
        using var scope = NewDisposeScope();
        // Inputs that are 0 throughout the text have no row of H: their columns are rounded and concern no other.
        double mean = diagonal.Average();
        Tensor dead_C = hessian_CC.diagonal().le(zeros(1, dtype: ScalarType.Float64, device: hessian_CC.device)).to(ScalarType.Float64);
        for (int attempt = 0; ; attempt++)
        {
            Tensor turned_CC = hessian_CC.clone();
            double added = damping * Math.Pow(10, attempt) * (mean > 0 ? mean : 1);
            turned_CC.diagonal().AddInPlace(dead_C).AddInPlace(added);
            turned_CC = turned_CC.flip(0, 1);
            (Tensor lower_CC, Tensor info) = linalg.cholesky_ex(turned_CC);
            turned_CC.Dispose();
            if (info.cpu().item<int>() != 0)
            {
                if (attempt < DampingTries) continue;
                throw new NotSupportedException($"The Hessian of '{name}' cannot be factorised with a damping of {damping}: more text or more damping is needed.");
            }

            Tensor root_CC = lower_CC.flip(0, 1).contiguous();
            lower_CC.Dispose();
            return linalg.solve_triangular(root_CC, eye(diagonal.Length, dtype: ScalarType.Float64, device: hessian_CC.device), upper: true).contiguous().MoveToOuterDisposeScope();
        }
    }
}
