// Shape suffixes: N target tokens, C tokens of a chunk, E hidden size, V vocabulary.
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>
/// Weighted cross-entropy over a pack's target tokens, in chunks, so that T × vocabulary never exists: each chunk's logits
/// give its loss and, on the way, the gradient of its hidden states and its share of the head's gradient.
/// </summary>
internal static class LossHead
{
    /// <summary>Logits of this many bytes at most exist at a time (float32). More is slower on the CPU: from 64 MB on each chunk is fresh pages (measured: 424 against 219 ms).</summary>
    private const long ChunkBytes = 8L << 20;

    /// <summary>Σ weight · CE over the pack, without gradients, and per target the CE itself when asked.</summary>
    public static double Evaluate(CausalLanguageModel model, Tensor hidden_TE, PackedBatch pack, List<float>? losses = null)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        if (Targets(pack, model.Device) is not { } targets) return 0;
        Tensor selected_NE = hidden_TE.index_select(0, targets.Rows_N);
        return Sum(model, selected_NE, targets, scale: 1, gradient_NE: null, headGradient_VE: null, losses);
    }

    /// <summary>Σ weight · CE over the pack; adds the gradients of that sum times <paramref name="scale"/> to all parameters.</summary>
    /// <param name="model">The model, its parameters requiring gradients.</param>
    /// <param name="hidden_TE">Hidden states from <see cref="CausalLanguageModel.Forward"/>, connected to autograd.</param>
    /// <param name="pack">Labels and weights.</param>
    /// <param name="scale">1 / the step's normaliser.</param>
    public static double Backward(CausalLanguageModel model, Tensor hidden_TE, PackedBatch pack, double scale)
    {
        using var scope = NewDisposeScope();
        if (Targets(pack, model.Device) is not { } targets) return 0;
        Tensor selected_NE = hidden_TE.index_select(0, targets.Rows_N);
        Tensor head_VE = model.HeadWeight_VE;
        double loss;
        Tensor gradient_NE, headGradient_VE;
        using (no_grad())
        {
            gradient_NE = empty_like(selected_NE);
            headGradient_VE = zeros_like(head_VE);
            loss = Sum(model, selected_NE.detach(), targets, scale, gradient_NE, headGradient_VE, losses: null);
        }

        selected_NE.backward([gradient_NE]);
        using (no_grad())
        {
            if (head_VE.grad is { } existing) existing.AddInPlace(headGradient_VE);
            else head_VE.grad = headGradient_VE; // autograd keeps a reference of its own
        }

        return loss;
    }

    private static double Sum(
        CausalLanguageModel model, Tensor selected_NE, TargetTensors targets, double scale, Tensor? gradient_NE, Tensor? headGradient_VE, List<float>? losses)
    {
        Tensor head_VE = model.HeadWeight_VE.detach();
        LogitTransform transform = LogitTransform.Of(model.Shape);
        long count = selected_NE.shape[0], chunk = Math.Max(1, ChunkBytes / (4 * head_VE.shape[0]));
        double loss = 0;
        for (long start = 0; start < count; start += chunk)
        {
            using var scope = NewDisposeScope();
            long size = Math.Min(chunk, count - start);
            Tensor hidden_CE = selected_NE.narrow(0, start, size);
            Tensor label_C1 = targets.Labels_N.narrow(0, start, size).unsqueeze(1);
            Tensor logits_CV = nn.functional.linear(hidden_CE, head_VE);
            if (logits_CV.dtype is not (ScalarType.Float32 or ScalarType.Float64)) logits_CV = logits_CV.to(ScalarType.Float32);
            Tensor weight_C1 = targets.Weights_N.narrow(0, start, size).unsqueeze(1).to(logits_CV.dtype); // float64 keeps `scale` whole
            logits_CV = transform.Apply(logits_CV);
            Tensor? slope_CV = gradient_NE is null ? null : transform.Slope(logits_CV);
            Tensor logSumExp_C1 = logits_CV.logsumexp(-1, keepdim: true);
            Tensor entropy_C1 = logSumExp_C1.Minus(logits_CV.gather(1, label_C1));
            loss += (entropy_C1 * weight_C1).sum(ScalarType.Float64).Value();
            losses?.AddRange(entropy_C1.to(ScalarType.Float32).cpu().data<float>().ToArray());
            if (gradient_NE is null) continue;

            // ∂/∂logits = (softmax − one-hot) · weight · scale, in the logits' own memory.
            Tensor gradient_CV = logits_CV.SubtractInPlace(logSumExp_C1).exp_();
            gradient_CV.scatter_add_(1, label_C1, TensorArithmetic.Filled(logSumExp_C1.shape, -1, logSumExp_C1.dtype, logSumExp_C1.device));
            gradient_CV.mul_(weight_C1.Times(scale * transform.Scale));
            if (slope_CV is not null) gradient_CV.mul_(slope_CV);
            if (gradient_CV.dtype != head_VE.dtype) gradient_CV = gradient_CV.to(head_VE.dtype);
            gradient_NE.narrow(0, start, size).copy_(gradient_CV.matmul(head_VE));
            headGradient_VE!.AddInPlace(gradient_CV.t().matmul(hidden_CE));
        }

        return loss;
    }

    private static TargetTensors? Targets(PackedBatch pack, Device device)
    {
        ReadOnlySpan<int> labels = pack.Labels.Span;
        ReadOnlySpan<float> weights = pack.LossWeights.Span;
        var rows = new List<long>(pack.TargetCount);
        var targetLabels = new List<long>(pack.TargetCount);
        var targetWeights = new List<float>(pack.TargetCount);
        for (int t = 0; t < labels.Length; t++)
        {
            if (labels[t] == PackedBatch.Ignored) continue;
            rows.Add(t);
            targetLabels.Add(labels[t]);
            targetWeights.Add(weights[t]);
        }

        if (rows.Count == 0) return null;
        return new TargetTensors(
            HostTensors.OnDevice(tensor(rows.ToArray()), device),
            HostTensors.OnDevice(tensor(targetLabels.ToArray()), device),
            HostTensors.OnDevice(tensor(targetWeights.ToArray()), device));
    }

    private sealed record TargetTensors(Tensor Rows_N, Tensor Labels_N, Tensor Weights_N);
}
