// Shape suffixes: T tokens, I inputs, O outputs, R rank.
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>
/// What an adapter adds to one linear map: s·B·A (LoRA, Hu et al. 2021, arXiv:2106.09685, eq. 3), and with a magnitude m the rows of
/// the sum rescaled to it (DoRA, Liu et al. 2024, arXiv:2402.09353, eq. 5).
/// </summary>
/// <remarks>
/// x̃ is x after dropout. LoRA: y = W·x + b + s·(B·A·x̃ + β), β a bias of B's own where there is one. DoRA, with n the norms of the
/// rows of W + s·B·A and c = m/n: y = W·x + b + (c − 1)·W·x̃ + c·s·B·A·x̃, as PEFT has it, which without dropout is
/// c·(W + s·B·A)·x + b. In the backward n is a constant (§4.3 there). Where a row of W + s·B·A is 0, and n with it, neither defines c, and PEFT's is
/// NaN: here c is 1, the row's output without dropout 0, and the magnitude's gradient 0.
/// </remarks>
internal sealed class LoraLayer(string module, Parameter a_RI, Parameter b_OR, Parameter? bias_O, Parameter? magnitude_O, double scale, double dropout)
{
    /// <summary>Elements of W that are widened at a time.</summary>
    private const long ElementsAtOnce = 4 << 20;

    /// <summary>The map's name, from which its dropout masks are drawn.</summary>
    public string Module => module;

    /// <summary>A [rank, inputs].</summary>
    public Parameter A => a_RI;

    /// <summary>B [outputs, rank].</summary>
    public Parameter B => b_OR;

    /// <summary>m [outputs]; null for plain LoRA.</summary>
    public Parameter? Magnitude => magnitude_O;

    /// <summary>β [outputs]; null for none.</summary>
    public Parameter? Bias => bias_O;

    /// <summary>s: α/r, or α/√r.</summary>
    public double Scale => scale;

    /// <summary>The layer's parameters, in PEFT's order.</summary>
    public IEnumerable<Parameter> Parameters => new[] { a_RI, b_OR, bias_O, magnitude_O }.OfType<Parameter>();

