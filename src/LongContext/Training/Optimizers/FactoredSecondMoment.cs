// Shape suffixes: B leading dimensions flat, R rows, C columns; b and r those of a slice, M its values.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>
/// Adafactor's mean of squared gradients as a row and a column for each matrix of the last two dimensions:
/// mean[i, j] ≈ rows[i] · columns[j] / mean(rows).
/// </summary>
internal sealed class FactoredSecondMoment : SecondMoment
{
    private readonly long rows;
    private readonly long columns;
    private readonly Tensor rows_BR;
    private readonly Tensor columns_BC;
    private Tensor? rowFactors_BR;
    private Tensor? columnFactors_BC;

    /// <param name="shape">The weight's.</param>
    /// <param name="rowState">Means over each row.</param>
    /// <param name="columnState">Means over each column.</param>
    /// <param name="sliceValues">Values of a slice; whole rows, and of several matrices whole ones, are taken even where they are longer.</param>
    public FactoredSecondMoment(long[] shape, Tensor rowState, Tensor columnState, long sliceValues)
        : base(rowState, sliceValues)
    {
        rows = shape[^2];
        columns = shape[^1];
        rows_BR = rowState.view(-1, rows);
        columns_BC = columnState.view(-1, columns);
        long unit = shape.Length == 2 ? columns : rows * columns;
        SliceElements = unit * Math.Max(1, sliceValues / unit);
    }

    public override long SliceElements { get; }

    public override void Update(ParameterSlices slices, double decay, double epsilon)
    {
        rows_BR.MultiplyInPlace(decay);
        using Tensor sums_BC = zeros_like(columns_BC, dtype: ScalarType.Float64);
        slices.ReadGradients(SliceElements, (g_M, start) =>
        {
            Tensor squares_brC = Matrices(Squares(g_M, epsilon));
            Part(rows_BR, squares_brC, start).AddInPlace(squares_brC.mean([-1]), 1 - decay);
            sums_BC.narrow(0, start / (rows * columns), squares_brC.size(0)).AddInPlace(squares_brC.sum(-2, type: ScalarType.Float64));
        });
        columns_BC.MultiplyInPlace(decay).AddInPlace(sums_BC.DivideInPlace(rows), 1 - decay);
        rowFactors_BR = (rows_BR / rows_BR.mean([-1], keepdim: true)).rsqrt_();
        columnFactors_BC = columns_BC.rsqrt();
    }

    public override Tensor Normalized(Tensor g_M, long start)
    {
        Tensor g_brC = Matrices(g_M);
        Tensor columns_b1C = columnFactors_BC!.narrow(0, start / (rows * columns), g_brC.size(0)).unsqueeze(-2);
        return (Part(rowFactors_BR!, g_brC, start).unsqueeze(-1) * columns_b1C).mul_(g_brC).view(-1);
    }

    /// <summary>A slice as matrices: several whole ones, or rows of one.</summary>
    private Tensor Matrices(Tensor slice_M) => slice_M.view(-1, Math.Min(rows, slice_M.size(0) / columns), columns);

    /// <summary>The rows' numbers that belong to a slice.</summary>
    private Tensor Part(Tensor of_BR, Tensor slice_brC, long start) =>
        of_BR.narrow(0, start / (rows * columns), slice_brC.size(0)).narrow(1, start % (rows * columns) / columns, slice_brC.size(1));
}
