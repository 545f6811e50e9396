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
    /// Keeps the state, and master weights, in the host's memory (pinned where the model is on a GPU), and updates there: gradients
    /// are copied over, weights back. Costs no precision, and the time of those copies. Default false.
    /// </summary>
    public bool StateOnHost { get; init; }

    /// <summary>Name that messages use.</summary>
    internal abstract string Name { get; }

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

    /// <summary>Bytes that a parameter takes beside weight and gradient: state, and the master weights of half types.</summary>
    internal long StateBytes(long[] shape, ScalarType type)
    {
        bool half = type is not (ScalarType.Float32 or ScalarType.Float64);
        long count = shape.Aggregate(1L, (product, size) => product * size), size = type == ScalarType.Float64 ? 8 : 4;
        return OwnStateBytes(shape, count, size) + (half && HalfPrecisionUpdates == HalfPrecisionUpdates.MasterWeights ? 4 * count : 0);
    }

    private protected abstract IEnumerable<string> OwnFaults();

    /// <summary>Bytes of the state of a parameter of some values, where one in the type that updates are computed in has some size.</summary>
    private protected abstract long OwnStateBytes(long[] shape, long count, long size);

    private protected string? DecayFault(double beta, string property) =>
        beta is >= 0 and < 1 ? null : $"{Name}.{property} must be in [0, 1), but is {beta}";

    private protected string? PositiveFault(double value, string property) =>
        value > 0 && double.IsFinite(value) ? null : $"{Name}.{property} must be positive, but is {value}";
}
