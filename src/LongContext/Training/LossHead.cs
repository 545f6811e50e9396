// Shape suffixes: T tokens, N target tokens, C tokens of a chunk, E hidden size, V vocabulary.
using LongContext.Kernels;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>
/// The final norm, the head and weighted cross-entropy over a pack's target tokens, in chunks, so that T × vocabulary never exists: each
/// chunk's logits give its loss and, in their own memory, the gradient of its hidden states and the chunk's share of the head's gradient.
/// </summary>
/// <remarks>
/// z-loss (Chowdhery et al. 2022, arXiv:2204.02311, §5) adds ζ·w·log²Z per target, Z the softmax's sum; the reported loss is without it.
/// </remarks>
internal sealed class LossHead(CausalLanguageModel model, double zLoss = 0) : IDisposable
{
    /// <summary>Memory of a chunk's logits [C, V], kept from pack to pack: fresh pages cost as much as the product that fills them.</summary>
    private Tensor? room_CV;

    /// <summary>Σ weight · CE over the pack and the gradient of <paramref name="last_TE"/> for that sum times <paramref name="scale"/>.</summary>
    /// <param name="last_TE">The last layer's outputs, before the final norm.</param>
    /// <param name="pack">Labels and weights.</param>
    /// <param name="scale">1 / the step's normaliser.</param>
    /// <param name="dropoutSeed">Seed of the step's dropout, for an adapter on the head; null for none.</param>
    /// <returns>The sum, not scaled, and the gradient [T, E]; null where no token is a target.</returns>
    public (double Loss, Tensor Gradient_TE)? Run(Tensor last_TE, PackedBatch pack, double scale, ulong? dropoutSeed = null)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        if (TargetTokens.Of(pack, model.Device) is not { } targets) return null;
        Tensor gradient_TE = zeros_like(last_TE);
        double loss = 0;
        foreach ((long start, long size) in Chunks(targets.Count))
        {
            using var each = NewDisposeScope();
            TargetTokens chunk = targets.Narrow(start, size);
            Tensor x_CE = last_TE.index_select(0, chunk.Rows_N), hidden_CE = model.FinalNorm.Apply(x_CE);
            loss += Chunk(hidden_CE, chunk, scale, dropoutSeed is { } seed ? SeedMix.Combine(seed, (ulong)start) : null, out Tensor hiddenGradient_CE);
            gradient_TE.index_copy_(0, chunk.Rows_N, model.FinalNorm.Backward(x_CE, hiddenGradient_CE));
        }