    /// <summary>[T, I] → [T, O].</summary>
    /// <param name="linear">The map this is attached to.</param>
    /// <param name="weight_OI">The rows of its weight that the call asks for.</param>
    /// <param name="baseBias_O">Those of its bias.</param>
    /// <param name="x_TI">Inputs.</param>
    /// <param name="call">Which outputs, and the seed of dropout.</param>
    public Tensor Apply(Linear linear, Tensor weight_OI, Tensor? baseBias_O, Tensor x_TI, LinearCall call)
    {
        (long start, long count) = linear.Range(call);
        // A mask and what it leaves of a tile are much of a step: they go with the map, and autograd holds what it needs.
        using var scope = NewDisposeScope();
        LoraDropout? mask = LoraDropout.Draw(dropout, call.DropoutSeed, module, x_TI);
        Tensor dropped_TI = mask?.Apply(x_TI) ?? x_TI;
        if (magnitude_O is null)
        {
            Tensor y_TO = nn.functional.linear(x_TI, weight_OI, baseBias_O!);
            y_TO = AddLow(y_TO, dropped_TI, start, count);
            if (bias_O is not null) y_TO = y_TO.AddInPlace(bias_O.Value.narrow(0, start, count).Times(scale).to(y_TO.dtype));
            return y_TO.MoveToOuterDisposeScope();
        }

        Tensor inner_TO = nn.functional.linear(dropped_TI, weight_OI);
        Tensor? full_TO = mask is null ? null : nn.functional.linear(x_TI, weight_OI).SubtractInPlace(inner_TO);
        inner_TO = AddLow(inner_TO, dropped_TI, start, count);
        // m/n stays wide: near 1, half types would swallow what a step changes.
        Tensor result_TO = inner_TO * Factor(magnitude_O.Value.narrow(0, start, count), Norms(weight_OI, start, count));
        if (full_TO is not null) result_TO = result_TO.AddInPlace(full_TO);
        if (baseBias_O is not null) result_TO = result_TO.AddInPlace(baseBias_O);
        return result_TO.to(x_TI.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Adds the gradients of A, B, β and m, and returns that of the inputs. Without autograd.</summary>
    /// <param name="linear">The map this is attached to.</param>
    /// <param name="weight_OI">The rows of its weight that the call asks for.</param>
    /// <param name="x_TI">The inputs that <see cref="Apply"/> had.</param>
    /// <param name="gradient_TO">Gradient of what it returned.</param>
    /// <param name="call">As <see cref="Apply"/> had it.</param>
    /// <returns>[T, I].</returns>
    public Tensor Backward(Linear linear, Tensor weight_OI, Tensor x_TI, Tensor gradient_TO, LinearCall call)
    {
        (long start, long count) = linear.Range(call);
        // What a tile has of the inputs' and of the outputs' size is much of a step, in float32 too: it goes with the map.
        using var scope = NewDisposeScope();
        LoraDropout? mask = LoraDropout.Draw(dropout, call.DropoutSeed, module, x_TI);
        Tensor dropped_TI = mask?.Apply(x_TI) ?? x_TI;
        if (bias_O is { Trains: true }) bias_O.Allocated().narrow(0, start, count).AddInPlace(gradient_TO.SumOfRows(), scale);
        if (magnitude_O is null)
        {
            Tensor dx_TI = gradient_TO.matmul(weight_OI);
            dx_TI = mask is null ? AddLowBackward(dx_TI, dropped_TI, gradient_TO, start, count)
                : dx_TI.AddInPlace(mask.ApplyInPlace(AddLowBackward(null, dropped_TI, gradient_TO, start, count)));
            return dx_TI.MoveToOuterDisposeScope();
        }

        Tensor norms_O = Norms(weight_OI, start, count);
        if (magnitude_O.Trains) AddMagnitudeGradient(weight_OI, dropped_TI, gradient_TO, norms_O, start);
        Tensor scaled_TO = Scaled(gradient_TO, Factor(magnitude_O.Value.narrow(0, start, count), norms_O));
        if (mask is null) return AddLowBackward(scaled_TO.matmul(weight_OI), dropped_TI, scaled_TO, start, count).MoveToOuterDisposeScope();
        Tensor inner_TI = scaled_TO.Minus(gradient_TO).matmul(weight_OI);
        return gradient_TO.matmul(weight_OI).AddInPlace(mask.ApplyInPlace(AddLowBackward(inner_TI, dropped_TI, scaled_TO, start, count))).MoveToOuterDisposeScope();
    }

    /// <summary>Rows of W + s·B·A, rescaled to m where there is one; written over <paramref name="target_OI"/> block by block, rounded once.</summary>
    public void Merge(Linear linear, Tensor target_OI)
    {
        ForBlocks(linear.Outputs, linear.Inputs, (start, count) =>
        {
            Tensor sum_OI = Wide(linear.WeightRows(start, count, a_RI.Value.dtype), start, count);
            if (magnitude_O is not null) sum_OI.mul_(Factor(magnitude_O.Value.narrow(0, start, count), RowNorms(sum_OI)).unsqueeze(1));
            target_OI.narrow(0, start, count).copy_(sum_OI);
        });
    }

    /// <summary>b + s·β, rounded once.</summary>
    public Tensor MergeBias(Tensor base_O, Tensor own_O) => base_O.to(own_O.dtype, copy: true).AddInPlace(own_O, scale).to(base_O.dtype);

    /// <summary>Norms of the rows of W + s·B·A, which m begins as.</summary>
    public Tensor Norms(Tensor weight_OI, long start, long count)
    {
        using var noGradient = no_grad();
        Tensor norms_O = empty([count], dtype: a_RI.Value.dtype, device: a_RI.Value.device);
        ForBlocks(count, weight_OI.size(1), (first, rows) =>
            norms_O.narrow(0, first, rows).copy_(RowNorms(Wide(weight_OI.narrow(0, first, rows), start + first, rows))));
        return norms_O;
    }

    /// <summary>c = m/n, and 1 where n is 0: the row is 0 whatever c is, and B learns from it as without a magnitude, until there is a direction.</summary>
    private static Tensor Factor(Tensor magnitude_O, Tensor norms_O)
    {
        Tensor isZero_O = IsZero(norms_O);
        // Not 0 in the quotient either: autograd would make NaN of what is not chosen.
        return (magnitude_O / norms_O.Masked(isZero_O, 1)).Masked(isZero_O, 1);
    }

    private static Tensor IsZero(Tensor norms_O)
    {
        using Tensor zero = zeros_like(norms_O);
        return norms_O.eq(zero);
    }

    private static Tensor RowNorms(Tensor x_OI) => (x_OI * x_OI).sum(1).sqrt();

    /// <summary>∂m += the sum over tokens of g · (W + s·B·A)·x / n.</summary>
    private void AddMagnitudeGradient(Tensor weight_OI, Tensor x_TI, Tensor gradient_TO, Tensor norms_O, long start)
    {
        using var scope = NewDisposeScope();
        long count = norms_O.size(0);
        Tensor products_TO = AddLow(x_TI.matmul(weight_OI.t()), x_TI, start, count).to(norms_O.dtype).mul_(gradient_TO);
        magnitude_O!.Allocated().narrow(0, start, count).AddInPlace(products_TO.SumOfRows() / norms_O.Masked(IsZero(norms_O), double.PositiveInfinity));
    }

    /// <summary>c·g in g's type.</summary>
    private static Tensor Scaled(Tensor gradient_TO, Tensor factor_O)
    {
        Tensor wide_TO = gradient_TO * factor_O;
        if (wide_TO.dtype == gradient_TO.dtype) return wide_TO;
        using (wide_TO) return wide_TO.to(gradient_TO.dtype);
    }

    /// <summary>Rows of a matrix that are widened at a time.</summary>
    internal static long RowsAtOnce(long rows, long columns) => Math.Clamp(ElementsAtOnce / Math.Max(1, columns), 1, Math.Max(1, rows));

    private static void ForBlocks(long rows, long columns, Action<long, long> work)
    {
        long atOnce = RowsAtOnce(rows, columns);
        for (long start = 0; start < rows; start += atOnce)
        {
            using var scope = NewDisposeScope();
            work(start, Math.Min(atOnce, rows - start));
        }
    }

    /// <summary>W + s·B·A of some rows in the adapter's own type.</summary>
    private Tensor Wide(Tensor weight_OI, long start, long count) =>
        weight_OI.to(a_RI.Value.dtype, copy: true).AddInPlace(b_OR.Value.narrow(0, start, count).matmul(a_RI.Value), scale);

    /// <summary>y + s·B·A·x, in y's memory.</summary>
    private Tensor AddLow(Tensor y_TO, Tensor x_TI, long start, long count)
    {
        ScalarType type = x_TI.dtype;
        Tensor low_TR = nn.functional.linear(x_TI, a_RI.Value.to(type)).Times(scale);
        return y_TO.addmm_(low_TR, b_OR.Value.narrow(0, start, count).to(type).t(), 1, 1);
    }

    /// <summary>∂x + s·(g·B)·A, in the memory of ∂x where it is given; adds the gradients of A and B.</summary>
    private Tensor AddLowBackward(Tensor? dx_TI, Tensor x_TI, Tensor gradient_TO, long start, long count)
    {
        ScalarType type = gradient_TO.dtype;
        Tensor a = a_RI.Value.to(type), low_TR = gradient_TO.matmul(b_OR.Value.narrow(0, start, count).to(type)).Times(scale);
        if (b_OR.Trains) b_OR.AddGradientProduct(gradient_TO, x_TI.matmul(a.t()).Times(scale), start);
        if (a_RI.Trains) a_RI.AddGradientProduct(low_TR, x_TI);
        return dx_TI is null ? low_TR.matmul(a) : dx_TI.addmm_(low_TR, a, 1, 1);
    }
}
