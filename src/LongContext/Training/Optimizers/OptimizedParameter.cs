using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>A parameter with what its optimizer keeps for it.</summary>
internal sealed class OptimizedParameter(Parameter parameter, Tensor? master, double learningRateFactor, double weightDecay) : IDisposable
{
    private readonly List<(string Prefix, Tensor Value)> state = [];

    public Parameter Parameter { get; } = parameter;

    /// <summary>The weight in float32; null where the update is made on the weight itself.</summary>
    public Tensor? Master { get; } = master;

    public double LearningRateFactor { get; } = learningRateFactor;

    public double WeightDecay { get; } = weightDecay;

    /// <summary>Updates that this parameter had; those without a gradient are not counted, as in PyTorch.</summary>
    public long Updates { get; set; }

    /// <summary>Tensors of the state by the prefix that they have in a file.</summary>
    public IReadOnlyList<(string Prefix, Tensor Value)> State => state;

    /// <summary>All tensors that a checkpoint holds.</summary>
    public IEnumerable<(string Prefix, Tensor Value)> Saved => Master is null ? state : [.. state, ("master", Master)];

    /// <summary>Type that updates are computed in.</summary>
    public ScalarType ComputeType => Parameter.Value.dtype is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>Takes ownership of a tensor of the state.</summary>
    public void Add(string prefix, Tensor value) => state.Add((prefix, value.DetachFromDisposeScope()));

    public void Dispose()
    {
        foreach ((_, Tensor value) in state) value.Dispose();
        Master?.Dispose();
    }
}
