using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>
/// Applies <see cref="Parameter.Gradient"/> to the parameters that train. All at once with <see cref="Step(double)"/>, or each as soon
/// as its gradient is whole, between one <see cref="BeginStep"/> and the next: the result is the same to the bit. A parameter without
/// a gradient keeps value and state. Parameters are walked in slices, so that temporaries stay small; where slices end changes no bit.
/// </summary>
internal abstract partial class Optimizer : IDisposable
{
    /// <summary>Values of a slice: on the CPU some 4 MB; on a GPU enough that starting kernels costs little.</summary>
    private const long HostSlice = 1 << 20;
    private const long DeviceSlice = 1 << 23;

    private readonly OptimizerOptions options;
    private readonly int seed;
    private readonly List<OptimizedParameter> entries = [];
    private readonly Dictionary<Parameter, OptimizedParameter> entryOf = [];
    private readonly ParameterRules rules;
    private double learningRate = double.NaN;
    private SliceTransfer? transfer;

    protected Optimizer(IReadOnlyList<Parameter> parameters, OptimizerOptions options, IReadOnlyList<ParameterGroup> groups, int seed)
    {
        this.options = options;
        this.seed = seed;
        ThrowIfUnfit(parameters);
        rules = new ParameterRules(parameters, groups, options.WeightDecay);
        using var noGradient = no_grad();
        foreach (Parameter parameter in parameters)
        {
            bool half = parameter.Value.dtype is not (ScalarType.Float32 or ScalarType.Float64);
            Tensor? master = half && options.HalfPrecisionUpdates == HalfPrecisionUpdates.MasterWeights ? parameter.Value.to(ScalarType.Float32, StateDevice(parameter.Value)).DetachFromDisposeScope() : null;
            var entry = new OptimizedParameter(parameter, master, rules.LearningRateFactor(parameter), rules.WeightDecay(parameter));
            entries.Add(entry);
            entryOf.Add(parameter, entry);
        }
    }

    /// <summary>Steps begun so far.</summary>
    public long Updates { get; private set; }

    /// <summary>The groups with the number of their parameters, a line each.</summary>
    public IEnumerable<string> GroupDescriptions => rules.Descriptions;

    /// <summary>For tests: where slices end. A multiple of 256; 0 for the device's own.</summary>
    internal long SliceElements { get; set; }

    /// <summary>For tests: copies as between two devices where there is but one.</summary>
    internal bool AlwaysCopies { get; set; }

    protected IReadOnlyList<OptimizedParameter> Entries => entries;

    /// <summary>Whether it is made for these parameters and no others.</summary>
    public bool IsOf(IReadOnlyList<Parameter> parameters) => parameters.Count == entries.Count && parameters.All(entryOf.ContainsKey);

    /// <summary>Root of the sum of squares over all gradients, summed in double; parameters without a gradient count as 0.</summary>
    public double GradientNorm()
    {
        using var scope = NewDisposeScope();
        Tensor[] squares = [.. entries.Where(entry => entry.Parameter.Gradient is not null).Select(entry => SquaredNorm.Of(entry.Parameter.Gradient!))];
        return squares.Length == 0 ? 0 : Math.Sqrt(stack(squares).sum().Value());
    }

    /// <summary>Multiplies all gradients.</summary>
    public void ScaleGradients(double factor)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (OptimizedParameter entry in entries) entry.Parameter.Gradient?.MultiplyInPlace(factor);
    }

    /// <summary>Applies all gradients.</summary>
    public void Step(double learningRate)
    {
        BeginStep(learningRate);
        foreach (OptimizedParameter entry in entries) Apply(entry);
    }

    /// <summary>Begins a step whose gradients are applied one by one. The rate holds until the next.</summary>
    public void BeginStep(double learningRate)
    {
        Updates++;
        this.learningRate = learningRate;
    }

    /// <summary>Applies one parameter's gradient, once a step.</summary>
    public void Step(Parameter parameter) => Apply(entryOf[parameter]);

    /// <summary>Gradients of 0, in the memory they have. They are gradients all the same: the next step decays weights and state by them.</summary>
    public void ClearGradients()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (OptimizedParameter entry in entries) entry.Parameter.Gradient?.zero_();
    }

    /// <summary>Drops the gradients' memory.</summary>
    public void ReleaseGradients()
    {
        foreach (OptimizedParameter entry in entries) entry.Parameter.ReleaseGradient();
    }

    public virtual void Dispose()
    {
        foreach (OptimizedParameter entry in entries) entry.Dispose();
        transfer?.Dispose();
    }

    /// <summary>Applies a gradient.</summary>
    /// <param name="parameter">What to update; its count of updates is this one's number already.</param>
    /// <param name="rate">Its learning rate.</param>
    /// <param name="slices">Weight and gradient.</param>
    protected abstract void Update(OptimizedParameter parameter, double rate, ParameterSlices slices);

    /// <summary>Zeros for the state, of the type that updates are computed in unless another is given.</summary>
    protected Tensor NewState(OptimizedParameter parameter, ReadOnlySpan<long> shape, ScalarType? type = null) =>
        zeros(shape, dtype: type ?? parameter.ComputeType, device: StateDevice(parameter.Parameter.Value));

    private void Apply(OptimizedParameter entry)
    {
        if (entry.Parameter.Gradient is not { } gradient) return;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Device device = StateDevice(entry.Parameter.Value);
        long elements = SliceElements > 0 ? SliceElements : device.type == TorchSharp.DeviceType.CPU ? HostSlice : DeviceSlice;
        transfer ??= new SliceTransfer(device, AlwaysCopies);
        ulong? key = options.HalfPrecisionUpdates == HalfPrecisionUpdates.StochasticRounding
            ? StochasticRounding.Key(seed, Updates, entry.Parameter.Name) : null;
        entry.Updates++;
        Update(entry, learningRate * entry.LearningRateFactor, new ParameterSlices(entry, gradient, transfer, elements, key));
    }

    private Device StateDevice(Tensor weight) => options.StateOnHost ? CPU : weight.device;

    private void ThrowIfUnfit(IReadOnlyList<Parameter> parameters)
    {
        List<string> faults = [];
        foreach (Parameter parameter in parameters)
        {
            ScalarType type = parameter.Value.dtype;
            if (type is not (ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16))
                faults.Add($"'{parameter.Name}' is of type {type}, which does not train");
            else if (type == ScalarType.Float16 && options.HalfPrecisionUpdates == HalfPrecisionUpdates.StochasticRounding)
                faults.Add($"'{parameter.Name}' is of type Float16, but HalfPrecisionUpdates.StochasticRounding is for BFloat16");
            if (!parameter.Value.is_contiguous()) faults.Add($"'{parameter.Name}' is not contiguous");
        }

        if (faults.Count > 0) throw new ArgumentException($"{options.Name}: {string.Join("; ", faults)}.");
    }
}
