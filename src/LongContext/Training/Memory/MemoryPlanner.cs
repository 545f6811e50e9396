using LongContext.Models;
using LongContext.Models.Families;

namespace LongContext.Training.Memory;

/// <summary>
/// Predicts what a step of training takes, part by part, and chooses the fastest way that fits. It counts what the library's own
/// backpropagation holds at each moment, with the kernels chosen by default; <c>benchmarks/results/training.md</c> has what was measured beside it.
/// </summary>
public static class MemoryPlanner
{
    /// <summary>Memory of process and libraries before anything of the model is there.</summary>
    private const long CpuRuntimeBytes = 205L << 20, GpuRuntimeBytes = 600L << 20;

    /// <summary>Longest pack that can be asked for: bytes for each pair of its tokens, where a layer has such, must fit 64 bits.</summary>
    internal const int MaximumTokens = 1 << 24;

    /// <summary>Contexts are answered in steps of this many tokens.</summary>
    private const int ContextStep = 256;

    /// <summary>What a step takes under a policy.</summary>
    /// <param name="request">The run.</param>
    /// <param name="tokens">Tokens of a pack, as one document: the dearest way to fill it. 1 to 16,777,216.</param>
    /// <param name="policy">The policy; null for layers computed again.</param>
    /// <exception cref="ArgumentException">A value cannot be used.</exception>
    /// <exception cref="NotSupportedException">The model's family is not supported.</exception>
    public static MemoryEstimate Estimate(MemoryRequest request, int tokens, ActivationPolicy? policy = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, MaximumTokens);
        request.Validate();
        policy ??= ActivationPolicy.RecomputeLayers;
        if (policy.Faults().ToArray() is { Length: > 0 } faults) throw new ArgumentException(string.Join("; ", faults) + ".", nameof(policy));
        DecoderShape shape = ModelFamily.ReadShape(request.Config);
        return Estimate(request, shape, new WeightMemory(request, shape), tokens, policy);
    }

    /// <summary>The fastest policy that fits the request's limits at a length; where none does, also what is missing and what would fit.</summary>
    /// <param name="request">The run, with <see cref="MemoryRequest.DeviceBytes"/>.</param>
    /// <param name="tokens">Tokens of a pack, 1 to 16,777,216.</param>
    /// <exception cref="ArgumentException">A value cannot be used.</exception>
    /// <exception cref="NotSupportedException">The model's family is not supported.</exception>
    public static MemoryPlan Plan(MemoryRequest request, int tokens)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, MaximumTokens);
        request.Validate();
        DecoderShape shape = ModelFamily.ReadShape(request.Config);
        MemoryPlan plan = Plan(request, shape, new WeightMemory(request, shape), tokens);
        return plan.Fits ? plan : plan with
        {
            FittingContext = MaximumContext(request, shape),
            FittingSettings = [.. MemoryAdvice.For(request).Where(other => Plan(other.Request, shape, new WeightMemory(other.Request, shape), tokens).Fits).Select(other => other.Words)],
        };
    }

    /// <summary>The longest pack, as one document, that fits under some policy, and all shorter ones with it.</summary>
    /// <param name="request">The run, with <see cref="MemoryRequest.DeviceBytes"/>.</param>
    /// <returns>Tokens, a multiple of 256 up to 16,777,216; 0 where not even 256 fit.</returns>
    /// <exception cref="ArgumentException">A value cannot be used, or there is no limit.</exception>
    /// <exception cref="NotSupportedException">The model's family is not supported.</exception>
    public static int MaximumContext(MemoryRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        if (request.DeviceBytes is null) throw new ArgumentException("DeviceBytes is not set: without a limit every context fits.", nameof(request));
        return MaximumContext(request, ModelFamily.ReadShape(request.Config));
    }

    private static int MaximumContext(MemoryRequest request, DecoderShape shape)
    {
        var weights = new WeightMemory(request, shape);
        int low = 0, high = MaximumTokens / ContextStep;
        // A pack just too large for the heap takes less than one just small enough: what lies beyond counts only where that one fits.
        int heapEnd = StepMemory.LongestInHeap(shape, request.DataType, request.OnGpu) / ContextStep;
        if (heapEnd > 0 && !Plan(request, shape, weights, heapEnd * ContextStep).Fits) high = heapEnd - 1;
        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            if (Plan(request, shape, weights, middle * ContextStep).Fits) low = middle;
            else high = middle - 1;
        }

        return low * ContextStep;
    }

    private static MemoryPlan Plan(MemoryRequest request, DecoderShape shape, WeightMemory weights, int tokens)
    {
        MemoryEstimate? least = null;
        foreach (ActivationPolicy policy in PolicyLadder.From(shape, request.OnGpu))
        {
            MemoryEstimate estimate = Estimate(request, shape, weights, tokens, policy);
            if ((request.DeviceBytes is not { } device || estimate.DeviceBytes <= device) && (request.HostBytes is not { } host || estimate.HostBytes <= host))
                return Of(estimate, fits: true);
            if (least is null || estimate.DeviceBytes < least.DeviceBytes) least = estimate;
        }

        return Of(least!, fits: false);

        MemoryPlan Of(MemoryEstimate estimate, bool fits) => new(estimate, fits) { DeviceLimit = request.DeviceBytes, HostLimit = request.HostBytes };
    }

    private static MemoryEstimate Estimate(MemoryRequest request, DecoderShape shape, WeightMemory weights, int tokens, ActivationPolicy policy)
    {
        var step = new StepMemory(shape, policy, request.DataType, request.OnGpu, tokens, weights);
        (string moment, long workspace) = step.Moments.MaxBy(each => each.Bytes);
        long gradients = request.AppliesGradientsByLayer ? weights.GradientsByLayer : weights.Gradients;
        bool stateOnHost = request.Optimizer.StateOnHost && request.OnGpu;
        return new MemoryEstimate
        {
            Tokens = tokens,
            Policy = policy,
            PeakMoment = moment,
            Items =
            [
                new MemoryItem("weights", weights.Weights, 0),
                .. request.Adapter is null ? Array.Empty<MemoryItem>() : [new MemoryItem("adapter", weights.AdapterWeights, 0)],
                new MemoryItem("gradients", gradients, 0),
                new MemoryItem("optimizer", stateOnHost ? 0 : weights.OptimizerState, stateOnHost ? weights.OptimizerState : 0),
                new MemoryItem("activations kept", step.DeviceKept, step.HostKept),
                new MemoryItem("workspace", workspace + weights.GradientProduct, 0),
                new MemoryItem("runtime", request.OnGpu ? GpuRuntimeBytes : CpuRuntimeBytes, 0),
            ],
        };
    }
}
