using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>
/// AdamW with decoupled decay (Loshchilov and Hutter 2019, algorithm 2), in PyTorch's order of operations. Parameters of half types
/// have their state and a master copy of themselves in float32: in bfloat16 an update below 1/256 of a weight would vanish, and
/// in float16 ε would be 0.
/// </summary>
internal sealed class AdamW : IDisposable
{
    private readonly AdamWOptions options;
    private readonly List<Entry> entries = [];

    public AdamW(IReadOnlyList<Parameter> parameters, AdamWOptions options)
    {
        this.options = options;
        foreach (Parameter each in parameters)
        {
            Tensor parameter = each.Value;
            bool half = parameter.dtype is not (ScalarType.Float32 or ScalarType.Float64);
            using var noGradient = no_grad();
            Tensor? master = half ? parameter.to(ScalarType.Float32).DetachFromDisposeScope() : null;
            Tensor like = master ?? parameter;
            entries.Add(new Entry(each.Name, each, master,
                zeros_like(like).DetachFromDisposeScope(), zeros_like(like).DetachFromDisposeScope(), Decays: parameter.dim() > 1));
        }
    }

    /// <summary>Updates applied so far.</summary>
    public long Updates { get; private set; }

    /// <summary>Root of the sum of squares over all gradients, summed in double; parameters without a gradient count as 0.</summary>
    public double GradientNorm()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        double squares = 0;
        foreach (Entry entry in entries)
        {
            if (entry.Parameter.Gradient is { } gradient)
                squares += Math.Pow((entry.Master is null ? gradient : gradient.to(ScalarType.Float32)).norm().to(ScalarType.Float64).Value(), 2);
        }

        return Math.Sqrt(squares);
    }

    public void ScaleGradients(double factor)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (Entry entry in entries) entry.Parameter.Gradient?.MultiplyInPlace(factor);
    }

    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Updates++;
        double correction1 = 1 - Math.Pow(options.Beta1, Updates), correction2 = 1 - Math.Pow(options.Beta2, Updates);
        foreach ((_, Parameter parameter, Tensor? master, Tensor mean, Tensor meanOfSquares, bool decays) in entries)
        {
            if (parameter.Gradient is not { } gradient) continue;
            Tensor weight = master ?? parameter.Value;
            if (master is not null) gradient = gradient.to(ScalarType.Float32);
            if (decays && options.WeightDecay > 0) weight.MultiplyInPlace(1 - (learningRate * options.WeightDecay));
            mean.MultiplyInPlace(options.Beta1).AddInPlace(gradient, 1 - options.Beta1);
            meanOfSquares.MultiplyInPlace(options.Beta2).AddProductInPlace(gradient, gradient, 1 - options.Beta2);
            using Tensor denominator = meanOfSquares.sqrt().DivideInPlace(Math.Sqrt(correction2)).AddInPlace(options.Epsilon);
            weight.AddQuotientInPlace(mean, denominator, -learningRate / correction1);
            if (master is not null) parameter.Value.copy_(master);
        }
    }

    public void ClearGradients()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (Entry entry in entries) entry.Parameter.Gradient?.zero_();
    }

    /// <summary>Drops the gradients' memory.</summary>
    public void ReleaseGradients()
    {
        using var scope = NewDisposeScope();
        foreach (Entry entry in entries) entry.Parameter.ReleaseGradient();
    }

    /// <summary>The state as entries of a safetensors file, under PyTorch's names.</summary>
    public IReadOnlyList<SafetensorsEntry> State() =>
    [
        .. entries.Select(entry => SafetensorsTensors.Entry("exp_avg." + entry.Name, entry.Mean)),
        .. entries.Select(entry => SafetensorsTensors.Entry("exp_avg_sq." + entry.Name, entry.MeanOfSquares)),
        .. entries.Where(entry => entry.Master is not null).Select(entry => SafetensorsTensors.Entry("master." + entry.Name, entry.Master!)),
    ];

    /// <exception cref="CheckpointFormatException">The file lacks a tensor of the state, or has it in another shape.</exception>
    public void CheckState(SafetensorsFile file)
    {
        foreach (Entry entry in entries)
        {
            CheckpointTensors.Check(entry.Mean, file, "exp_avg." + entry.Name);
            CheckpointTensors.Check(entry.MeanOfSquares, file, "exp_avg_sq." + entry.Name);
            if (entry.Master is not null) CheckpointTensors.Check(entry.Master, file, "master." + entry.Name);
        }
    }

    public void Restore(SafetensorsFile file, long updates)
    {
        using var noGradient = no_grad();
        foreach (Entry entry in entries)
        {
            CheckpointTensors.CopyInto(entry.Mean, file, "exp_avg." + entry.Name);
            CheckpointTensors.CopyInto(entry.MeanOfSquares, file, "exp_avg_sq." + entry.Name);
            if (entry.Master is not null) CheckpointTensors.CopyInto(entry.Master, file, "master." + entry.Name);
        }

        Updates = updates;
    }

    public void Dispose()
    {
        foreach (Entry entry in entries)
        {
            entry.Mean.Dispose();
            entry.MeanOfSquares.Dispose();
            entry.Master?.Dispose();
        }
    }

    private sealed record Entry(string Name, Parameter Parameter, Tensor? Master, Tensor Mean, Tensor MeanOfSquares, bool Decays);
}