        return (loss, gradient_TE.MoveToOuterDisposeScope());
    }

    /// <summary>The cross-entropy of each target, in the pack's order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hidden_TE">Hidden states after the final norm, from <see cref="CausalLanguageModel.Forward"/>.</param>
    /// <param name="pack">The pack.</param>
    public static List<float> Losses(CausalLanguageModel model, Tensor hidden_TE, PackedBatch pack)
    {
        using var scope = NewDisposeScope();
        return TargetTokens.Of(pack, model.Device) is { } targets ? Losses(model, hidden_TE, targets) : [];
    }

    /// <summary>The cross-entropy of each target, in their order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hidden_TE">Hidden states after the final norm.</param>
    /// <param name="targets">Which rows are asked for what.</param>
    public static List<float> Losses(CausalLanguageModel model, Tensor hidden_TE, TargetTokens targets)
    {
        using var head = new LossHead(model);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var losses = new List<float>((int)targets.Count);
        foreach ((long start, long size) in head.Chunks(targets.Count))
        {
            using var each = NewDisposeScope();
            TargetTokens chunk = targets.Narrow(start, size);
            Tensor outputs_CV = head.Outputs(hidden_TE.index_select(0, chunk.Rows_N), dropoutSeed: null);
            if (FusedCrossEntropy.Losses(outputs_CV, chunk.Labels_N, LogitTransform.Of(model.Shape)) is { } fused)
            {
                losses.AddRange(fused.Read());
                continue;
            }

            Tensor logits_CV = head.Logits(outputs_CV), label_C1 = chunk.Labels_N.unsqueeze(1);
            Tensor chosen_C1 = logits_CV.gather(1, label_C1);
            (Tensor largest_C1, Tensor sum_C1) = Exponentiate(logits_CV);
            losses.AddRange(largest_C1.Plus(sum_C1.log()).Minus(chosen_C1).to(ScalarType.Float32).cpu().data<float>().ToArray());
        }

        return losses;
    }

    /// <inheritdoc />
    public void Dispose() => room_CV?.Dispose();

    private double Chunk(Tensor hidden_CE, TargetTokens targets, double scale, ulong? dropoutSeed, out Tensor hiddenGradient_CE)
    {
        LogitTransform transform = LogitTransform.Of(model.Shape);
        Tensor outputs_CV = Outputs(hidden_CE, dropoutSeed);
        if (FusedCrossEntropy.LossesAndGradient(outputs_CV, targets.Labels_N, targets.Weights_N, transform, scale, zLoss) is { } fused)
        {
            hiddenGradient_CE = model.Head.Backward(hidden_CE, outputs_CV, new LinearCall(dropoutSeed));
            return fused.Sum(targets.Weights_N); // last, since it waits for the device
        }

        Tensor label_C1 = targets.Labels_N.unsqueeze(1), logits_CV = Logits(outputs_CV);
        Tensor weight_C1 = targets.Weights_N.unsqueeze(1).to(logits_CV.dtype); // float64 keeps `scale` whole
        Tensor? slope_CV = transform.Slope(logits_CV);
        Tensor chosen_C1 = logits_CV.gather(1, label_C1);
        (Tensor largest_C1, Tensor sum_C1) = Exponentiate(logits_CV);
        Tensor logSum_C1 = largest_C1.Plus(sum_C1.log());
        double loss = (logSum_C1.Minus(chosen_C1) * weight_C1).sum(ScalarType.Float64).Value();

        // ∂/∂logits = (softmax · (1 + 2ζ·log Z) − one-hot) · weight · scale, in the logits' own memory.
        Tensor factor_C1 = weight_C1.Times(scale * transform.Scale), softmaxFactor_C1 = factor_C1 / sum_C1;
        if (zLoss > 0) softmaxFactor_C1.mul_(logSum_C1.Times(2 * zLoss).Plus(1));
        Tensor gradient_CV = logits_CV.mul_(softmaxFactor_C1);
        gradient_CV.scatter_add_(1, label_C1, factor_C1.neg());
        if (slope_CV is not null) gradient_CV.mul_(slope_CV);
        if (gradient_CV.dtype != hidden_CE.dtype) gradient_CV = gradient_CV.to(hidden_CE.dtype);
        hiddenGradient_CE = model.Head.Backward(hidden_CE, gradient_CV, new LinearCall(dropoutSeed));
        return loss;
    }

    /// <summary>The head's outputs in its own type, where it is one matrix in memory that the next chunk uses again.</summary>
    private Tensor Outputs(Tensor hidden_CE, ulong? dropoutSeed) =>
        model.Head.Adapter is null ? PlainOutputs(hidden_CE) : model.Head.Apply(hidden_CE, new LinearCall(dropoutSeed));

    /// <summary>Logits in float32 or float64, over the outputs where these are of that type.</summary>
    private Tensor Logits(Tensor outputs_CV)
    {
        Tensor logits_CV = outputs_CV;
        if (logits_CV.dtype is not (ScalarType.Float32 or ScalarType.Float64)) logits_CV = logits_CV.to(ScalarType.Float32);
        return LogitTransform.Of(model.Shape).ApplyInPlace(logits_CV);
    }

    private Tensor PlainOutputs(Tensor hidden_CE)
    {
        Tensor head_VE = model.HeadWeight_VE;
        if (room_CV is null || room_CV.size(0) < hidden_CE.size(0))
        {
            room_CV?.Dispose();
            room_CV = empty([hidden_CE.size(0), head_VE.size(0)], dtype: head_VE.dtype, device: head_VE.device).DetachFromDisposeScope();
        }

        return room_CV.narrow(0, 0, hidden_CE.size(0)).addmm_(hidden_CE, head_VE.t(), beta: 0, alpha: 1);
    }

    /// <summary>Turns logits into exp(logit − largest), in place, and gives each row's largest and its sum.</summary>
    private static (Tensor Largest_C1, Tensor Sum_C1) Exponentiate(Tensor logits_CV)
    {
        Tensor largest_C1 = logits_CV.amax([1], keepdim: true);
        Tensor sum_C1 = logits_CV.SubtractInPlace(largest_C1).exp_().sum(1, keepdim: true);
        return (largest_C1, sum_C1);
    }

    private IEnumerable<(long Start, long Size)> Chunks(long count)
    {
        long chunk = HeadChunk.Rows(model.Head.Outputs, model.Device.type != DeviceType.CPU, count);
        for (long start = 0; start < count; start += chunk) yield return (start, Math.Min(chunk, count - start));
    }
}
