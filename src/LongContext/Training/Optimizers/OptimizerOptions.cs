using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>
/// Which optimizer a run uses, and its constants: <see cref="AdamWOptions"/>, <see cref="AdamW8BitOptions"/>,
/// <see cref="AdafactorOptions"/> or <see cref="LionOptions"/>.
/// </summary>
public abstract class OptimizerOptions
{
    private protected OptimizerOptions(double weightDecay) => WeightDecay = weightDecay;

    /// <summary>
    /// Decoupled weight decay of parameters with more than one dimension: each step multiplies them by 1 − learning rate · decay.
    /// Norms and biases never decay. Not negative; the default is the optimizer's own. <see cref="ParameterGroup"/> overrides it.
    /// </summary>
    public double WeightDecay { get; init; }

    /// <summary>How parameters of half types are kept. Default <see cref="HalfPrecisionUpdates.MasterWeights"/>.</summary>
    public HalfPrecisionUpdates HalfPrecisionUpdates { get; init; }

    /// <summary>
    /// Keeps the state, and master weights, in the host's memory, and updates there: gradients are copied over, weights back, slice by
    /// slice through pinned memory. Costs no precision, and the time of those copies. Default false.
    /// </summary>
    public bool StateOnHost { get; init; }

    /// <summary>Name that messages use.</summary>
    internal abstract string Name { get; }

    /// <summary>The constants that are in the numbers of the state: under others those mean something else. Learning rate and weight decay are none.</summary>
    internal abstract IEnumerable<(string Name, object? Value)> StateConstants { get; }

    /// <summary>Bytes that are kept for a parameter beside its value and gradient: state and master weights.</summary>
    internal long StateBytes(long[] shape, ScalarType type)
    {
        bool half = type is ScalarType.Float16 or ScalarType.BFloat16;
        long master = half && HalfPrecisionUpdates == HalfPrecisionUpdates.MasterWeights ? sizeof(float) * Count(shape) : 0;
        return master + OwnStateBytes(shape, type == ScalarType.Float64 ? sizeof(double) : sizeof(float));
    }

    /// <summary>What cannot be used, a sentence each.</summary>
    internal IEnumerable<string> Faults()
    {
        if (!(WeightDecay >= 0 && double.IsFinite(WeightDecay))) yield return $"{Name}.WeightDecay must not be negative, but is {WeightDecay}";
        if (!Enum.IsDefined(HalfPrecisionUpdates)) yield return $"{Name}.HalfPrecisionUpdates is {HalfPrecisionUpdates}, which is not defined";
        foreach (string fault in OwnFaults()) yield return fault;
    }

    /// <summary>The optimizer over the parameters that train.</summary>
    /// <param name="parameters">Their values change in place.</param>
    /// <param name="groups">Rates and decays of some of them.</param>
    /// <param name="seed">The run's; for stochastic rounding.</param>
    /// <exception cref="ArgumentException">A group matches no parameter, or a parameter's type does not go with the options.</exception>
    internal abstract Optimizer Create(IReadOnlyList<Parameter> parameters, IReadOnlyList<ParameterGroup> groups, int seed);

    private protected abstract IEnumerable<string> OwnFaults();

    /// <param name="shape">The parameter's.</param>
    /// <param name="size">Bytes of a number that updates are computed in.</param>
    private protected abstract long OwnStateBytes(long[] shape, int size);

    private protected static long Count(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long size in shape) count *= size;
        return count;
    }

    private protected string? DecayFault(double beta, string property) =>
        beta is >= 0 and < 1 ? null : $"{Name}.{property} must be in [0, 1), but is {beta}";

    private protected string? PositiveFault(double value, string property) =>
        value > 0 && double.IsFinite(value) ? null : $"{Name}.{property} must be positive, but is {value}";
}
