using LongContext.Adapters;
using LongContext.Models;
using LongContext.Training.Optimizers;

namespace LongContext.Training.Memory;

/// <summary>Settings that take less, in words: what may be proposed where a run does not fit.</summary>
internal static class MemoryAdvice
{
    /// <summary>Requests that take less than another, those that change least of what is learned first.</summary>
    public static IEnumerable<(string Words, MemoryRequest Request)> For(MemoryRequest request)
    {
        AdamW8BitOptions smaller = EightBit(request, request.Optimizer.StateOnHost), onHost = EightBit(request, stateOnHost: true);
        bool canMove = request.OnGpu && !request.Optimizer.StateOnHost;
        if (request.Adapter is not null)
        {
            if (request.WeightQuantization == WeightQuantization.None) yield return ("WeightQuantization.EightBit", request with { WeightQuantization = WeightQuantization.EightBit });
            if (request.WeightQuantization is WeightQuantization.None or WeightQuantization.EightBit or WeightQuantization.Float8)
                yield return ("WeightQuantization.Nf4DoubleQuantized", request with { WeightQuantization = WeightQuantization.Nf4DoubleQuantized });
            yield break;
        }

        MemoryRequest byLayer = request with { AppliesGradientsByLayer = true };
        if (!request.AppliesGradientsByLayer) yield return ("AppliesGradientsByLayer", byLayer);
        yield return ("AdamW8BitOptions and AppliesGradientsByLayer", byLayer with { Optimizer = smaller });
        if (canMove) yield return ("AdamW8BitOptions, its StateOnHost, and AppliesGradientsByLayer", byLayer with { Optimizer = onHost });
        var lora = new LoraOptions { Rank = 16 };
        yield return ("an Adapter (LoRA of rank 16)", request with { Adapter = lora, AppliesGradientsByLayer = false });
        yield return ("an Adapter (LoRA of rank 16) over WeightQuantization.Nf4DoubleQuantized", request with { Adapter = lora, AppliesGradientsByLayer = false, WeightQuantization = WeightQuantization.Nf4DoubleQuantized });
    }

    private static AdamW8BitOptions EightBit(MemoryRequest request, bool stateOnHost) =>
        new() { WeightDecay = request.Optimizer.WeightDecay, HalfPrecisionUpdates = HalfPrecisionUpdates.StochasticRounding, StateOnHost = stateOnHost };
}
